import type {
  IceRestart,
  IceServer,
  JsepSession,
  SessionObserver,
  SessionRequest,
} from "@millrace/signaling/session";
import {
  type Clock,
  type Grant,
  type Log,
  ProtocolError,
  type Publisher,
  RefusedError,
  type Registry,
  type Stream,
  type StreamChange,
  type Timer,
} from "../../core/index.ts";
import type { DataHandler, OpenData } from "../data/index.ts";
import type { SessionLimits } from "../gateway/limits.ts";
import { streamStatus } from "../gateway/stream-status.ts";
import type { IngestLimits } from "../ingest/index.ts";
import type { Peer, PeerEvents, PeerFactory } from "../peer.ts";
import type { CreateCipher } from "../srtp/index.ts";
import { type PublishSessionStats, publishFigures } from "./figures.ts";
import { defaultPublishLimits, type PublishLimits } from "./limits.ts";
import { PublisherLink, type PublisherLinkStats } from "./publisher-link.ts";

export interface PublishSessionOptions {
  /** Unguessable; the client shows it to speak for the session. */
  readonly id: string;
  /** Access has been checked; `stream` is a checked name. */
  readonly request: SessionRequest;
  /** What it was allowed. */
  readonly grant?: Grant | undefined;
  readonly registry: Registry;
  readonly peers: PeerFactory;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: SessionLimits;
  readonly publishLimits?: Partial<PublishLimits>;
  readonly ingestLimits?: Partial<IngestLimits>;
  /** Default: node:crypto. */
  readonly createCipher?: CreateCipher | undefined;
  readonly observer: SessionObserver;
  /** Where the client may find STUN and TURN; `id` is no secret. */
  iceServers(id: string): readonly IceServer[];
  /**
   * Asked when data channels are negotiated and the peer is connected, at most once. Without it what comes on them is
   * ignored.
   */
  dataOpener?(stream: Stream, publisherId: string): OpenData;
  /** Called once when the session is over. */
  onClosed(session: PublishSession): void;
}

/**
 * One publisher's conversation: the stream's name is its own from the beginning, media follows when the peer is
 * connected, until either side ends it.
 */
export class PublishSession implements JsepSession, PeerEvents {
  readonly id: string;
  readonly iceServers: readonly IceServer[];
  readonly #options: PublishSessionOptions;
  readonly #limits: PublishLimits;
  readonly #peer: Peer;
  readonly #publisher: Publisher;
  readonly #log: Log;
  readonly #stopObserving: () => void;
  #link: PublisherLink | undefined;
  #data: DataHandler | undefined;
  #state: PublishSessionStats["state"] = "new";
  #negotiating = false;
  #candidates = 0;
  #toldViewers = 0;
  /** Since when RTP is expected. */
  #expectedUs = 0;
  #timer: Timer | undefined;

  /** @throws RefusedError `STREAM_BUSY` 409, `STREAMS_FULL`, `PEERS_FULL`, `SHUTTING_DOWN` 503. */
  constructor(options: PublishSessionOptions) {
    const { log, peers, request } = options;
    this.#options = options;
    this.#limits = { ...defaultPublishLimits, ...options.publishLimits };
    this.id = options.id;
    // First, so that nobody is made to give way to somebody who cannot connect.
    this.#peer = peers.createReceiver(this);
    try {
      this.#publisher = this.#publish();
    } catch (error) {
      this.#state = "closed";
      this.#peer.close("REFUSED");
      throw error;
    }
    this.#log = log.child({ stream: request.stream, session: this.#publisher.id });
    this.iceServers = options.iceServers(this.#publisher.id);
    this.#stopObserving = this.stream.observe((change) => this.#streamChanged(change));
    this.#log.info({}, "publish session opened");
  }

  get stream(): Stream {
    return this.#publisher.stream;
  }

  /** Names the session in logs and the API; not a capability. */
  get publisherId(): string {
    return this.#publisher.id;
  }

  /** Figures for the API. */
  get stats(): PublishSessionStats {
    return publishFigures(this.#state, this.#link?.stats, this.#peer);
  }

  /** @throws ProtocolError `SDP_TOO_LARGE`, `SDP_INVALID` …; RefusedError `SESSION_CLOSED` 410, `NEGOTIATING` 409. */
  async describe(offerSdp: string): Promise<string> {
    this.#assertOpen();
    if (offerSdp.length > this.#options.limits.maxOfferLength) {
      throw new ProtocolError("SDP_TOO_LARGE", `an offer of ${offerSdp.length} characters`);
    }
    if (this.#negotiating) {
      throw new RefusedError("NEGOTIATING", 409, "The offer before is still being answered.");
    }
    this.#negotiating = true;
    try {
      const answer = await this.#peer.answer(offerSdp);
      this.#assertOpen();
      if (this.#state === "new") this.#state = "connecting";
      if (this.#state === "connected") this.#renegotiated();
      return answer;
    } finally {
      this.#negotiating = false;
    }
  }

  addCandidate(candidate: string | null): void {
    const { maxCandidateLength, maxCandidates } = this.#options.limits;
    if (candidate === null || this.#state === "closed") return;
    if (candidate.length > maxCandidateLength || this.#candidates >= maxCandidates) return;
    this.#candidates++;
    this.#peer.addCandidate(candidate);
  }

  /** @throws ProtocolError `ICE_INVALID`; RefusedError `SESSION_CLOSED` 410. */
  async restartIce(ufrag: string, pwd: string): Promise<IceRestart> {
    this.#assertOpen();
    return this.#peer.restartIce(ufrag, pwd);
  }

  /** The client's end. */
  close(reason: string): void {
    this.#close(reason);
  }

  /** Our end: the client is told why. May be called twice. */
  bye(reason: string): void {
    if (this.#close(reason)) this.#options.observer.bye(reason);
  }

  /** From the peer. */
  connected(): void {
    const { keys, receives } = this.#peer;
    if (this.#state === "closed" || this.#link !== undefined || keys === undefined) return;
    this.#state = "connected";
    const { clock, createCipher, ingestLimits } = this.#options;
    this.#log.info({ profile: keys.profile, media: receives.length }, "publisher connected");
    try {
      this.#link = new PublisherLink({
        keys,
        peer: this.#peer,
        publisher: this.#publisher,
        clock,
        log: this.#log,
        limits: ingestLimits,
        createCipher,
        onFailed: (error) => this.#fail(error),
      });
      this.#openData();
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#expectedUs = clock.nowUs();
    this.#timer = clock.after(this.#limits.watchMs, () => this.#watch());
    this.tell();
  }

  /** From the peer. */
  datagram(bytes: Buffer, nowUs: number): void {
    try {
      this.#link?.datagram(bytes, nowUs);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** From the peer. */
  data(bytes: Buffer, nowUs: number): void {
    try {
      this.#data?.receive(bytes, nowUs);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** From the peer. */
  closed(reason: string): void {
    this.bye(reason);
  }

  /** Tells the client how its stream stands. */
  tell(): void {
    if (this.#state === "closed") return;
    const { observer, request } = this.#options;
    const viewers = this.stream.viewers.size;
    this.#toldViewers = viewers;
    observer.stream({ ...streamStatus(request.stream, this.stream), viewers });
  }

  #publish(): Publisher {
    const { grant, registry, request } = this.#options;
    const { address, stream, takeOver, transport, userAgent } = request;
    if (transport === "whep") throw new Error("nobody publishes by WHEP");
    return registry.publish({
      stream,
      grant,
      transport,
      address,
      userAgent,
      takeOver,
      stats: (): PublishSessionStats => this.stats,
      onKick: (reason) => this.bye(reason),
    });
  }

  #renegotiated(): void {
    try {
      this.#link?.renegotiated();
      this.#openData();
    } catch (error) {
      this.#fail(error);
      throw error;
    }
    this.#expectedUs = this.#options.clock.nowUs();
  }

  #openData(): void {
    const { dataMedia } = this.#peer;
    if (this.#data !== undefined || dataMedia === undefined) return;
    const open = this.#options.dataOpener?.(this.stream, this.publisherId);
    this.#data = open?.((packet) => this.#peer.sendData(packet), dataMedia);
  }

  #closeData(): void {
    const data = this.#data;
    this.#data = undefined;
    try {
      data?.close();
    } catch (error) {
      this.#log.error({ err: error }, "a data handler could not be closed");
    }
  }

  #streamChanged(change: StreamChange): void {
    if (change.type === "state" && change.state === "offline") this.bye("STREAM_ENDED");
    else this.tell();
  }

  /** Looks after what no event tells. */
  #watch(): void {
    const { clock } = this.#options;
    this.#timer = clock.after(this.#limits.watchMs, () => this.#watch());
    if (this.#isSilent(clock.nowUs())) {
      this.bye("PUBLISHER_SILENT");
      return;
    }
    if (this.stream.viewers.size !== this.#toldViewers) this.tell();
  }

  #isSilent(nowUs: number): boolean {
    const { silentMs } = this.#limits;
    // Who has no line to send on has muted itself by negotiation.
    const isMuted = !this.#peer.receives.some((media) => media.active);
    if (silentMs <= 0) return false;
    if (isMuted) this.#expectedUs = nowUs;
    const sinceUs = Math.max(this.#expectedUs, this.#link?.lastRtpUs ?? 0);
    return nowUs - sinceUs >= silentMs * 1000;
  }

  /** A bug of ours ends this session and no other. */
  #fail(error: unknown): void {
    this.#log.error({ err: error }, "publish session failed");
    this.bye("INTERNAL_ERROR");
  }

  #assertOpen(): void {
    if (this.#state !== "closed") return;
    throw new RefusedError("SESSION_CLOSED", 410, "The session is closed.");
  }

  #close(reason: string): boolean {
    if (this.#state === "closed") return false;
    this.#state = "closed";
    this.#stopObserving();
    this.#timer?.cancel();
    const stats = this.#link?.stats;
    this.#closeData();
    this.#link?.close();
    this.#peer.close(reason);
    this.#publisher.close(reason);
    this.#log.info({ code: reason, ...summary(stats) }, "publish session closed");
    this.#options.onClosed(this);
    return true;
  }
}

function summary(stats: PublisherLinkStats | undefined): object {
  if (stats === undefined) return {};
  const { bytes, malformed, packets, refused, roundTripMs, unknown } = stats;
  const lost = stats.encodings.reduce((sum, encoding) => sum + encoding.lost, 0);
  return { packets, bytes, lost, malformed, refused, roundTripMs, unknown };
}
