import type { Frame, TrackInfo } from "@millrace/media/frame";
import { writeMetadataBlock } from "@millrace/media/icy";
import {
  type Clock,
  type FrameSink,
  RefusedError,
  type Stream,
  type StreamChange,
  type Timer,
  type Track,
} from "../../core/index.ts";
import { type Framer, framerOf, type SoundFormat } from "./format.ts";
import type { SoundLimits } from "./limits.ts";
import { PieceMaker } from "./piece-maker.ts";
import { PieceRing, type SoundPiece } from "./piece-ring.ts";
import { directTrack, openSource, type SoundSource } from "./source.ts";
import type { TitleBoard } from "./title-board.ts";

/** Somebody who takes a feed's pieces out of its ring. */
export interface SoundTaker {
  /** There is a new piece. Called in the publisher's turn of the event loop. */
  grown(): void;
  /** Some time passed. */
  tick(): void;
  /** Nothing follows. `code` is a stable string. */
  ended(code: string): void;
}

export interface SoundFeedOptions {
  readonly stream: Stream;
  readonly format: SoundFormat;
  readonly clock: Clock;
  readonly limits: SoundLimits;
  readonly titles: TitleBoard;
  /** Called once when the feed is over, with its last taker or its stream. */
  onClose(feed: SoundFeed): void;
}

/**
 * The sound of one stream in one format, framed once for everybody who listens. It outlives a
 * publisher that comes back, with another codec too as long as the format can be made of it.
 */
export class SoundFeed implements FrameSink {
  readonly ring: PieceRing;
  readonly #options: SoundFeedOptions;
  readonly #maker: PieceMaker;
  readonly #stopObserving: () => void;
  // Replaced, never changed in place, so that takers may come or go while they are told.
  #takers: readonly SoundTaker[] = [];
  #source: SoundSource | undefined;
  #framer: Framer | undefined;
  #ticking: Timer | undefined;
  #retryAtUs = 0;
  #retries = 0;
  #title = "";
  #block: Uint8Array | undefined;
  #closed = false;

  /** @throws RefusedError what `openSource` throws. */
  constructor(options: SoundFeedOptions) {
    this.#options = options;
    const { limits, stream } = options;
    this.ring = new PieceRing(limits.maxLateMs * 1000, limits.maxKeptBytes);
    this.#maker = new PieceMaker(limits.pieceMs * 1000, limits.maxPieceBytes);
    this.#open();
    this.#recall();
    this.#stopObserving = stream.observe((change) => this.#changed(change));
    this.#tickLater();
  }

  get takerCount(): number {
    return this.#takers.length;
  }

  /** Bits per second of the sound, without framing; undefined in the first seconds. */
  get bitrateBps(): number | undefined {
    const bps = this.#source?.track.bitrateBps ?? 0;
    return bps > 0 ? bps : undefined;
  }

  /** Of the sound as it is sent. */
  get codecs(): readonly string[] {
    return this.#source === undefined ? [] : [this.#source.track.info.codecString];
  }

  /** The metadata block of the present title: the same object for as long as the title is the same. */
  get block(): Uint8Array {
    const title = this.#options.titles.title(this.#options.stream);
    if (this.#block === undefined || title !== this.#title) {
      this.#title = title;
      this.#block = writeMetadataBlock(title);
    }
    return this.#block;
  }

  /** Where a listener begins: so far in the past that its player can start, unless that is long ago. */
  get start(): number {
    const { stream, limits } = this.#options;
    const newest = this.ring.newest;
    const oldestUs = stream.nowUs() - limits.maxLateMs * 1000;
    if (newest === undefined || newest.lastUs < oldestUs) return this.ring.next;
    return this.ring.from(newest.lastUs - limits.burstMs * 1000);
  }

  join(taker: SoundTaker): void {
    if (!this.#closed) this.#takers = [...this.#takers, taker];
  }

  /** The feed closes with its last taker. */
  leave(taker: SoundTaker): void {
    if (!this.#takers.includes(taker)) return;
    this.#takers = this.#takers.filter((other) => other !== taker);
    if (this.#takers.length === 0) this.close("UNUSED");
  }

  /** Ends it for all takers. May be called twice. */
  close(code: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#ticking?.cancel();
    this.#stopObserving();
    this.#flush();
    this.#release();
    this.#options.onClose(this);
    const takers = this.#takers;
    this.#takers = [];
    for (const taker of takers) taker.ended(code);
  }

  frame(frame: Frame): void {
    if (this.#framer === undefined) return;
    this.#retries = 0;
    const piece = this.#maker.push(frame, this.#framer);
    if (piece !== undefined) this.#hand(piece);
  }

  info(info: TrackInfo, track: Track): void {
    if (this.#source?.track !== track) return;
    this.#flush();
    this.#framer = framerOf(info, this.#options.format);
    // The publisher changed its codec: the format may have to be made from now on.
    if (this.#framer === undefined && !track.derived) this.#reopen();
  }

  ended(track: Track): void {
    if (this.#source?.track === track) this.#lost();
  }

  #hand(piece: SoundPiece): void {
    this.ring.push(piece);
    for (const taker of this.#takers) taker.grown();
  }

  #flush(): void {
    const piece = this.#maker.flush();
    if (piece !== undefined) this.#hand(piece);
  }

  #open(): void {
    const { stream, format } = this.#options;
    const source = openSource(stream, format);
    this.#source = source;
    this.#framer = framerOf(source.track.info, format);
    source.track.subscribe(this);
    // A track that ended while it began takes nobody in and says nothing.
    if (source.track.sinkCount === 0) this.#lost();
  }

  /** What the track has kept of the last moments is where the first listener begins. */
  #recall(): void {
    const frames = this.#source?.track.cache.frames ?? [];
    const sinceUs = (frames.at(-1)?.ptsUs ?? 0) - this.#options.limits.burstMs * 1000;
    for (const frame of frames) if (frame.ptsUs >= sinceUs) this.frame(frame);
    this.#flush();
  }

  #release(): void {
    this.#source?.track.unsubscribe(this);
    this.#source?.lease?.release();
    this.#source = undefined;
    this.#framer = undefined;
  }

  #lost(): void {
    this.#flush();
    this.#release();
    this.#retryAtUs = this.#options.clock.nowUs() + this.#options.limits.retryMs * 1000;
  }

  #reopen(): void {
    this.#lost();
    this.#retry();
  }

  #changed(change: StreamChange): void {
    if (change.type === "state") {
      this.#flush();
      if (change.state === "offline") this.close("STREAM_ENDED");
      return;
    }
    if (change.type !== "tracks") return;
    const { stream, format } = this.#options;
    const own = directTrack(stream, format);
    if (this.#source === undefined) this.#retry();
    else if (own !== undefined && own !== this.#source.track) this.#reopen();
  }

  #retry(): void {
    const { stream, limits } = this.#options;
    try {
      this.#retries++;
      this.#open();
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      this.#lost();
      // A stream without a publisher has its own time to wait.
      if (stream.state === "waiting") this.#retries = 0;
      else if (this.#retries >= limits.maxRetries) this.close(error.code);
      return;
    }
    if (this.#retries > limits.maxRetries) this.close("SOUND_UNAVAILABLE");
  }

  #tickLater(): void {
    this.#ticking = this.#options.clock.after(this.#options.limits.tickMs, () => this.#tick());
  }

  #tick(): void {
    this.#tickLater();
    if (this.#source === undefined && this.#options.clock.nowUs() >= this.#retryAtUs) this.#retry();
    for (const taker of this.#takers) taker.tick();
  }
}
