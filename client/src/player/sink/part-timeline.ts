import type { PartRecord } from "@millrace/media/parts";

/** Parts whose times differ by less than this from where the one before ended follow it. Microseconds. */
export const maxSeamUs = 100_000;

/** Where a part goes. */
export interface PlacedPart {
  /** What is to be added to the part's own times, seconds. */
  readonly offsetSeconds: number;
  readonly startSeconds: number;
  readonly endSeconds: number;
}

interface Seam {
  readonly endUs: number | undefined;
  readonly mediaEndUs: number;
  readonly offsetUs: number;
}

/**
 * Lays parts one behind the other, from 0 on. The stream's time may jump and parts may be missing: what follows
 * is put where the part before ended, so that playing goes on without a hole.
 */
export class PartTimeline {
  #sequence = Number.NEGATIVE_INFINITY;
  /** End of the part before on the stream's clock. */
  #endUs: number | undefined;
  #mediaEndUs = 0;
  #offsetUs = 0;
  #needsIndependent = true;
  /** What `place` changed last. */
  #before: Seam = { endUs: undefined, mediaEndUs: 0, offsetUs: 0 };

  /** Whether the next part is only taken when playing can start there. */
  get needsIndependent(): boolean {
    return this.#needsIndependent;
  }

  /** Undefined: the part came already, or needs others that are missing. */
  place(part: Omit<PartRecord, "bytes">): PlacedPart | undefined {
    if (part.sequence <= this.#sequence) return undefined;
    if (this.#needsIndependent && !part.independent) return undefined;
    // A number was left out without a word: what refers to it cannot be decoded.
    if (this.#follows(part) === false && !part.independent) {
      this.gap();
      return undefined;
    }
    this.#needsIndependent = false;
    this.#sequence = part.sequence;
    this.#before = {
      endUs: this.#endUs,
      mediaEndUs: this.#mediaEndUs,
      offsetUs: this.#offsetUs,
    };
    const seamUs =
      this.#endUs === undefined ? Number.POSITIVE_INFINITY : part.startUs - this.#endUs;
    if (Math.abs(seamUs) > maxSeamUs) this.#offsetUs = this.#mediaEndUs - part.startUs;
    this.#endUs = part.startUs + part.durationUs;
    const startUs = part.startUs + this.#offsetUs;
    this.#mediaEndUs = startUs + part.durationUs;
    return {
      offsetSeconds: this.#offsetUs / 1e6,
      startSeconds: startUs / 1e6,
      endSeconds: this.#mediaEndUs / 1e6,
    };
  }

  /** Parts are missing; numbers may begin anew. */
  gap(): void {
    this.#needsIndependent = true;
    this.#sequence = Number.NEGATIVE_INFINITY;
  }

  /** The part that was placed last could not be used: its place is free again. Call `gap` where others need it. */
  retract(): void {
    this.#endUs = this.#before.endUs;
    this.#mediaEndUs = this.#before.mediaEndUs;
    this.#offsetUs = this.#before.offsetUs;
  }

  /** The next part is the first of a new timeline. */
  restart(): void {
    this.gap();
    this.#endUs = undefined;
    this.#mediaEndUs = 0;
    this.#offsetUs = 0;
  }

  /** Undefined when there is no part before. */
  #follows(part: Pick<PartRecord, "sequence">): boolean | undefined {
    return Number.isFinite(this.#sequence) ? part.sequence === this.#sequence + 1 : undefined;
  }
}
