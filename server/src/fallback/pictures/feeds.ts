import type { Clock, Stream } from "../../core/index.ts";
import { HttpRefusal } from "../door/problem.ts";
import { PictureFeed } from "./feed.ts";
import type { PictureLimits } from "./limits.ts";

/** The one feed of each stream whose pictures somebody wants. */
export class PictureFeeds {
  readonly #clock: Clock;
  readonly #limits: PictureLimits;
  readonly #feeds = new Map<Stream, PictureFeed>();

  constructor(clock: Clock, limits: PictureLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  get size(): number {
    return this.#feeds.size;
  }

  /**
   * The stream's feed. Whoever asks joins it in the same turn of the event loop, or calls `drop`.
   * @throws RefusedError `STREAM_NOT_READY` 503, `TRACK_MISSING` 404, `NO_TRANSCODER` 501 or what the transcoder says.
   */
  of(stream: Stream): PictureFeed {
    const present = this.#feeds.get(stream);
    if (present !== undefined) return present;
    checkVideo(stream);
    const feed = new PictureFeed({
      stream,
      clock: this.#clock,
      limits: this.#limits,
      onClose: (closed) => {
        if (this.#feeds.get(stream) === closed) this.#feeds.delete(stream);
      },
    });
    this.#feeds.set(stream, feed);
    return feed;
  }

  /** Gives up a feed that nobody joined. */
  drop(feed: PictureFeed): void {
    if (feed.takerCount === 0) feed.close("UNUSED");
  }

  /** May be called twice. */
  close(reason: string): void {
    for (const feed of [...this.#feeds.values()]) feed.close(reason);
  }
}

/** @throws RefusedError `STREAM_NOT_READY` 503 while no track is known, `TRACK_MISSING` 404. */
export function checkVideo(stream: Stream): void {
  if (stream.track("video") !== undefined) return;
  if (stream.tracks.length === 0) {
    throw new HttpRefusal("STREAM_NOT_READY", 503, "The stream has no tracks yet.", {
      "Retry-After": "1",
    });
  }
  throw new HttpRefusal("TRACK_MISSING", 404, "The stream has no video.");
}
