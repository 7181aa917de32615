import type { CaptureMap } from "@millrace/media/flv";
import type { Stream } from "../../core/index.ts";

/** A change of the capture-time map that players hear of before its time. Milliseconds. */
const shiftMs = 5;

/** Tells players when what they see was captured, from time to time, for clocks are set and publishers learn better. */
export class CaptureTime {
  readonly #stream: Stream;
  readonly #intervalUs: number;
  #toldMs: number;
  #toldUs: number;

  constructor(stream: Stream, intervalMs: number) {
    this.#stream = stream;
    this.#intervalUs = intervalMs * 1000;
    this.#toldMs = stream.captureWallMs(0);
    this.#toldUs = stream.nowUs();
  }

  /** The map as it is now. */
  get map(): CaptureMap {
    const streamTimeMs = Math.floor(this.#stream.nowUs() / 1000);
    return { streamTimeMs, wallMs: this.#stream.captureWallMs(streamTimeMs * 1000) };
  }

  /** The map, when those who have it from before should hear it again. */
  repeated(): CaptureMap | undefined {
    const nowUs = this.#stream.nowUs();
    const wallMs = this.#stream.captureWallMs(0);
    const moved = Math.abs(wallMs - this.#toldMs) >= shiftMs;
    if (!moved && nowUs - this.#toldUs < this.#intervalUs) return undefined;
    this.#toldMs = wallMs;
    this.#toldUs = nowUs;
    return this.map;
  }
}
