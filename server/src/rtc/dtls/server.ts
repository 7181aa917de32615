import { ProtocolError } from "@millrace/media/error";
import type { SrtpKeys } from "../peer.ts";
import { AlertDescription, AlertLevel, alertFor, parseAlert, writeAlert } from "./alert.ts";
import type { LocalCertificate } from "./certificate.ts";
import { DataInbox } from "./data-inbox.ts";
import type { Fingerprint } from "./fingerprint.ts";
import { HandshakeType, parseHandshakeFragments } from "./handshake.ts";
import { type FlightItem, MAX_DATAGRAM_BYTES, Outbox, sendFlight } from "./outbox.ts";
import { Reassembler } from "./reassembler.ts";
import { ContentType, type DtlsRecord, parseRecord, RECORD_HEADER_BYTES } from "./record.ts";
import { PROTECTION_BYTES } from "./record-cipher.ts";
import { ReplayWindow } from "./replay-window.ts";
import { ServerHandshake } from "./server-handshake.ts";

/** RFC 6347 section 4.2.4.1 asks for 1 s; like browsers we wait less, since media waits for us. */
export const FIRST_TIMEOUT_US = 200_000;
export const LONGEST_TIMEOUT_US = 3_200_000;
/** With so many timeouts, about 16 s, the handshake has failed. */
export const MAX_TIMEOUTS = 8;
/** A flight that was sent so often is not sent again, whoever asks. */
export const MAX_FLIGHT_SENDS = 32;
/** A repeated message of the peer brings our flight again only so long after we sent it last. */
export const MIN_RESEND_US = 20_000;
/** Number of the client's Finished; those before it are not encrypted. */
const FINISHED_SEQUENCE = 4;
/** Records of epoch 1 kept while the messages before them are missing. */
export const MAX_EARLY_RECORDS = 4;
export const MAX_EARLY_RECORD_BYTES = 256;
/** Longest application data of one record, bytes: record and datagram stay within 1200. */
export const MAX_DATA_BYTES: number = MAX_DATAGRAM_BYTES - RECORD_HEADER_BYTES - PROTECTION_BYTES;
/** Datagrams that may wait for `shiftOutput`; application data on top of them is dropped. */
export const MAX_WAITING_DATAGRAMS = 256;

export type DtlsState = "idle" | "handshaking" | "connected" | "closed";

/**
 * The server side of DTLS-SRTP: DTLS 1.2, ECDHE on P-256, AES-128-GCM, extended master secret, client
 * certificate required and proven. RFC 6347, RFC 5764, RFC 8827 section 6.5.
 *
 * Sans I/O: after each call drain `shiftOutput`, then look at `state`, and call `onTimeout` at
 * `nextTimeoutUs`. Datagrams must come from an address that passed an authenticated ICE check, which is
 * why no cookie is asked for. Once connected, nothing that is not encrypted has any effect.
 */
export class DtlsServer {
  readonly #handshake: ServerHandshake;
  readonly #outbox = new Outbox();
  readonly #reassembler = new Reassembler();
  readonly #replay = new ReplayWindow();
  readonly #inbox = new DataInbox();
  #state: DtlsState = "idle";
  #reason: string | undefined;
  #early: DtlsRecord[] = [];
  #flight: readonly FlightItem[] = [];
  #flightSends = 0;
  #lastSendUs = 0;
  #timeouts = 0;
  #timeoutUs = FIRST_TIMEOUT_US;
  #nextTimeoutUs: number | undefined;
  #authenticRecords = 0;
  #dataRefused = 0;

  /** The client's certificate must match one of `fingerprints`. */
  constructor(certificate: LocalCertificate, fingerprints: readonly Fingerprint[]) {
    this.#handshake = new ServerHandshake(certificate, fingerprints);
  }

  get state(): DtlsState {
    return this.#state;
  }

  /** Why the state is `closed`: a `DTLS_…` code, or `PEER_CLOSED` when the peer said goodbye. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** Set while connected. */
  get srtpKeys(): SrtpKeys | undefined {
    return this.#handshake.srtpKeys;
  }

  /** Records that decrypted and were new. It grows only by what the peer itself sent. */
  get authenticRecords(): number {
    return this.#authenticRecords;
  }

  /** Application data of either direction that was dropped because too much of it waited. Only grows. */
  get dataDropped(): number {
    return this.#inbox.dropped + this.#dataRefused;
  }

  /** When `onTimeout` wants to be called. */
  get nextTimeoutUs(): number | undefined {
    return this.#nextTimeoutUs;
  }

  /** A datagram to send; undefined when there is none. */
  shiftOutput(): Uint8Array | undefined {
    return this.#outbox.shift();
  }

  /**
   * Queues one record of application data for `shiftOutput`, which is one datagram; copies `bytes`.
   * Nothing happens unless connected. @throws RangeError beyond `MAX_DATA_BYTES`.
   */
  sendData(bytes: Uint8Array): void {
    if (bytes.length > MAX_DATA_BYTES) {
      throw new RangeError(
        `${bytes.length} bytes of application data, ${MAX_DATA_BYTES} are the most`,
      );
    }
    const cipher = this.#handshake.ciphers?.server;
    if (this.#state !== "connected" || cipher === undefined) return;
    if (this.#outbox.waiting >= MAX_WAITING_DATAGRAMS) {
      this.#dataRefused++;
      return;
    }
    // What else is open would share the datagram.
    this.#outbox.flush();
    this.#outbox.sealed(cipher, ContentType.applicationData, bytes);
    this.#outbox.flush();
  }

  /** Application data of the peer, authenticated and new, in order of arrival; undefined when there is none. */
  shiftData(): Uint8Array | undefined {
    return this.#inbox.shift();
  }

  /** Takes a datagram; copies what it keeps. Never throws for anything in it. */
  receive(datagram: Uint8Array, nowUs: number): void {
    let offset = 0;
    while (this.#state !== "closed") {
      const record = parseRecord(datagram, offset);
      if (record === undefined) return;
      offset += record.header.length + record.fragment.length;
      try {
        if (record.epoch === 0) this.#receivePlain(record, nowUs);
        else if (record.epoch === 1) this.#receiveSealed(record, nowUs);
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        this.#fail(error.code);
      }
    }
  }

  /** Sends the flight again when its time has come. */
  onTimeout(nowUs: number): void {
    if (this.#nextTimeoutUs === undefined || nowUs < this.#nextTimeoutUs) return;
    if (++this.#timeouts > MAX_TIMEOUTS) {
      this.#fail("DTLS_TIMEOUT");
      return;
    }
    this.#timeoutUs = Math.min(this.#timeoutUs * 2, LONGEST_TIMEOUT_US);
    this.#send(nowUs);
  }

  /** Says goodbye when connected, and drops application data that nobody took. May be called twice. */
  close(): void {
    this.#inbox.clear();
    if (this.#state === "closed") return;
    this.#alert(AlertLevel.warning, AlertDescription.closeNotify);
    this.#end("CLOSED");
  }

  #receivePlain(record: DtlsRecord, nowUs: number): void {
    // Anybody can send these: after the handshake they mean nothing.
    if (this.#state === "connected") return;
    if (record.type === ContentType.alert) {
      const alert = parseAlert(record.fragment);
      if (alert?.level === AlertLevel.fatal && this.#state === "handshaking")
        this.#end("DTLS_ALERT");
      return;
    }
    if (record.type !== ContentType.handshake) return;
    const fragments = parseHandshakeFragments(record.fragment);
    if (fragments === undefined) return;
    for (const fragment of fragments) {
      if (fragment.sequence >= FINISHED_SEQUENCE) continue;
      if (fragment.sequence === 0 && fragment.offset === 0 && this.#awaitsSecondMessage()) {
        this.#resend(nowUs);
      }
      this.#reassembler.push(fragment);
    }
    this.#advance(nowUs);
  }

  /** Whether a first message that comes again means that our answer to it was lost. */
  #awaitsSecondMessage(): boolean {
    return this.#state === "handshaking" && this.#reassembler.next === 1;
  }

  #receiveSealed(record: DtlsRecord, nowUs: number): void {
    const ciphers = this.#handshake.ciphers;
    const { expected } = this.#handshake;
    if (ciphers === undefined || (expected !== undefined && expected !== HandshakeType.finished)) {
      this.#keepEarly(record);
      return;
    }
    const isNew = this.#replay.isNew(record.sequence);
    // Some clients repeat their last flight under the same record numbers.
    const repeated = this.#state === "connected" && record.type === ContentType.handshake;
    if (!isNew && !repeated) return;
    const content = ciphers.client.open(record);
    if (content === undefined) return;
    if (!isNew) {
      this.#receiveFinished(content, nowUs);
      return;
    }
    this.#replay.add(record.sequence);
    this.#authenticRecords++;
    if (record.type === ContentType.handshake) this.#receiveFinished(content, nowUs);
    else if (record.type === ContentType.alert) this.#receiveAlert(content);
    // Before Finished nobody has proven who sends it. RFC 5246 section 7.4.9.
    else if (record.type === ContentType.applicationData && this.#state === "connected")
      this.#inbox.push(content);
  }

  #receiveFinished(content: Uint8Array, nowUs: number): void {
    const [fragment] = parseHandshakeFragments(content) ?? [];
    if (fragment?.type !== HandshakeType.finished) return;
    if (this.#state === "connected") {
      // The client did not get our last flight. RFC 6347 section 4.2.4, state FINISHED.
      if (fragment.sequence === FINISHED_SEQUENCE) this.#resend(nowUs);
      return;
    }
    this.#reassembler.push(fragment);
    this.#advance(nowUs);
  }

  #receiveAlert(content: Uint8Array): void {
    const alert = parseAlert(content);
    if (alert === undefined) return;
    if (alert.description === AlertDescription.closeNotify) {
      this.#alert(AlertLevel.warning, AlertDescription.closeNotify);
      this.#end("PEER_CLOSED");
    } else if (alert.level === AlertLevel.fatal) {
      this.#end("DTLS_ALERT");
    }
  }

  /** Hands the messages that are whole and in order to the handshake. */
  #advance(nowUs: number): void {
    while (this.#state !== "connected") {
      const message = this.#reassembler.shift();
      if (message === undefined) return;
      const flight = this.#handshake.receive(message);
      if (this.#state === "idle") this.#state = "handshaking";
      if (flight !== undefined) this.#begin(flight, nowUs);
      if (this.#handshake.expected === HandshakeType.finished) this.#replayEarly(nowUs);
    }
  }

  #begin(flight: readonly FlightItem[], nowUs: number): void {
    this.#flight = flight;
    this.#flightSends = 0;
    if (this.#handshake.srtpKeys !== undefined) this.#state = "connected";
    this.#send(nowUs);
  }

  /** The peer repeats itself, so it did not get our flight. */
  #resend(nowUs: number): void {
    if (this.#flightSends >= MAX_FLIGHT_SENDS || nowUs - this.#lastSendUs < MIN_RESEND_US) return;
    this.#send(nowUs);
  }

  #send(nowUs: number): void {
    this.#flightSends++;
    this.#lastSendUs = nowUs;
    sendFlight(this.#outbox, this.#flight, this.#handshake.ciphers?.server);
    // The last flight is only repeated on request: nothing answers it.
    this.#nextTimeoutUs = this.#state === "connected" ? undefined : nowUs + this.#timeoutUs;
  }

  #keepEarly(record: DtlsRecord): void {
    if (record.type !== ContentType.handshake || this.#early.length >= MAX_EARLY_RECORDS) return;
    if (record.fragment.length > MAX_EARLY_RECORD_BYTES) return;
    this.#early.push({
      ...record,
      header: Uint8Array.from(record.header),
      fragment: Uint8Array.from(record.fragment),
    });
  }

  #replayEarly(nowUs: number): void {
    const early = this.#early;
    this.#early = [];
    for (const record of early) {
      if (this.#state === "handshaking") this.#receiveSealed(record, nowUs);
    }
  }

  #fail(code: string): void {
    this.#alert(AlertLevel.fatal, alertFor(code));
    this.#end(code);
  }

  /** Encrypted once connected; before that only fatal alerts make sense. */
  #alert(level: number, description: number): void {
    const cipher = this.#handshake.ciphers?.server;
    if (this.#state === "connected" && cipher !== undefined) {
      this.#outbox.sealed(cipher, ContentType.alert, writeAlert(level, description));
    } else if (level === AlertLevel.fatal) {
      this.#outbox.plain(ContentType.alert, writeAlert(level, description));
    }
    this.#outbox.flush();
  }

  #end(reason: string): void {
    this.#state = "closed";
    this.#reason = reason;
    this.#nextTimeoutUs = undefined;
    this.#early = [];
    this.#flight = [];
    this.#handshake.forget();
  }
}
