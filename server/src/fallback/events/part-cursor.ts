import type { Fmp4Part } from "../fmp4/fragments.ts";
import type { PartFeed } from "./part-feed.ts";
import type { Place } from "./place.ts";

/** A client's way through the parts that a feed keeps: nothing is queued for it. */
export class PartCursor {
  readonly #feed: PartFeed;
  /** Undefined: begins at the latest independent part. */
  #next: number | undefined;
  #initId: number | undefined;
  #gap: number | undefined;
  #last: number | undefined;
  #newInit = false;
  #atHead = false;
  /** Parts that the client was not given because it was too slow or away. */
  missed = 0;

  /** `knowsInit`: who comes back still has what it was given. */
  constructor(feed: PartFeed, place: Place["media"], knowsInit: boolean) {
    this.#feed = feed;
    if (place === undefined) return;
    const { parts, nextSequence } = feed.output;
    if (place.feed !== feed.id || place.part >= nextSequence) {
      this.#gap = 0;
      return;
    }
    this.#next = place.part + 1;
    this.#last = place.part;
    if (knowsInit) this.#initId = partAt(parts, place.part)?.init.id;
  }

  /** The last part that the client has; undefined when nothing it has can be gone on from. */
  get last(): number | undefined {
    return this.#last;
  }

  /** Whether the part that was taken last needs an init that the client lacks. */
  get newInit(): boolean {
    return this.#newInit;
  }

  /** How many parts are missing before the next one; undefined: none. 0: nobody knows. Forgotten by reading. */
  takeGap(): number | undefined {
    const gap = this.#gap;
    this.#gap = undefined;
    return gap;
  }

  /** Whether `take` or `takeGap` has something. */
  get pending(): boolean {
    if (this.#gap !== undefined) return true;
    const { parts, nextSequence } = this.#feed.output;
    if (this.#next === undefined) return latestIndependent(parts) !== undefined;
    return parts.length > 0 && this.#next < nextSequence;
  }

  /** The next part; undefined when there is none yet. A gap before it must be read after this. */
  take(): Fmp4Part | undefined {
    const { parts } = this.#feed.output;
    if (this.#next !== undefined && parts.length > 0 && this.#next < (parts[0]?.sequence ?? 0)) {
      this.#jump(parts);
    }
    const part = this.#next === undefined ? latestIndependent(parts) : partAt(parts, this.#next);
    if (part === undefined) {
      this.#atHead = true;
      return undefined;
    }
    this.#newInit = part.init.id !== this.#initId;
    this.#initId = part.init.id;
    this.#next = part.sequence + 1;
    this.#last = part.sequence;
    return part;
  }

  /**
   * Jumps to the latest independent part when the next one is older than that and more than `maxLagUs` of
   * media wait. Not while a client still catches up after it came.
   */
  skipLate(maxLagUs: number): void {
    if (!this.#atHead || this.#next === undefined) return;
    const { parts } = this.#feed.output;
    const part = partAt(parts, this.#next);
    const newest = parts.at(-1);
    if (part === undefined || newest === undefined) return;
    if (newest.startUs + newest.durationUs - part.startUs > maxLagUs) this.#jump(parts);
  }

  #jump(parts: readonly Fmp4Part[]): void {
    const target = latestIndependent(parts);
    if (target === undefined || this.#next === undefined || target.sequence <= this.#next) return;
    const missed = target.sequence - this.#next;
    this.missed += missed;
    this.#gap = (this.#gap ?? 0) + missed;
    this.#next = target.sequence;
    this.#last = undefined;
  }
}

/** Numbers grow by one within the list. */
function partAt(parts: readonly Fmp4Part[], sequence: number): Fmp4Part | undefined {
  const first = parts[0];
  return first === undefined ? undefined : parts[sequence - first.sequence];
}

function latestIndependent(parts: readonly Fmp4Part[]): Fmp4Part | undefined {
  return parts.findLast((part) => part.independent);
}
