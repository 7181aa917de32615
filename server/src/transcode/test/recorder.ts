import type { AudioTrackInfo, Frame, VideoTrackInfo } from "@millrace/media/frame";
import type { DerivedSink } from "../../core/index.ts";

/** A sink that keeps everything, with the time of its arrival. */
export class Recorder implements DerivedSink {
  readonly infos: (AudioTrackInfo | VideoTrackInfo)[] = [];
  readonly frames: Frame[] = [];
  readonly arrivedMs: number[] = [];
  readonly failures: string[] = [];

  info(info: AudioTrackInfo | VideoTrackInfo): void {
    this.infos.push(info);
  }

  frame(frame: Frame): void {
    this.frames.push(frame);
    this.arrivedMs.push(performance.now());
  }

  failed(code: string): void {
    this.failures.push(code);
  }

  get times(): number[] {
    return this.frames.map((frame) => frame.ptsUs);
  }

  /** The longest time between two arrivals. Milliseconds. */
  get longestGapMs(): number {
    let longest = 0;
    for (const [at, ms] of this.arrivedMs.entries()) {
      if (at > 0) longest = Math.max(longest, ms - (this.arrivedMs[at - 1] ?? ms));
    }
    return longest;
  }
}
