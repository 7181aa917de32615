import { RefusedError } from "../../core/index.ts";
import type { PictureLimits } from "./limits.ts";

/** Source pictures come a little early or late: so much is forgiven, at most half an interval. */
const maxSlackUs = 20_000;

/**
 * Reads `?fps=`, a decimal number; undefined when it is not there.
 * @throws RefusedError `FPS_INVALID` 400 for what is no number or out of range.
 */
export function parseFps(
  query: URLSearchParams,
  limits: Pick<PictureLimits, "minFps" | "maxFps">,
): number | undefined {
  const text = query.get("fps");
  if (text === null) return undefined;
  const { minFps, maxFps } = limits;
  const fps = /^\d{1,3}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  if (!(fps >= minFps && fps <= maxFps)) {
    throw new RefusedError("FPS_INVALID", 400, `fps is a number from ${minFps} to ${maxFps}.`);
  }
  return fps;
}

/** Leaves pictures out so that no more than a rate remain. */
export class RateLimit {
  readonly #intervalUs: number;
  #dueUs = Number.NEGATIVE_INFINITY;

  /** Without a rate every picture is due. */
  constructor(fps: number | undefined) {
    this.#intervalUs = fps === undefined ? 0 : 1_000_000 / fps;
  }

  /** Whether a picture of this time is due; if so, the next one is due an interval later. */
  admits(ptsUs: number): boolean {
    if (ptsUs < this.#dueUs - Math.min(maxSlackUs, this.#intervalUs / 2)) return false;
    // The beat is kept as long as pictures keep up with it; after a pause it begins anew.
    const late = ptsUs - this.#dueUs;
    const base = late < this.#intervalUs ? this.#dueUs : ptsUs;
    this.#dueUs = base + this.#intervalUs;
    return true;
  }
}
