import type { Fmp4Run } from "@millrace/media/fmp4";
import { type Frame, frameSizeBytes, ticksToUs } from "@millrace/media/frame";
import { ProtocolError } from "../../core/index.ts";
import { AudioRun } from "./audio-run.ts";
import type { Fmp4Limits } from "./limits.ts";
import type { PreparedAudio, PreparedVideo } from "./prepared.ts";
import { VideoRun } from "./video-run.ts";

/** A span of the stream, ready to be written. */
export interface CutPart {
  readonly runs: readonly Fmp4Run[];
  readonly independent: boolean;
  readonly discontinuous: boolean;
  readonly startUs: number;
  readonly durationUs: number;
}

/** Tracks whose frames are cut. At least one. */
export interface CutterTracks {
  readonly video: PreparedVideo | undefined;
  readonly audio: PreparedAudio | undefined;
}

/**
 * Cuts the frames of a stream into parts. A part ends where a frame begins that would make it too long,
 * or before a key frame, so every frame's duration is known. With video, video says where parts end;
 * sound belongs to the part of its time, and what comes late goes with the next.
 */
export class PartCutter {
  readonly #limits: Fmp4Limits;
  readonly #emit: (part: CutPart) => void;
  #video: VideoRun | undefined;
  #audio: AudioRun | undefined;
  #awaitsKey = false;
  /** Where the part begins that is being filled, by decoding time; undefined before its first frame. */
  #startUs: number | undefined;
  /** Where everything ends that is known by now. */
  #endUs = Number.NEGATIVE_INFINITY;
  #discontinuous = false;
  /** Video stopped: sound alone says where parts end. */
  #stalled = false;
  #idleMs = 0;
  #bytes = 0;
  /** Frames left out because they cannot be put in a part. */
  dropped = 0;

  constructor(limits: Fmp4Limits, emit: (part: CutPart) => void) {
    this.#limits = limits;
    this.#emit = emit;
  }

  /**
   * Frames after this call belong to these tracks; what waits is given out before. Video begins with a
   * key frame. `endUs`: where the part that waits ends, if that is known.
   */
  configure(tracks: CutterTracks, endUs?: number): void {
    if (endUs !== undefined && this.#startUs !== undefined && endUs > this.#startUs) {
      this.#cut(endUs);
      this.#startUs = undefined;
    }
    this.flush();
    this.#video = tracks.video && new VideoRun(tracks.video);
    this.#audio = tracks.audio && new AudioRun(tracks.audio);
    this.#awaitsKey = this.#video !== undefined;
    this.#stalled = false;
  }

  /** The publisher began anew. */
  restart(): void {
    this.flush();
    this.#discontinuous = true;
    this.#awaitsKey = this.#video !== undefined;
  }

  pushVideo(frame: Frame): void {
    const run = this.#video;
    if (run === undefined) return;
    if (this.#awaitsKey && !frame.key) {
      this.dropped++;
      return;
    }
    this.#idleMs = 0;
    this.#heed(frame.dtsUs);
    if (run.length > 0 && this.#startUs !== undefined) {
      const span = frame.dtsUs - this.#startUs;
      const withFrame = span + Math.min(frame.dtsUs - run.lastUs, this.#limits.partMs * 1000);
      if (frame.key || withFrame > this.#maxPartUs || this.#isFull) this.#cut(frame.dtsUs);
    } else if (frame.key && this.#startUs !== undefined && this.#startUs < frame.dtsUs) {
      this.#cut(frame.dtsUs);
    }
    this.#awaitsKey = false;
    this.#stalled = false;
    this.#begin(frame.dtsUs);
    run.push(frame);
    this.#bytes += frameSizeBytes(frame);
    this.#endUs = Math.max(this.#endUs, frame.dtsUs);
  }

  pushAudio(frame: Frame): void {
    const run = this.#audio;
    if (run === undefined || this.#awaitsKey) return;
    const length = lengthOf(run, frame);
    if (length === undefined) {
      this.dropped++;
      return;
    }
    this.#idleMs = 0;
    this.#heed(frame.ptsUs);
    const lengthUs = ticksToUs(length, run.timescale);
    if (this.#startUs !== undefined) {
      const span = frame.ptsUs - this.#startUs;
      if (this.#video === undefined || this.#stalled) {
        if (span > 0 && span + lengthUs > this.#maxPartUs) this.#cut(frame.ptsUs);
      } else if (span > this.#limits.stallMs * 1000) {
        this.#cut(frame.ptsUs);
        this.#stalled = true;
      }
      if (this.#isFull) this.#cut(frame.ptsUs);
    }
    if (!run.push(frame, length)) {
      this.dropped++;
      return;
    }
    this.#begin(frame.ptsUs);
    this.#bytes += frameSizeBytes(frame);
    this.#endUs = Math.max(this.#endUs, frame.ptsUs + lengthUs);
  }

  /** Call at regular times with the time since: what waits for a frame that does not come is given out. */
  idle(ms: number): void {
    this.#idleMs += ms;
    if (this.#idleMs >= this.#limits.stallMs) this.flush();
  }

  /** Gives out all that waits, the last frame with the duration that it probably has. */
  flush(): void {
    if (this.#startUs === undefined) return;
    this.#cut(Math.max(this.#endUs, this.#video?.probableEndUs ?? this.#endUs));
    this.#startUs = undefined;
  }

  get #maxPartUs(): number {
    return (this.#limits.partMs + this.#limits.partSlackMs) * 1000;
  }

  get #isFull(): boolean {
    const frames = (this.#video?.length ?? 0) + (this.#audio?.length ?? 0);
    return this.#bytes >= this.#limits.maxPartBytes || frames >= this.#limits.maxPartFrames;
  }

  #begin(us: number): void {
    this.#startUs ??= us;
  }

  /** A jump of time ends the part and what comes after is not continuous with it. */
  #heed(us: number): void {
    if (this.#endUs === Number.NEGATIVE_INFINITY) return;
    const gapUs = us - this.#endUs;
    if (gapUs > this.#limits.jumpMs * 1000) {
      this.flush();
      this.#discontinuous = true;
    }
  }

  /** Closes the part at a time, which is where the next one begins. */
  #cut(endUs: number): void {
    const startUs = this.#startUs ?? endUs;
    const video = this.#video?.take(endUs);
    const audio = this.#audio?.takeUntil(endUs);
    this.#bytes = this.#audio?.sizeBytes ?? 0;
    this.#startUs = endUs;
    this.#endUs = Math.max(this.#endUs, endUs);
    const runs = [video, audio].filter((run) => run !== undefined);
    if (runs.length === 0) return;
    const key = video?.samples[0]?.key ?? false;
    const discontinuous = this.#discontinuous;
    this.#discontinuous = false;
    this.#emit({
      runs,
      independent: this.#video === undefined || key,
      discontinuous,
      startUs: Math.max(0, startUs + (this.#video?.shiftUs ?? 0)),
      durationUs: Math.max(1, endUs - startUs),
    });
  }
}

/** Undefined for an access unit that cannot be read. */
function lengthOf(run: AudioRun, frame: Frame): number | undefined {
  try {
    return run.lengthOf(frame);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
