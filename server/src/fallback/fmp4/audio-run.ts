import type { Fmp4Run, Fmp4Sample } from "@millrace/media/fmp4";
import { type Frame, frameSizeBytes } from "@millrace/media/frame";
import { AudioTimes } from "./audio-times.ts";
import type { PreparedAudio } from "./prepared.ts";

interface PlacedFrame {
  readonly frame: Frame;
  readonly at: number;
  readonly length: number;
}

/** The audio frames of the part that is being filled, and those that came early and belong to the next. */
export class AudioRun {
  readonly #prepared: PreparedAudio;
  readonly #times: AudioTimes;
  #frames: PlacedFrame[] = [];

  constructor(prepared: PreparedAudio) {
    this.#prepared = prepared;
    this.#times = new AudioTimes(prepared.track.timescale);
  }

  get length(): number {
    return this.#frames.length;
  }

  get timescale(): number {
    return this.#prepared.track.timescale;
  }

  /** Payload bytes that wait. */
  get sizeBytes(): number {
    let size = 0;
    for (const { frame } of this.#frames) size += frameSizeBytes(frame);
    return size;
  }

  /** Ticks that a frame lasts. @throws ProtocolError when it cannot be read */
  lengthOf(frame: Frame): number {
    return this.#prepared.lengthOf(frame);
  }

  /** False: the frame has no place and is left out. `length` as `lengthOf` says. */
  push(frame: Frame, length: number): boolean {
    const at = this.#times.place(frame.ptsUs, length);
    if (at === undefined) return false;
    this.#frames.push({ frame, at, length });
    return true;
  }

  /** The frames that begin before `endUs`. Undefined when there is none. */
  takeUntil(endUs: number): Fmp4Run | undefined {
    const frames = this.#frames;
    let count = 0;
    while (count < frames.length && (frames[count]?.frame.ptsUs ?? endUs) < endUs) count++;
    const [first] = frames;
    if (first === undefined || count === 0) return undefined;
    const samples = frames.slice(0, count).map(
      ({ frame, at, length }, index): Fmp4Sample => ({
        duration: (frames[index + 1]?.at ?? at + length) - at,
        compositionOffset: 0,
        key: true,
        payload: frame.payload,
      }),
    );
    this.#frames = frames.slice(count);
    return { track: this.#prepared.track, decodeTime: first.at, samples };
  }
}
