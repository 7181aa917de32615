import type { Frame, MediaKind } from "@millrace/media/frame";
import type { Clock, Log, RefusedError, Stream, Timer } from "../../core/index.ts";
import type { Fmp4Output, Fmp4Sound } from "./fragments.ts";
import { chooseSource, failedChoice, type SourceChoice } from "./source-choice.ts";
import { type FeedOwner, TrackFeed } from "./track-feed.ts";

const kinds = ["video", "audio"] as const;

export interface SourceSetOptions {
  readonly stream: Stream;
  readonly sound: Fmp4Sound;
  readonly clock: Clock;
  readonly log: Log;
  /** When what could not be had is tried again. Milliseconds. */
  readonly retryMs: number;
  /** Called in the publisher's turn. */
  frame(kind: MediaKind, frame: Frame): void;
}

/** The video and the audio track that fragments are made of, and what stands in for them where they do not fit. */
export class SourceSet implements FeedOwner {
  readonly #options: SourceSetOptions;
  readonly #choices = new Map<MediaKind, SourceChoice>();
  readonly #feeds = new Map<MediaKind, TrackFeed>();
  #retry: Timer | undefined;
  #closed = false;

  constructor(options: SourceSetOptions) {
    this.#options = options;
  }

  /** The kinds that cannot be had, with the reason. */
  get lacks(): Fmp4Output["lacks"] {
    return kinds.flatMap((kind) => {
      const refusal = this.#choices.get(kind)?.refusal;
      return refusal === undefined ? [] : [{ kind, code: refusal.code }];
    });
  }

  /** Why there is nothing at all to make fragments of; undefined when there is something. */
  get refusal(): RefusedError | undefined {
    if (this.#feeds.size > 0) return undefined;
    return kinds.map((kind) => this.#choices.get(kind)?.refusal).find((r) => r !== undefined);
  }

  feed(kind: MediaKind): TrackFeed | undefined {
    return this.#feeds.get(kind);
  }

  /** Takes the tracks that there are now. */
  select(): void {
    if (this.#closed) return;
    for (const kind of kinds) this.#select(kind);
  }

  /** A track cannot be used, although it is there. */
  refuse(kind: MediaKind, code: string): void {
    const choice = this.#choices.get(kind);
    if (choice === undefined) return;
    this.#drop(kind);
    this.#choices.set(kind, failedChoice(choice, code));
    const { stream, log } = this.#options;
    log.warn({ stream: stream.name, kind, code }, "a track is left out of the fragments");
    this.#retryLater();
  }

  frame(kind: MediaKind, frame: Frame): void {
    this.#options.frame(kind, frame);
  }

  feedEnded(kind: MediaKind, code: string): void {
    const { stream } = this.#options;
    if (this.#closed || stream.state === "ended") return;
    if (stream.track(kind) === this.#choices.get(kind)?.origin) this.refuse(kind, code);
    else this.#drop(kind);
  }

  /** May be called twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#retry?.cancel();
    for (const kind of kinds) this.#drop(kind);
  }

  #select(kind: MediaKind): void {
    const { stream, sound } = this.#options;
    const before = this.#choices.get(kind);
    const choice = chooseSource(stream, kind, sound, before);
    if (choice === before) return;
    this.#drop(kind);
    if (choice === undefined) return;
    this.#choices.set(kind, choice);
    if (choice.track !== undefined) {
      const feed = new TrackFeed(kind, choice.track, this);
      this.#feeds.set(kind, feed);
      feed.open();
    } else {
      this.#retryLater();
    }
  }

  #drop(kind: MediaKind): void {
    this.#feeds.get(kind)?.close();
    this.#feeds.delete(kind);
    this.#choices.get(kind)?.lease?.release();
    this.#choices.delete(kind);
  }

  #retryLater(): void {
    this.#retry?.cancel();
    this.#retry = this.#options.clock.after(this.#options.retryMs, () => {
      for (const kind of kinds) {
        if (this.#choices.get(kind)?.refusal !== undefined) this.#drop(kind);
      }
      this.select();
    });
  }
}
