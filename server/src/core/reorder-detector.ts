import type { Frame } from "@millrace/media/frame";

/** So many frames in presentation order prove that an encoder makes no B-frames: more than any reorder depth. */
const framesToTrust = 30;

/**
 * Finds out from composition times whether frames come out of presentation order, for bit streams
 * that do not say so themselves.
 */
export class ReorderDetector {
  #highestPtsUs = Number.NEGATIVE_INFINITY;
  #inOrder = 0;
  #result: boolean | undefined;

  /** True: there are B-frames. False: there are none. Undefined: too early to say. */
  get result(): boolean | undefined {
    return this.#result;
  }

  /** What the decoder configuration says: 0 settles it, more settles it too, undefined leaves it to the frames. */
  declare(reorderDepth: number | undefined): void {
    this.#result = reorderDepth === undefined ? undefined : reorderDepth > 0;
    this.#inOrder = 0;
    this.#highestPtsUs = Number.NEGATIVE_INFINITY;
  }

  /** Returns true when the result changed. A frame out of order overrules a configuration that denies it. */
  push(frame: Frame): boolean {
    if (this.#result === true) return false;
    // A key frame may open a new time line, so order is judged within a group only.
    if (!frame.key && frame.ptsUs < this.#highestPtsUs) {
      this.#result = true;
      return true;
    }
    this.#highestPtsUs = frame.key ? frame.ptsUs : Math.max(this.#highestPtsUs, frame.ptsUs);
    this.#inOrder++;
    if (this.#result === undefined && this.#inOrder >= framesToTrust) {
      this.#result = false;
      return true;
    }
    return false;
  }
}
