import type { FakeClock } from "../../core/fake-clock.ts";
import { ProtocolError, RefusedError } from "../../core/index.ts";
import { audioMedia, TestReceiver, testKeys, videoMedia } from "../egress/test-rig.ts";
import type {
  AnswerPreferences,
  IceRestartAnswer,
  Peer,
  PeerEvents,
  PeerFactory,
  ReceiveMedia,
  RemoteAddress,
  SendMedia,
  SrtpKeys,
} from "../peer.ts";
import { SrtpSender } from "../srtp/index.ts";

/** A peer for tests: no network, but real keys; a TestReceiver is its far end. */
export class FakePeer implements Peer {
  readonly id: string;
  readonly preferences: AnswerPreferences;
  readonly receiver: TestReceiver;
  readonly remote: RemoteAddress = { address: "192.0.2.1", port: 5000 };
  readonly candidates: string[] = [];
  readonly #events: PeerEvents;
  readonly #clock: FakeClock;
  readonly #keys: SrtpKeys = testKeys();
  readonly #far: SrtpSender;
  media: readonly SendMedia[] = [];
  readonly receives: readonly ReceiveMedia[] = [];
  readonly dataMedia = undefined;
  keys: SrtpKeys | undefined;
  /** What an answer will offer. */
  offers: readonly SendMedia[];
  aliveUs = -1;
  closedWith: string | undefined;
  /** Datagrams make it throw, as no real peer should. */
  broken = false;

  constructor(index: number, clock: FakeClock, preferences: AnswerPreferences, events: PeerEvents) {
    this.id = `peer-${index}`;
    this.preferences = preferences;
    this.#events = events;
    this.#clock = clock;
    this.receiver = new TestReceiver(clock, this.#keys);
    this.#far = new SrtpSender(this.#keys.profile, this.#keys.remote);
    this.offers = [
      videoMedia({ ssrc: 1000 + 10 * index, rtx: { payloadType: 103, ssrc: 1001 + 10 * index } }),
      audioMedia({ ssrc: 1002 + 10 * index }),
    ];
  }

  async answer(offerSdp: string): Promise<string> {
    if (offerSdp === "bad") throw new ProtocolError("SDP_INVALID", "no SDP");
    this.media = this.offers;
    return `answer to ${offerSdp}`;
  }

  restartIce(ufrag: string): IceRestartAnswer {
    if (ufrag === "bad") throw new ProtocolError("ICE_INVALID", "no ufrag");
    return { ufrag: "our-ufrag", pwd: "our-pwd", candidates: ["candidate:1"] };
  }

  sendData(): void {}

  addCandidate(candidate: string): void {
    this.candidates.push(candidate);
  }

  send(datagram: Uint8Array): void {
    if (this.broken) throw new Error("broken peer");
    this.receiver.send(datagram);
  }

  alive(nowUs: number): void {
    this.aliveUs = nowUs;
  }

  close(reason: string): void {
    if (this.closedWith !== undefined) return;
    this.closedWith = reason;
    queueMicrotask(() => this.#events.closed(reason));
  }

  /** The handshake is complete. */
  connect(): void {
    this.keys = this.#keys;
    this.#events.connected();
  }

  /** The far end sends a compound RTCP packet. Returns the datagram, to send it again. */
  rtcp(compound: Uint8Array): Buffer {
    const sealed = Buffer.alloc(compound.length + this.#far.rtcpOverheadBytes);
    this.#far.sealRtcp(sealed, 0, compound);
    this.datagram(sealed);
    return sealed;
  }

  /** A datagram arrives. */
  datagram(bytes: Buffer): void {
    const before = Buffer.from(bytes);
    this.#events.datagram(bytes, this.#clock.nowUs());
    if (!before.equals(bytes)) throw new Error("a datagram was changed");
  }

  /** The network lost the peer. */
  vanish(): void {
    this.closedWith = "PEER_TIMEOUT";
    this.#events.closed("PEER_TIMEOUT");
  }
}

/** Makes fake peers and keeps them. */
export class FakePeerFactory implements PeerFactory {
  readonly peers: FakePeer[] = [];
  readonly #clock: FakeClock;
  full = false;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  /** Peers that are not closed. */
  get open(): number {
    return this.peers.filter((peer) => peer.closedWith === undefined).length;
  }

  get latest(): FakePeer {
    return this.peers.at(-1) as FakePeer;
  }

  createSender(preferences: AnswerPreferences, events: PeerEvents): FakePeer {
    if (this.full) throw new RefusedError("PEERS_FULL", 503, "full");
    const peer = new FakePeer(this.peers.length, this.#clock, preferences, events);
    this.peers.push(peer);
    return peer;
  }

  createReceiver(events: PeerEvents): FakePeer {
    return this.createSender({ h264ProfileLevelId: undefined }, events);
  }

  async close(): Promise<void> {}
}
