import type { Clock, Log, Transcoder } from "../core/index.ts";
import type { TranscodeLimits } from "./limits.ts";

export type EngineName = "node-av" | "ffmpeg" | "none";

/** What happened since the start, except for the figures called "now". */
export interface TranscodeCounters {
  /** Derivations now. */
  readonly derivations: number;
  /** Child processes now, warm spare included. */
  readonly processes: number;
  /** Processes now that are ready and have nothing to do: a crash then costs no start. */
  readonly warmSpares: number;
  readonly framesIn: number;
  /** Frames that were not transcoded because a limit was reached. */
  readonly framesDropped: number;
  /** Pictures that were decoded but not encoded, to catch up. */
  readonly framesSkipped: number;
  /** Results handed out: Opus packets, AAC access units, H.264 frames and JPEG pictures. */
  readonly framesOut: number;
  /** Results that were made twice because of a replay, and dropped. */
  readonly duplicates: number;
  /** Frames that the decoder refused. */
  readonly decodeErrors: number;
  /** Child processes that ended unexpectedly, hung ones included. */
  readonly crashes: number;
  /** Child processes that were killed because they did not answer. */
  readonly hangs: number;
  /** Derivations that went on in another process. */
  readonly moves: number;
  /** Derivations given up because they cost too many processes. */
  readonly quarantined: number;
}

/** A Transcoder with processes behind it. */
export interface TranscodePool extends Transcoder {
  readonly engine: EngineName;
  counters(): TranscodeCounters;
  /** The children's process ids, for diagnosis and tests. */
  readonly pids: readonly number[];
  /** Ends all derivations, without telling their sinks, and all processes. May be called twice. */
  close(): Promise<void>;
}

/** What every engine is given. */
export interface EngineOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Processes that work at once. */
  readonly children: number;
  /** Whether one more process is kept ready. */
  readonly warmSpare: boolean;
  readonly opusBitrateBps: number;
  /** Of stereo; mono gets half. */
  readonly aacBitrateBps: number;
  readonly ffmpegPath: string;
  readonly limits: TranscodeLimits;
}

type NowCounter = "derivations" | "processes" | "warmSpares";

/** The figures while they grow. */
export type GrowingCounters = {
  -readonly [Name in Exclude<keyof TranscodeCounters, NowCounter>]: number;
};

/** All zero. */
export function newCounters(): GrowingCounters {
  return {
    framesIn: 0,
    framesDropped: 0,
    framesSkipped: 0,
    framesOut: 0,
    duplicates: 0,
    decodeErrors: 0,
    crashes: 0,
    hangs: 0,
    moves: 0,
    quarantined: 0,
  };
}
