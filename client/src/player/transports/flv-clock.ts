/** What mpegts.js is given begins here, so that a frame a little before the first one is not negative. Milliseconds. */
export const firstTimeMs = 1000;
/** mpegts.js reads times as signed numbers of 32 bits. */
const maxTimeMs = 0x7fff_ffff;
/** Times that jump by more than this are put together: mpegts.js would show one frame for all of it. Milliseconds. */
export const maxJumpMs = 1000;
/** What is left of such a jump. Milliseconds. */
const seamMs = 40;
/** So many jumps are remembered for what is still shown. */
const maxSeams = 64;

interface Seam {
  /** Times for mpegts.js from here on … */
  readonly fromMs: number;
  /** … are so much less than those of the stream. */
  readonly cutMs: number;
}

/**
 * Times of the tags of an FLV stream, 32 bits wide and on the stream's own clock, as times from `firstTimeMs` on
 * and as places on the timeline of mpegts.js, where the earliest of the first frames is at 0.
 */
export class FlvClock {
  /** The last tag's time as it came, and without wraps from the first tag on. */
  #last: number | undefined;
  #unwrapped = 0;
  #newest = 0;
  #cutMs = 0;
  #seams: readonly Seam[] = [{ fromMs: Number.NEGATIVE_INFINITY, cutMs: 0 }];
  /** Where the timeline begins; fixed once frames are given on. */
  #baseMs = Number.POSITIVE_INFINITY;
  #capture: { readonly streamTimeMs: number; readonly wallMs: number } | undefined;

  get hasFrame(): boolean {
    return Number.isFinite(this.#baseMs);
  }

  /** From the timeline's beginning to the newest tag. Milliseconds. */
  get passedMs(): number {
    return this.#newest - this.#baseMs;
  }

  /** Takes the time of the next tag and gives the one for mpegts.js. `first`: nothing was given on yet. */
  pass(tagMs: number, frame: boolean, first: boolean): number {
    this.#unwrapped += this.#last === undefined ? 0 : (tagMs - this.#last) | 0;
    this.#last = tagMs;
    this.#closeJump(first);
    const ms = Math.max(0, Math.min(maxTimeMs, this.#placed()));
    if (frame && first) this.#baseMs = Math.min(this.#baseMs, ms);
    // Nothing may lie before the beginning: mpegts.js would write negative times.
    const placed = first || !this.hasFrame ? ms : Math.max(ms, this.#baseMs);
    this.#newest = Math.max(this.#newest, placed);
    return placed;
  }

  /** A frame of the stream's time `streamTimeMs`, which does not wrap, was captured at `wallMs`. */
  anchor(streamTimeMs: number, wallMs: number): void {
    if (Number.isFinite(streamTimeMs) && Number.isFinite(wallMs)) {
      this.#capture = { streamTimeMs, wallMs };
    }
  }

  /** Server wall clock in milliseconds at the capture of what is shown there; undefined while not known. */
  captureWallMs(mediaSeconds: number): number | undefined {
    if (this.#capture === undefined || this.#last === undefined || !this.hasFrame) return undefined;
    const { streamTimeMs, wallMs } = this.#capture;
    const placedMs = mediaSeconds * 1000 + this.#baseMs;
    const seam = this.#seams.findLast(({ fromMs }) => fromMs <= placedMs + 1);
    const shownMs = placedMs - firstTimeMs + (seam?.cutMs ?? 0);
    // Both against the last tag, whose time is known in both forms.
    const anchorMs = this.#unwrapped + (((streamTimeMs >>> 0) - this.#last) | 0);
    return wallMs + shownMs - anchorMs - (streamTimeMs - Math.floor(streamTimeMs));
  }

  #placed(): number {
    return firstTimeMs + this.#unwrapped - this.#cutMs;
  }

  #closeJump(first: boolean): void {
    const jumpMs = this.#placed() - this.#newest;
    if (first || Math.abs(jumpMs) <= maxJumpMs) return;
    this.#cutMs += jumpMs - seamMs;
    const seam = { fromMs: this.#placed(), cutMs: this.#cutMs };
    this.#seams = [...this.#seams.slice(1 - maxSeams), seam];
  }
}
