import { parseRtcp, type RtcpPacket } from "@millrace/media/rtp";
import type { FakeClock } from "../../core/fake-clock.ts";
import { ProtocolError, RefusedError } from "../../core/index.ts";
import { audioLine, rtp, type TestPacket, videoLine } from "../ingest/test-packets.ts";
import type {
  DataMedia,
  IceRestartAnswer,
  Peer,
  PeerEvents,
  PeerFactory,
  ReceiveMedia,
  RemoteAddress,
  SendMedia,
  SrtpKeys,
} from "../peer.ts";
import { SrtpReceiver, SrtpSender } from "../srtp/index.ts";

const master = (seed: number) => ({
  key: Uint8Array.from({ length: 16 }, (_, i) => i * seed),
  salt: Uint8Array.from({ length: 12 }, (_, i) => i + seed),
});

/** A publisher's peer for tests: no network, but real keys on both ends. */
export class FakePublisherPeer implements Peer {
  readonly id: string;
  readonly media: readonly SendMedia[] = [];
  readonly remote: RemoteAddress = { address: "192.0.2.1", port: 5000 };
  readonly candidates: string[] = [];
  readonly data: Uint8Array[] = [];
  /** What the session sent, opened. */
  readonly rtcp: RtcpPacket[] = [];
  readonly #events: PeerEvents;
  readonly #clock: FakeClock;
  readonly #keys: SrtpKeys = { profile: "AEAD_AES_128_GCM", local: master(3), remote: master(5) };
  readonly #seals: SrtpSender;
  readonly #opens: SrtpReceiver;
  receives: readonly ReceiveMedia[] = [];
  dataMedia: DataMedia | undefined;
  keys: SrtpKeys | undefined;
  /** What the next answers negotiate. */
  lines: readonly ReceiveMedia[] = [videoLine(), audioLine()];
  offersData = false;
  aliveUs = -1;
  closedWith: string | undefined;

  constructor(index: number, clock: FakeClock, events: PeerEvents) {
    this.id = `peer-${index}`;
    this.#events = events;
    this.#clock = clock;
    this.#seals = new SrtpSender(this.#keys.profile, this.#keys.remote);
    this.#opens = new SrtpReceiver(this.#keys.profile, this.#keys.local);
  }

  async answer(offerSdp: string): Promise<string> {
    if (offerSdp === "bad") throw new ProtocolError("SDP_INVALID", "no SDP");
    this.receives = this.lines;
    this.dataMedia = this.offersData
      ? { mid: "2", sctpPort: 5000, maxMessageSize: 65_536 }
      : undefined;
    return `answer to ${offerSdp}`;
  }

  restartIce(ufrag: string): IceRestartAnswer {
    if (ufrag === "bad") throw new ProtocolError("ICE_INVALID", "no ufrag");
    return { ufrag: "our-ufrag", pwd: "our-pwd", candidates: ["candidate:1"] };
  }

  addCandidate(candidate: string): void {
    this.candidates.push(candidate);
  }

  send(datagram: Uint8Array): void {
    const compound = this.#opens.openRtcp(Uint8Array.from(datagram));
    if (typeof compound === "string") throw new Error(compound);
    this.rtcp.push(...parseRtcp(compound));
  }

  sendData(packet: Uint8Array): void {
    this.data.push(Uint8Array.from(packet));
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

  /** The far end sends an RTP packet. Returns the datagram, to send it again. */
  rtp(packet: TestPacket): Buffer {
    const plain = rtp(packet);
    const headerBytes = plain.length - (packet.payload?.length ?? 0) - (packet.padding ?? 0);
    const payload = plain.subarray(headerBytes);
    const out = new Uint8Array(plain.length + this.#seals.rtpOverheadBytes);
    out.set(plain.subarray(0, headerBytes));
    const ssrc = packet.ssrc ?? 0x1000;
    const index = packet.sequence;
    const size = this.#seals.sealRtp(out, 0, headerBytes, undefined, payload, ssrc, index);
    return this.datagram(Buffer.from(out.subarray(0, size)));
  }

  /** The far end sends RTCP. */
  sendRtcp(compound: Uint8Array): Buffer {
    const out = Buffer.alloc(compound.length + this.#seals.rtcpOverheadBytes);
    this.#seals.sealRtcp(out, 0, compound);
    return this.datagram(out);
  }

  /** A datagram arrives. */
  datagram(bytes: Buffer): Buffer {
    const before = Buffer.from(bytes);
    this.#events.datagram(bytes, this.#clock.nowUs());
    if (!before.equals(bytes)) throw new Error("a datagram was changed");
    return before;
  }

  /** An SCTP packet arrives. */
  receiveData(bytes: Uint8Array): void {
    this.#events.data?.(Buffer.from(bytes), this.#clock.nowUs());
  }

  /** The network lost the peer. */
  vanish(reason = "PEER_TIMEOUT"): void {
    this.closedWith = reason;
    this.#events.closed(reason);
  }
}

/** Makes fake publishers and keeps them. */
export class FakePublisherFactory implements PeerFactory {
  readonly peers: FakePublisherPeer[] = [];
  readonly #clock: FakeClock;
  full = false;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  /** Peers that are not closed. */
  get open(): number {
    return this.peers.filter((peer) => peer.closedWith === undefined).length;
  }

  get latest(): FakePublisherPeer {
    return this.peers.at(-1) as FakePublisherPeer;
  }

  createSender(): Peer {
    throw new Error("publishers only");
  }

  createReceiver(events: PeerEvents): FakePublisherPeer {
    if (this.full) throw new RefusedError("PEERS_FULL", 503, "full");
    const peer = new FakePublisherPeer(this.peers.length, this.#clock, events);
    this.peers.push(peer);
    return peer;
  }

  async close(): Promise<void> {}
}
