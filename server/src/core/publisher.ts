import { type Frame, frameSizeBytes, type MediaKind, type TrackInfo } from "@millrace/media/frame";
import { BitrateWatch } from "./bitrate-watch.ts";
import { type BufferLimits, BufferWatch } from "./buffer-watch.ts";
import { EncoderWatch } from "./encoder-watch.ts";
import type { Expiries } from "./expiries.ts";
import type { PublisherFigures } from "./figures.ts";
import { FrameMeter } from "./frame-meter.ts";
import { randomId } from "./ids.ts";
import type { PacketSource } from "./packet-source.ts";
import type { Clock, Grant, Timer, Transport } from "./ports.ts";
import { publisherFigures } from "./publisher-figures.ts";
import { SourceClock } from "./source-clock.ts";
import type { Stream } from "./stream.ts";
import type { StreamHealth } from "./stream-health.ts";
import { WholeGroup } from "./whole-group.ts";

export interface PublisherInfo {
  /** The stream's name, checked by `parseStreamName`. */
  readonly stream: string;
  readonly transport: Transport;
  /** IP address without a port. */
  readonly address: string;
  readonly userAgent?: string | undefined;
  /** Whoever publishes the stream now gives way. Access must have been checked. */
  readonly takeOver?: boolean | undefined;
  /** What it was allowed; without one, nothing ends it. */
  readonly grant?: Grant | undefined;
  /** Figures of what comes from it, for the API. */
  stats?(): PublisherFigures;
  /** Somebody wants this publisher gone: close its connection, then call `Publisher.close`. */
  onKick(reason: string): void;
}

/** Feeds one stream. Made by `Registry.publish`; whoever asked for it closes it. */
export class Publisher {
  readonly id: string;
  readonly stream: Stream;
  readonly info: PublisherInfo;
  readonly startedWallMs: number;
  readonly #clock = new SourceClock();
  readonly #meters = { video: new FrameMeter(), audio: new FrameMeter() };
  #encoder: string | undefined;
  readonly #announced = new Set<MediaKind>();
  readonly #staleTimer: Timer;
  readonly #buffer: BufferWatch;
  readonly #onClose: (publisher: Publisher, reason: string) => void;
  readonly #neverExpires: (() => void) | undefined;
  readonly #bitrate: BitrateWatch | undefined;
  #frameBytes = 0;
  #closed = false;

  constructor(options: {
    readonly stream: Stream;
    readonly info: PublisherInfo;
    readonly clock: Clock;
    readonly expiries: Expiries;
    readonly limits: BufferLimits & { readonly staleTrackMs: number };
    onClose(publisher: Publisher, reason: string): void;
  }) {
    this.id = options.info.grant?.session ?? randomId();
    this.stream = options.stream;
    this.info = options.info;
    this.startedWallMs = options.clock.wallMs();
    this.#onClose = options.onClose;
    const { clock, info, limits, stream } = options;
    stream.maxGrantedViewers = info.grant?.maxViewers;
    const expiresWallMs = info.grant?.expiresWallMs;
    if (expiresWallMs !== undefined) {
      this.#neverExpires = options.expiries.watch(expiresWallMs, () =>
        info.onKick("ACCESS_EXPIRED"),
      );
    }
    this.#bitrate = this.#watchBitrate(clock);
    this.#staleTimer = clock.after(limits.staleTrackMs, () => this.#removeStale());
    const group = new WholeGroup(stream);
    const encoder = new EncoderWatch({ stream, info, clock: this.#clock, meters: this.#meters });
    this.#buffer = new BufferWatch({
      clock,
      source: this.#clock,
      limits,
      isGroupWhole: () => group.isKept(),
      onChange: (health) => stream.setHealth(health),
      onCheck: () => encoder.look(),
    });
  }

  /** How often the encoder's time line jumped. */
  get timelineJumps(): number {
    return this.#clock.reanchored;
  }

  /** Figures of the session and of the media, for the API. */
  get figures(): PublisherFigures {
    const { info, stream } = this;
    const own = { clock: this.#clock, meters: this.#meters, encoder: this.#encoder };
    return publisherFigures({ stream, info, ...own });
  }

  /** How well it feeds the stream at this moment. */
  get health(): StreamHealth {
    return this.#buffer.health;
  }

  /**
   * Announces a track or a new configuration of it. One video and one audio track. `packets`: the RTP
   * behind it, the same object as long as it lasts; frames are then due only while it is asked for them.
   */
  setTrack(info: TrackInfo, packets?: PacketSource): void {
    if (this.#closed) return;
    this.#announced.add(info.kind);
    this.stream.setTrack(info, packets);
  }

  /**
   * The time on the stream's clock that stands for a time on the encoder's, which came just now. Call it
   * for each packet-frame in order of arrival; `frame` does so itself.
   */
  streamUs(encoderUs: number): number {
    if (this.#buffer.sleeps) this.#buffer.wake();
    return encoderUs + this.#clock.offsetFor(encoderUs, this.stream.nowUs());
  }

  /** How long before its frames reach the gateway they are captured, where the publisher tells. Microseconds. */
  setCaptureDelay(delayUs: number): void {
    if (!this.#closed) this.stream.captureDelayUs = delayUs;
  }

  removeTrack(kind: MediaKind): void {
    if (this.#closed) return;
    this.#announced.delete(kind);
    this.stream.removeTrack(kind);
  }

  /**
   * Takes a frame of an announced track, in decoding order, with times on the encoder's own clock in
   * integer microseconds. Keeps its bytes. Frames of tracks not announced are ignored.
   */
  frame(kind: MediaKind, frame: Frame): void {
    if (this.#closed || !this.#announced.has(kind)) return;
    if (this.#buffer.sleeps) this.#buffer.wake();
    if (this.#bitrate !== undefined) this.#frameBytes += frameSizeBytes(frame);
    const nowUs = this.stream.nowUs();
    const offset = this.#clock.offsetFor(frame.dtsUs, nowUs);
    this.#meters[kind].frame(frame.dtsUs, nowUs, frame.key);
    this.stream.deliver(kind, {
      ptsUs: frame.ptsUs + offset,
      dtsUs: frame.dtsUs + offset,
      key: frame.key,
      payload: frame.payload,
    });
  }

  /** What the publisher calls itself in its media; untrusted. */
  setEncoder(name: string): void {
    this.#encoder = name;
  }

  /** Advice that the ingest found out, such as a codec that nobody can play. */
  hint(code: string, message: string): void {
    if (!this.#closed) this.stream.addHint(code, message);
  }

  /** The publisher is gone: the stream waits for it. May be called twice. `reason` is a stable code. */
  close(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#neverExpires?.();
    this.#staleTimer.cancel();
    this.#bitrate?.close();
    this.#buffer.close();
    this.#onClose(this, reason);
    this.stream.wait(reason);
  }

  #watchBitrate(clock: Clock): BitrateWatch | undefined {
    const { info } = this;
    const maxBitrateBps = info.grant?.maxBitrateBps;
    if (maxBitrateBps === undefined) return undefined;
    return new BitrateWatch({
      clock,
      maxBitrateBps,
      // What came over the wire, where the transport tells; frames are not cut out of all that comes.
      bytes: () => (info.stats?.() as PublisherFigures)?.bytesReceived ?? this.#frameBytes,
      onExceeded: () => info.onKick("BITRATE_EXCEEDED"),
    });
  }

  /** A publisher that returned without one of the tracks it had before does not have it any more. */
  #removeStale(): void {
    for (const track of this.stream.tracks) {
      if (!this.#announced.has(track.kind)) this.stream.removeTrack(track.kind);
    }
  }
}
