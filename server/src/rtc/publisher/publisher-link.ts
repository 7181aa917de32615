import type { Clock, Log, Publisher } from "../../core/index.ts";
import { type IngestLimits, type IngestStats, PublisherIngest } from "../ingest/index.ts";
import { maxRtcpPerSecond } from "../limits.ts";
import type { ReceiveMedia, SrtpKeys } from "../peer.ts";
import { PeerTimer } from "../peer-timer.ts";
import {
  type CreateCipher,
  packetKind,
  type SrtpFailure,
  SrtpReceiver,
  SrtpSender,
} from "../srtp/index.ts";
import { TokenBucket } from "../token-bucket.ts";

/** What a link needs of a peer; `Peer` has it. */
export interface LinkPeer {
  readonly receives: readonly ReceiveMedia[];
  send(datagram: Uint8Array): void;
  alive(nowUs: number): void;
}

export interface PublisherLinkOptions {
  readonly keys: SrtpKeys;
  readonly peer: LinkPeer;
  readonly publisher: Publisher;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: Partial<IngestLimits> | undefined;
  /** Default: node:crypto. */
  readonly createCipher?: CreateCipher | undefined;
  /** A timer met a bug of ours. */
  onFailed(error: unknown): void;
}

/** Figures of a connected publisher. */
export interface PublisherLinkStats extends IngestStats {
  /** Datagrams that were not authentic, came twice, are neither RTP nor RTCP, or RTCP beyond `maxRtcpPerSecond`. */
  readonly refused: number;
}

/** The connection of one publisher: keys, the ingest and its timer. */
export class PublisherLink {
  readonly #options: PublisherLinkOptions;
  readonly #receiver: SrtpReceiver;
  readonly #sender: SrtpSender;
  readonly #rtcp: TokenBucket;
  readonly #ingest: PublisherIngest;
  readonly #timer: PeerTimer;
  #refused = 0;
  #closed = false;

  constructor(options: PublisherLinkOptions) {
    const { clock, createCipher, keys, limits, log, peer, publisher } = options;
    this.#options = options;
    this.#receiver = new SrtpReceiver(keys.profile, keys.remote, { createCipher });
    this.#sender = new SrtpSender(keys.profile, keys.local, createCipher);
    this.#rtcp = new TokenBucket(maxRtcpPerSecond, maxRtcpPerSecond, clock.nowUs());
    this.#timer = new PeerTimer(clock, (nowUs) => this.#onTimeout(nowUs));
    this.#ingest = new PublisherIngest({
      publisher,
      clock,
      log,
      ...(limits === undefined ? undefined : { limits }),
      send: (packet) => this.#send(packet),
      wake: () => this.#arm(),
    });
    this.#ingest.configure(peer.receives);
    this.#arm();
  }

  get stats(): PublisherLinkStats {
    return { ...this.#ingest.stats, refused: this.#refused };
  }

  /** When the last authentic RTP packet came; undefined before the first. */
  get lastRtpUs(): number | undefined {
    return this.#ingest.lastRtpUs;
  }

  /** The peer negotiated again. */
  renegotiated(): void {
    this.#ingest.configure(this.#options.peer.receives);
    this.#arm();
  }

  /** A datagram from the peer's validated address, neither changed nor kept. */
  datagram(bytes: Uint8Array, nowUs: number): void {
    if (this.#closed) return;
    const failure = this.#open(bytes, nowUs);
    if (failure !== undefined) {
      this.#refused++;
      return;
    }
    this.#options.peer.alive(nowUs);
    this.#arm();
  }

  /** May be called twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer.cancel();
    this.#ingest.close();
  }

  #open(bytes: Uint8Array, nowUs: number): SrtpFailure | "RTCP_FLOOD" | undefined {
    switch (packetKind(bytes)) {
      case "rtp": {
        const opened = this.#receiver.openRtp(bytes);
        if (typeof opened === "string") return opened;
        this.#ingest.rtp(opened.packet, nowUs);
        return undefined;
      }
      case "rtcp": {
        if (!this.#rtcp.take(1, nowUs)) return "RTCP_FLOOD";
        const compound = this.#receiver.openRtcp(bytes);
        if (typeof compound === "string") return compound;
        this.#ingest.rtcp(compound, nowUs);
        return undefined;
      }
      default:
        return "SRTP_MALFORMED";
    }
  }

  #send(packet: Uint8Array): void {
    if (this.#closed) return;
    const datagram = new Uint8Array(packet.length + this.#sender.rtcpOverheadBytes);
    const size = this.#sender.sealRtcp(datagram, 0, packet);
    this.#options.peer.send(datagram.subarray(0, size));
  }

  #onTimeout(nowUs: number): void {
    try {
      this.#ingest.onTimeout(nowUs);
    } catch (error) {
      this.#options.onFailed(error);
    }
    this.#arm();
  }

  #arm(): void {
    if (!this.#closed) this.#timer.atLatest(this.#ingest.nextTimeoutUs);
  }
}
