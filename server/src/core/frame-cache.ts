import { type Frame, frameSizeBytes } from "@millrace/media/frame";

/** What a late viewer needs to start at once. The list and its frames must not be changed by the reader. */
export interface FrameCache {
  readonly frames: readonly Frame[];
  readonly sizeBytes: number;
  /** Decoding time of the first frame; undefined while empty. */
  readonly startUs: number | undefined;
}

export interface FrameCacheLimits {
  readonly maxBytes: number;
  readonly maxUs: number;
}

/**
 * The current group of pictures of one video track, from its key frame. A group that grows over a
 * limit is given up until the next key frame, for a part of it is of no use to anybody.
 */
export class GopCache implements FrameCache {
  readonly #limits: FrameCacheLimits;
  #frames: Frame[] = [];
  #sizeBytes = 0;
  /** Groups given up because they grew over a limit. */
  overflows = 0;

  constructor(limits: FrameCacheLimits) {
    this.#limits = limits;
  }

  get frames(): readonly Frame[] {
    return this.#frames;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get startUs(): number | undefined {
    return this.#frames[0]?.dtsUs;
  }

  push(frame: Frame): void {
    if (frame.key) this.clear();
    else if (this.#frames.length === 0) return;
    this.#frames.push(frame);
    this.#sizeBytes += frameSizeBytes(frame);
    const spanUs = frame.dtsUs - (this.startUs ?? frame.dtsUs);
    if (this.#sizeBytes > this.#limits.maxBytes || spanUs > this.#limits.maxUs) {
      this.overflows++;
      this.clear();
    }
  }

  clear(): void {
    // A new list, for a reader may still hold the old one.
    this.#frames = [];
    this.#sizeBytes = 0;
  }
}

/** The audio frames that belong to the current group of pictures, or the latest ones without video. */
export class AudioCache implements FrameCache {
  readonly #limits: FrameCacheLimits;
  #frames: Frame[] = [];
  #first = 0;
  #sizeBytes = 0;

  constructor(limits: FrameCacheLimits) {
    this.#limits = limits;
  }

  get frames(): readonly Frame[] {
    this.#compact();
    return this.#frames;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get startUs(): number | undefined {
    return this.#frames[this.#first]?.dtsUs;
  }

  push(frame: Frame): void {
    this.#frames.push(frame);
    this.#sizeBytes += frameSizeBytes(frame);
    this.dropBefore(frame.dtsUs - this.#limits.maxUs);
    while (this.#sizeBytes > this.#limits.maxBytes && this.#first < this.#frames.length) {
      this.#drop();
    }
  }

  /** Forgets frames whose decoding time is before `us`. */
  dropBefore(us: number): void {
    while ((this.startUs ?? us) < us) this.#drop();
    if (this.#first > 256) this.#compact();
  }

  clear(): void {
    this.#frames = [];
    this.#first = 0;
    this.#sizeBytes = 0;
  }

  #drop(): void {
    const frame = this.#frames[this.#first];
    if (frame !== undefined) this.#sizeBytes -= frameSizeBytes(frame);
    this.#first++;
  }

  #compact(): void {
    if (this.#first === 0) return;
    this.#frames = this.#frames.slice(this.#first);
    this.#first = 0;
  }
}

/** How much cached sound a transcoder is given at once: longer groups of pictures begin in silence. */
export const cachedSoundLimits: FrameCacheLimits & {
  /** The same where there is no picture. Microseconds. */
  readonly maxAloneUs: number;
} = { maxUs: 8_000_000, maxBytes: 256 * 1024, maxAloneUs: 2_000_000 };

/** The newest of a track's cached sound within the limits: from `pictureStartUs` on, or without pictures a little of it. */
export function cachedSound(
  frames: readonly Frame[],
  pictureStartUs: number | undefined,
): readonly Frame[] {
  const { maxUs, maxBytes, maxAloneUs } = cachedSoundLimits;
  const newestUs = frames.at(-1)?.dtsUs ?? 0;
  const fromUs = Math.max(pictureStartUs ?? newestUs - maxAloneUs, newestUs - maxUs);
  let sizeBytes = 0;
  let first = frames.length;
  for (let index = first - 1; index >= 0; index--) {
    const frame = frames[index];
    if (frame === undefined || frame.dtsUs < fromUs) break;
    sizeBytes += frameSizeBytes(frame);
    if (sizeBytes > maxBytes) break;
    first = index;
  }
  return frames.slice(first);
}
