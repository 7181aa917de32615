import type { Clock, Stream } from "../../core/index.ts";
import { SoundFeed } from "./feed.ts";
import type { SoundFormat } from "./format.ts";
import type { SoundLimits } from "./limits.ts";
import type { TitleBoard } from "./title-board.ts";

/** The one feed of each stream and format that somebody listens to. */
export class SoundFeeds {
  readonly #clock: Clock;
  readonly #limits: SoundLimits;
  readonly #titles: TitleBoard;
  readonly #feeds: Readonly<Record<SoundFormat, Map<Stream, SoundFeed>>> = {
    aac: new Map(),
    mp3: new Map(),
  };

  constructor(clock: Clock, limits: SoundLimits, titles: TitleBoard) {
    this.#clock = clock;
    this.#limits = limits;
    this.#titles = titles;
  }

  get size(): number {
    return this.#feeds.aac.size + this.#feeds.mp3.size;
  }

  /**
   * The stream's feed. Whoever asks joins it in the same turn of the event loop, or calls `drop`.
   * @throws RefusedError what `openSource` throws.
   */
  of(stream: Stream, format: SoundFormat): SoundFeed {
    const feeds = this.#feeds[format];
    const present = feeds.get(stream);
    if (present !== undefined) return present;
    const feed = new SoundFeed({
      stream,
      format,
      clock: this.#clock,
      limits: this.#limits,
      titles: this.#titles,
      onClose: (closed) => {
        if (feeds.get(stream) === closed) feeds.delete(stream);
      },
    });
    feeds.set(stream, feed);
    return feed;
  }

  /** Gives up a feed that nobody joined. */
  drop(feed: SoundFeed): void {
    if (feed.takerCount === 0) feed.close("UNUSED");
  }

  /** May be called twice. */
  close(reason: string): void {
    for (const feeds of Object.values(this.#feeds)) {
      for (const feed of [...feeds.values()]) feed.close(reason);
    }
  }
}
