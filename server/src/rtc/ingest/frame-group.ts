import type { GrowingFrame } from "./growing-frame.ts";
import type { IngestLimits } from "./limits.ts";

const none: readonly GrowingFrame[] = [];

/** The frames since the newest key frame. When they become too many, none is kept until the next key frame. */
export class FrameGroup {
  readonly #limits: IngestLimits;
  // Another array for each group, so that whoever goes through an old one is not disturbed.
  #frames: GrowingFrame[] | undefined;
  #bytes = 0;

  constructor(limits: IngestLimits) {
    this.#limits = limits;
  }

  get frames(): readonly GrowingFrame[] {
    return this.#frames ?? none;
  }

  /** Whether the frame begun last is in the group. */
  get open(): boolean {
    return this.#frames !== undefined;
  }

  begin(frame: GrowingFrame): void {
    if (frame.key) {
      this.#frames = [frame];
      this.#bytes = frame.bytes;
      return;
    }
    if (this.#frames === undefined) return;
    this.#frames.push(frame);
    this.grow(frame.bytes);
    const { groupMaxFrames, groupMaxUs } = this.#limits;
    const spanUs = frame.ptsUs - (this.#frames?.[0]?.ptsUs ?? frame.ptsUs);
    if ((this.#frames?.length ?? 0) > groupMaxFrames || spanUs > groupMaxUs) this.clear();
  }

  /** The newest frame has so many bytes more. */
  grow(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.#limits.groupMaxBytes) this.clear();
  }

  clear(): void {
    this.#frames = undefined;
    this.#bytes = 0;
  }
}
