import type { FrameMessage, OpenRequest, TrackRequest } from "../process/message.ts";

/** Where a job's results go. */
export interface JobOutput {
  info(info: TrackRequest): void;
  /** Copies the payload before it returns. */
  packet(key: boolean, ptsUs: number, payload: Uint8Array): void;
}

/** One derivation inside a codec process. Calls never overlap. */
export interface CodecJob {
  /** Frames that the decoder refused, since the job began here. */
  readonly decodeErrors: number;
  /** Frames that were decoded but not encoded, to catch up. */
  readonly skippedFrames: number;
  /** @throws CodecError when nothing can be made of this configuration. */
  configure(source: TrackRequest): Promise<void>;
  /** `lagUs`: how much newer the newest frame is that already came for this job. */
  frame(frame: FrameMessage, lagUs: number): Promise<void>;
  /** What another process needs to go on after the frames so far. */
  checkpoint(): Uint8Array;
  close(): void;
}

export type OpenJob = (request: OpenRequest, output: JobOutput) => Promise<CodecJob>;

/** A derivation that cannot go on. `code` is a stable string. */
export class CodecError extends Error {
  override readonly name = "CodecError";
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
