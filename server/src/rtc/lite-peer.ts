import { ProtocolError } from "../core/errors.ts";
import type { Clock } from "../core/ports.ts";
import { randomText } from "../core/random.ts";
import type { LocalCertificate } from "./dtls/certificate.ts";
import { DtlsServer } from "./dtls/server.ts";
import type { HandshakeGate } from "./handshake-gate.ts";
import type { JoinTurns } from "./join-turns.ts";
import type { RtcLimits } from "./limits.ts";
import { candidateLine } from "./net/announced.ts";
import { isIcePwd, isIceUfrag } from "./net/ice-credentials.ts";
import type { IceHandler, IceSession } from "./net/ice-session.ts";
import type { UdpMux } from "./net/udp-mux.ts";
import type {
  DatagramPath,
  DataMedia,
  IceRestartAnswer,
  Peer,
  PeerEvents,
  PeerTraffic,
  ReceiveMedia,
  RemoteAddress,
  SendMedia,
  SrtpKeys,
} from "./peer.ts";
import { PeerLiveness } from "./peer-liveness.ts";
import { PeerTimer } from "./peer-timer.ts";
import { Negotiation } from "./sdp/negotiation.ts";
import type { Planner } from "./sdp/plan.ts";

/** Datagrams of one peer's handshake that may wait for their turn: a flight has fewer, and the rest repeats them. */
export const MAX_WAITING_DATAGRAMS_PER_PEER = 8;

/** What all peers of a factory share. */
export interface LitePeerHost {
  readonly mux: UdpMux;
  readonly certificate: LocalCertificate;
  readonly gate: HandshakeGate;
  /** For the steps of handshakes, which take milliseconds. */
  readonly turns: JoinTurns;
  readonly clock: Clock;
  readonly limits: RtcLimits;
  /** Told once, before the owner is told that the peer is closed. */
  readonly onClosed: (peer: LitePeer) => void;
}

/** Our end of a viewer or a publisher: ICE-lite and DTLS server. What flows is the planner's business. */
export class LitePeer implements Peer, IceHandler {
  readonly id: string = randomText(18, "base64url");
  readonly #host: LitePeerHost;
  readonly #events: PeerEvents;
  readonly #ice: IceSession;
  readonly #timer: PeerTimer;
  readonly #liveness: PeerLiveness;
  readonly #negotiation: Negotiation;
  #dtls: DtlsServer | undefined;
  #waitingDatagrams = 0;
  #dtlsBytes = 0;
  #closed = false;

  constructor(host: LitePeerHost, planner: Planner, events: PeerEvents) {
    const { clock, limits, mux } = host;
    this.#host = host;
    this.#events = events;
    this.#negotiation = new Negotiation(planner, limits);
    this.#liveness = new PeerLiveness(limits, clock.nowUs());
    this.#ice = mux.openSession(this);
    this.#timer = new PeerTimer(clock, (nowUs) => this.#onTimer(nowUs));
    this.#timer.atLatest(this.#liveness.deadlineUs);
  }

  get media(): readonly SendMedia[] {
    return this.#negotiation.media;
  }

  get receives(): readonly ReceiveMedia[] {
    return this.#negotiation.receives;
  }

  get dataMedia(): DataMedia | undefined {
    return this.#negotiation.dataMedia;
  }

  get keys(): SrtpKeys | undefined {
    return this.#dtls?.srtpKeys;
  }

  get remote(): RemoteAddress | undefined {
    return this.#ice.selected;
  }

  get path(): DatagramPath | undefined {
    return this.#ice.selected;
  }

  get traffic(): PeerTraffic {
    const { ownBytes, receivedBytes: bytesReceived, selected } = this.#ice;
    const connection = selected?.socket.connection;
    return {
      ownBytesSent: ownBytes + this.#dtlsBytes,
      bytesReceived,
      waitingBytes: connection?.waitingBytes ?? 0,
      protocol: selected && (connection === undefined ? "udp" : "tcp"),
    };
  }

  async answer(offerSdp: string): Promise<string> {
    this.#refuseWhenClosed();
    const proposal = this.#negotiation.propose(offerSdp);
    const { certificate, mux } = this.#host;
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
    const candidates = this.#host.mux.candidates().map(candidateLine);
    return { ...this.#ice.credentials, candidates };
  }

  /** Nothing to do: a lite agent sends no checks, so it needs no candidates. RFC 8445 section 2.5. */
  addCandidate(_candidate: string): void {}

  send(datagram: Uint8Array): void {
    this.#ice.send(datagram);
  }

  /** @throws RangeError for a packet that does not fit into one datagram (`MAX_DATA_BYTES` of DTLS). */
  sendData(packet: Uint8Array): void {
    const dtls = this.#dtls;
    if (dtls === undefined || this.#closed || !this.#liveness.connected) return;
    dtls.sendData(packet);
    this.#flush(dtls);
  }

  alive(nowUs: number): void {
    if (this.#liveness.connected && !this.#closed) this.#seen(nowUs);
  }

  close(reason: string): void {
    // The owner is never told from inside its own call.
    this.#end(reason, queueMicrotask);
  }

  onCheck(nowUs: number): void {
    this.#seen(nowUs);
  }

  onMedia(datagram: Buffer, nowUs: number): void {
    if (this.#liveness.connected) this.#events.datagram(datagram, nowUs);
    else this.#host.mux.counters.mediaEarly++;
  }

  onDtls(datagram: Buffer, nowUs: number): void {
    if (this.#liveness.connected) {
      this.#receiveDtls(datagram, nowUs);
      return;
    }
    const { turns } = this.#host;
    if (turns.isFree) turns.run(() => this.#receiveDtls(datagram, nowUs));
    else this.#receiveLater(Buffer.from(datagram));
  }

  /** What is left out is repeated by the client. */
  #receiveLater(datagram: Buffer): void {
    const { clock, mux, turns } = this.#host;
    const waits =
      this.#waitingDatagrams < MAX_WAITING_DATAGRAMS_PER_PEER &&
      turns.run(() => {
        this.#waitingDatagrams--;
        this.#receiveDtls(datagram, clock.nowUs());
      });
    if (waits) this.#waitingDatagrams++;
    else mux.counters.handshakesDeferred++;
  }

  #receiveDtls(datagram: Buffer, nowUs: number): void {
    const dtls = this.#dtls;
    if (dtls === undefined || this.#closed) return;
    if (dtls.state === "idle" && !this.#host.gate.enter(this, nowUs)) return;
    const authentic = dtls.authenticRecords;
    dtls.receive(datagram, nowUs);
    if (dtls.authenticRecords > authentic) this.#seen(nowUs);
    this.#handOverData(dtls, nowUs);
    this.#afterDtls(dtls);
    if (this.#closed || this.#liveness.connected || dtls.state !== "connected") return;
    const { gate, mux } = this.#host;
    gate.leave(this);
    mux.counters.handshakesCompleted++;
    this.#liveness.connect();
    this.#timer.atLatest(this.#liveness.deadlineUs);
    this.#events.connected();
    this.#handOverData(dtls, nowUs);
  }

  /** What is not negotiated is dropped: nobody would read it. */
  #handOverData(dtls: DtlsServer, nowUs: number): void {
    if (!this.#liveness.connected) return;
    for (let data = dtls.shiftData(); data !== undefined; data = dtls.shiftData()) {
      if (this.#closed) return;
      if (this.dataMedia === undefined) continue;
      this.#events.data?.(Buffer.from(data.buffer, data.byteOffset, data.byteLength), nowUs);
    }
  }

  #flush(dtls: DtlsServer): void {
    for (let next = dtls.shiftOutput(); next !== undefined; next = dtls.shiftOutput()) {
      this.#dtlsBytes += next.length;
      this.#ice.send(next);
    }
  }

  /** Sends what DTLS has to say and follows its state. */
  #afterDtls(dtls: DtlsServer): void {
    this.#flush(dtls);
    if (dtls.state === "closed") this.#end(dtls.reason ?? "DTLS_FAILED", callNow);
    else if (dtls.nextTimeoutUs !== undefined) this.#timer.atLatest(dtls.nextTimeoutUs);
  }

  #seen(nowUs: number): void {
    if (!this.#liveness.seen(nowUs)) return;
    this.#timer.atLatest(this.#liveness.deadlineUs);
    // `alive` is a call of the owner's.
    queueMicrotask(() => {
      if (!this.#closed) this.#events.reconnected?.();
    });
  }

  #onTimer(nowUs: number): void {
    const silence = this.#liveness.check(nowUs);
    if (silence === "join-timeout") {
      this.#end("JOIN_TIMEOUT", callNow);
      return;
    }
    const dtls = this.#dtls;
    if (dtls !== undefined) {
      dtls.onTimeout(nowUs);
      this.#afterDtls(dtls);
      if (this.#closed) return;
    }
    if (silence === "peer-timeout") {
      this.#end("PEER_TIMEOUT", callNow);
      return;
    }
    if (silence === "disconnected") {
      this.#events.disconnected?.();
      if (this.#closed) return;
    }
    this.#timer.atLatest(this.#liveness.deadlineUs);
  }

  #refuseWhenClosed(): void {
    if (this.#closed) throw new ProtocolError("PEER_GONE", "the peer is closed");
  }

  #end(reason: string, tell: (callback: () => void) => void): void {
    if (this.#closed) return;
    this.#closed = true;
    const { gate, mux, onClosed } = this.#host;
    const dtls = this.#dtls;
    if (dtls !== undefined) {
      if (!this.#liveness.connected && dtls.state !== "idle") mux.counters.handshakesFailed++;
      dtls.close();
      this.#flush(dtls);
    }
    this.#timer.cancel();
    gate.leave(this);
    this.#ice.close();
    onClosed(this);
    tell(() => this.#events.closed(reason));
  }
}

function callNow(callback: () => void): void {
  callback();
}
