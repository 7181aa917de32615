import { randomBytes } from "node:crypto";
import { ProtocolError } from "../core/errors.ts";
import type { Clock } from "../core/ports.ts";
import type { LocalCertificate } from "./dtls/certificate.ts";
import { DtlsServer } from "./dtls/server.ts";
import type { HandshakeGate } from "./handshake-gate.ts";
import type { RtcLimits } from "./limits.ts";
import { candidateLine } from "./net/announced.ts";
import { isIcePwd, isIceUfrag } from "./net/ice-credentials.ts";
import type { IceHandler, IceSession } from "./net/ice-session.ts";
import type { UdpMux } from "./net/udp-mux.ts";
import type {
  AnswerPreferences,
  DataMedia,
  IceRestartAnswer,
  Peer,
  PeerEvents,
  ReceiveMedia,
  RemoteAddress,
  SendMedia,
  SrtpKeys,
} from "./peer.ts";
import { PeerTimer } from "./peer-timer.ts";
import { SenderNegotiation } from "./sdp/negotiation.ts";

export interface SenderPeerOptions {
  readonly mux: UdpMux;
  readonly certificate: LocalCertificate;
  readonly gate: HandshakeGate;
  readonly clock: Clock;
  readonly limits: RtcLimits;
  readonly preferences: AnswerPreferences;
  readonly events: PeerEvents;
  /** Told once, before the owner is told that the peer is closed. */
  readonly onClosed: (peer: SenderPeer) => void;
}

/** A viewer's end: ICE-lite, DTLS server, answers that only send. */
export class SenderPeer implements Peer, IceHandler {
  readonly id: string = randomBytes(18).toString("base64url");
  readonly #options: SenderPeerOptions;
  readonly #ice: IceSession;
  readonly #timer: PeerTimer;
  readonly #negotiation: SenderNegotiation;
  readonly #joinDeadlineUs: number;
  #dtls: DtlsServer | undefined;
  #connected = false;
  #disconnected = false;
  #closed = false;
  #lastSeenUs: number;

  constructor(options: SenderPeerOptions) {
    const { clock, limits, mux } = options;
    this.#options = options;
    this.#negotiation = new SenderNegotiation(options.preferences, limits);
    this.#lastSeenUs = clock.nowUs();
    this.#joinDeadlineUs = this.#lastSeenUs + limits.joinTimeoutMs * 1000;
    this.#ice = mux.openSession(this);
    this.#timer = new PeerTimer(clock, (nowUs) => this.#onTimer(nowUs));
    this.#timer.atLatest(this.#deadlineUs());
  }

  get media(): readonly SendMedia[] {
    return this.#negotiation.media;
  }

  get receives(): readonly ReceiveMedia[] {
    return [];
  }

  get dataMedia(): DataMedia | undefined {
    return undefined;
  }

  get keys(): SrtpKeys | undefined {
    return this.#dtls?.srtpKeys;
  }

  get remote(): RemoteAddress | undefined {
    return this.#ice.selected;
  }

  async answer(offerSdp: string): Promise<string> {
    this.#refuseWhenClosed();
    const proposal = this.#negotiation.propose(offerSdp);
    const { certificate, mux } = this.#options;
    this.#dtls ??= new DtlsServer(certificate, proposal.offer.fingerprints);
    if (proposal.restartsIce) this.#ice.restart();
    return this.#negotiation.accept(proposal, {
      ice: this.#ice.credentials,
      fingerprint: certificate.fingerprint,
      candidates: mux.candidates(),
    });
  }

  restartIce(ufrag: string, pwd: string): IceRestartAnswer {
    this.#refuseWhenClosed();
    if (!isIceUfrag(ufrag) || !isIcePwd(pwd)) {
      throw new ProtocolError("ICE_INVALID", "ice-ufrag or ice-pwd is missing or wrong");
    }
    if (this.#negotiation.restartIce(ufrag, pwd)) this.#ice.restart();
    const candidates = this.#options.mux.candidates().map(candidateLine);
    return { ...this.#ice.credentials, candidates };
  }

  /** Nothing to do: a lite agent sends no checks, so it needs no candidates. RFC 8445 section 2.5. */
  addCandidate(_candidate: string): void {}

  send(datagram: Uint8Array): void {
    this.#ice.send(datagram);
  }

  /** Nothing to do: no data channels are negotiated. */
  sendData(_packet: Uint8Array): void {}

  alive(nowUs: number): void {
    if (this.#connected && !this.#closed) this.#seen(nowUs);
  }

  close(reason: string): void {
    // The owner is never told from inside its own call.
    this.#end(reason, queueMicrotask);
  }

  onCheck(nowUs: number): void {
    this.#seen(nowUs);
  }

  onMedia(datagram: Buffer, nowUs: number): void {
    if (this.#connected) this.#options.events.datagram(datagram, nowUs);
    else this.#options.mux.counters.mediaEarly++;
  }

  onDtls(datagram: Buffer, nowUs: number): void {
    const dtls = this.#dtls;
    if (dtls === undefined) return;
    const { gate, mux, events } = this.#options;
    if (dtls.state === "idle" && !gate.enter(this, nowUs)) return;
    const authentic = dtls.authenticRecords;
    dtls.receive(datagram, nowUs);
    if (dtls.authenticRecords > authentic) this.#seen(nowUs);
    this.#afterDtls(dtls);
    if (this.#closed || this.#connected || dtls.state !== "connected") return;
    gate.leave(this);
    mux.counters.handshakesCompleted++;
    this.#connected = true;
    this.#timer.atLatest(this.#deadlineUs());
    events.connected();
  }

  /** Sends what DTLS has to say and follows its state. */
  #afterDtls(dtls: DtlsServer): void {
    for (;;) {
      const datagram = dtls.shiftOutput();
      if (datagram === undefined) break;
      this.#ice.send(datagram);
    }
    if (dtls.state === "closed") this.#end(dtls.reason ?? "DTLS_FAILED", callNow);
    else if (dtls.nextTimeoutUs !== undefined) this.#timer.atLatest(dtls.nextTimeoutUs);
  }

  #seen(nowUs: number): void {
    this.#lastSeenUs = nowUs;
    if (!this.#disconnected) return;
    this.#disconnected = false;
    const { events } = this.#options;
    this.#timer.atLatest(this.#deadlineUs());
    // `alive` is a call of the owner's.
    queueMicrotask(() => {
      if (!this.#closed) events.reconnected?.();
    });
  }

  #deadlineUs(): number {
    const { limits } = this.#options;
    if (!this.#connected) return this.#joinDeadlineUs;
    const silenceMs = this.#disconnected ? limits.peerTimeoutMs : limits.disconnectedMs;
    return this.#lastSeenUs + Math.min(silenceMs, limits.peerTimeoutMs) * 1000;
  }

  #onTimer(nowUs: number): void {
    const { limits, events } = this.#options;
    if (!this.#connected && nowUs >= this.#joinDeadlineUs) {
      this.#end("JOIN_TIMEOUT", callNow);
      return;
    }
    const dtls = this.#dtls;
    if (dtls !== undefined) {
      dtls.onTimeout(nowUs);
      this.#afterDtls(dtls);
      if (this.#closed) return;
    }
    if (this.#connected) {
      const silenceUs = nowUs - this.#lastSeenUs;
      if (silenceUs >= limits.peerTimeoutMs * 1000) {
        this.#end("PEER_TIMEOUT", callNow);
        return;
      }
      if (!this.#disconnected && silenceUs >= limits.disconnectedMs * 1000) {
        this.#disconnected = true;
        events.disconnected?.();
        if (this.#closed) return;
      }
    }
    this.#timer.atLatest(this.#deadlineUs());
  }

  #refuseWhenClosed(): void {
    if (this.#closed) throw new ProtocolError("PEER_GONE", "the peer is closed");
  }

  #end(reason: string, tell: (callback: () => void) => void): void {
    if (this.#closed) return;
    this.#closed = true;
    const { gate, mux, events, onClosed } = this.#options;
    const dtls = this.#dtls;
    if (dtls !== undefined) {
      if (!this.#connected && dtls.state !== "idle") mux.counters.handshakesFailed++;
      dtls.close();
      for (let last = dtls.shiftOutput(); last !== undefined; last = dtls.shiftOutput()) {
        this.#ice.send(last);
      }
    }
    this.#timer.cancel();
    gate.leave(this);
    this.#ice.close();
    onClosed(this);
    tell(() => events.closed(reason));
  }
}

function callNow(callback: () => void): void {
  callback();
}
