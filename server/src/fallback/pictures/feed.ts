import type { Frame } from "@millrace/media/frame";
import { hasJpegEnds } from "@millrace/media/jpeg";
import {
  type Clock,
  type FrameSink,
  RefusedError,
  type Stream,
  type StreamChange,
  type Timer,
  type Track,
  type TrackLease,
} from "../../core/index.ts";
import type { PictureLimits } from "./limits.ts";
import { Picture } from "./picture.ts";

/** Somebody who takes the pictures of a stream. Called in the publisher's turn of the event loop. */
export interface PictureTaker {
  picture(picture: Picture): void;
  /** Some time passed. */
  tick(): void;
  /** Nothing follows. `code` is a stable string. */
  ended(code: string): void;
}

export interface PictureFeedOptions {
  readonly stream: Stream;
  readonly clock: Clock;
  readonly limits: PictureLimits;
  /** Called once when the feed is over, with its last taker or its stream. */
  onClose(feed: PictureFeed): void;
}

/**
 * The pictures of one stream, for everybody who wants some of them. It outlives a publisher that comes
 * back, and gets its pictures anew when what makes them ends.
 */
export class PictureFeed implements FrameSink {
  readonly #options: PictureFeedOptions;
  readonly #stopObserving: () => void;
  // Replaced, never changed in place, so that takers may come or go while a picture is handed out.
  #takers: readonly PictureTaker[] = [];
  #lease: TrackLease | undefined;
  #newest: Picture | undefined;
  #ticking: Timer | undefined;
  #retryAtUs = 0;
  #retries = 0;
  #closed = false;

  /** @throws RefusedError what `Stream.acquire` throws. */
  constructor(options: PictureFeedOptions) {
    this.#options = options;
    this.#acquire();
    this.#stopObserving = options.stream.observe((change) => this.#changed(change));
    this.#tickLater();
  }

  /** The newest picture, if there was one. */
  get newest(): Picture | undefined {
    return this.#newest;
  }

  get takerCount(): number {
    return this.#takers.length;
  }

  /** How old the newest picture is by the stream's clock. Milliseconds; infinite without one. */
  get ageMs(): number {
    if (this.#newest === undefined) return Number.POSITIVE_INFINITY;
    return (this.#options.stream.nowUs() - this.#newest.ptsUs) / 1000;
  }

  join(taker: PictureTaker): void {
    if (!this.#closed) this.#takers = [...this.#takers, taker];
  }

  /** The feed closes with its last taker. */
  leave(taker: PictureTaker): void {
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
    this.#release();
    this.#options.onClose(this);
    const takers = this.#takers;
    this.#takers = [];
    for (const taker of takers) taker.ended(code);
  }

  frame(frame: Frame): void {
    const jpeg = frame.payload[0];
    if (jpeg === undefined || !hasJpegEnds(jpeg)) return;
    this.#retries = 0;
    const picture = this.#take(jpeg, frame.ptsUs);
    for (const taker of this.#takers) taker.picture(picture);
  }

  ended(track: Track): void {
    if (this.#lease?.track === track) this.#lost();
  }

  #take(jpeg: Uint8Array, ptsUs: number): Picture {
    const picture = new Picture(jpeg, ptsUs, this.#options.stream.captureWallMs(ptsUs));
    this.#newest = picture;
    return picture;
  }

  #acquire(): void {
    const lease = this.#options.stream.acquire({ kind: "video", codec: "jpeg" });
    this.#lease = lease;
    const last = lease.track.cache.frames.at(-1);
    const jpeg = last?.payload[0];
    if (last !== undefined && jpeg !== undefined && hasJpegEnds(jpeg)) this.#take(jpeg, last.ptsUs);
    lease.track.subscribe(this);
    // A track that ended while it began takes nobody in and says nothing.
    if (lease.track.sinkCount === 0) this.#lost();
  }

  #release(): void {
    this.#lease?.track.unsubscribe(this);
    this.#lease?.release();
    this.#lease = undefined;
  }

  #lost(): void {
    this.#release();
    this.#retryAtUs = this.#options.clock.nowUs() + this.#options.limits.retryMs * 1000;
  }

  #changed(change: StreamChange): void {
    if (change.type === "state" && change.state === "offline") this.close("STREAM_ENDED");
    else if (change.type === "tracks" && this.#lease === undefined) this.#retry();
  }

  #retry(): void {
    const { stream, limits } = this.#options;
    try {
      this.#retries++;
      this.#acquire();
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      this.#lost();
      // A stream without a publisher has its own time to wait.
      if (stream.state === "waiting") this.#retries = 0;
      else if (this.#retries >= limits.maxRetries) this.close(error.code);
      return;
    }
    if (this.#retries > limits.maxRetries) this.close("PICTURES_UNAVAILABLE");
  }

  #tickLater(): void {
    this.#ticking = this.#options.clock.after(this.#options.limits.repeatMs, () => this.#tick());
  }

  #tick(): void {
    this.#tickLater();
    if (this.#lease === undefined && this.#options.clock.nowUs() >= this.#retryAtUs) this.#retry();
    for (const taker of this.#takers) taker.tick();
  }
}
