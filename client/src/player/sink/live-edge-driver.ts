import type { Scheduler } from "../scheduler.ts";
import type { LiveEdge } from "./live-edge.ts";

/** The part of a `<video>` that the control of its distance from the live edge needs. */
export interface EdgeMedia {
  currentTime: number;
  playbackRate: number;
  preservesPitch: boolean;
  readonly buffered: Pick<TimeRanges, "length" | "start" | "end">;
  readonly paused: boolean;
  readonly seeking: boolean;
  readonly readyState: number;
}

/** How often the element is looked at. Milliseconds. */
export const edgeTickMs = 100;

/** HTMLMediaElement.HAVE_FUTURE_DATA. */
const haveFutureData = 3;

/** Does to an element what its `LiveEdge` says, from `start` until `close`. */
export class LiveEdgeDriver {
  readonly #media: EdgeMedia;
  readonly #edge: LiveEdge;
  readonly #scheduler: Scheduler;
  readonly #isHidden: () => boolean;
  #cancel: (() => void) | undefined;
  #open = false;

  constructor(
    media: EdgeMedia,
    edge: LiveEdge,
    scheduler: Scheduler,
    isHidden: () => boolean = pageIsHidden,
  ) {
    this.#media = media;
    this.#edge = edge;
    this.#scheduler = scheduler;
    this.#isHidden = isHidden;
  }

  /** May be called twice. */
  start(): void {
    if (this.#open) return;
    this.#open = true;
    this.#media.preservesPitch = true;
    this.#later();
  }

  /** Media came: looks at once, so that the distance just after it is known. */
  look(): void {
    if (!this.#open) return;
    const media = this.#media;
    const { rate, seekTo } = this.#edge.update({
      nowMs: this.#scheduler.nowMs(),
      position: media.currentTime,
      ranges: rangesOf(media.buffered),
      playing: !media.paused,
      seeking: media.seeking,
      starved: media.readyState < haveFutureData,
      hidden: this.#isHidden(),
    });
    if (media.playbackRate !== rate) media.playbackRate = rate;
    if (seekTo !== undefined) media.currentTime = seekTo;
  }

  /** The element has another timeline from now on. */
  restart(): void {
    this.#edge.reset();
  }

  /** The element plays at its own pace again. May be called twice. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#cancel?.();
    if (this.#media.playbackRate !== 1) this.#media.playbackRate = 1;
  }

  #later(): void {
    this.#cancel = this.#scheduler.after(edgeTickMs, () => {
      this.look();
      this.#later();
    });
  }
}

/** Start and end of each range, seconds. */
export function rangesOf(
  buffered: Pick<TimeRanges, "length" | "start" | "end">,
): readonly (readonly [number, number])[] {
  return Array.from({ length: buffered.length }, (_, index) => [
    buffered.start(index),
    buffered.end(index),
  ]);
}

/** Seconds between the position and the end of what is buffered; 0 without any. */
export function bufferedAhead(media: Pick<EdgeMedia, "buffered" | "currentTime">): number {
  const end = rangesOf(media.buffered).at(-1)?.[1];
  return end === undefined ? 0 : Math.max(0, end - media.currentTime);
}

/** Safari drops frames and sound while the rate differs from 1. */
export function canChaseSmoothly(vendor: string = globalThis.navigator?.vendor ?? ""): boolean {
  return !vendor.startsWith("Apple");
}

/** Whether nobody can see the page. */
export function pageIsHidden(): boolean {
  return globalThis.document?.visibilityState === "hidden";
}
