import type { TrackRequest } from "../process/message.ts";

/** Encodes frames of interleaved stereo sound at 48 kHz. */
export interface SoundEncoder {
  /** What its packets are. */
  readonly info: TrackRequest;
  /**
   * Takes one frame, the first sample of which belongs to `ptsUs`. `emit` gets packets with the time
   * of their first sample; the bytes are valid only during the call.
   * @throws CodecError `TRANSCODE_FAILED`.
   */
  encode(
    ptsUs: number,
    samples: Float32Array,
    emit: (ptsUs: number, payload: Uint8Array) => void,
  ): void;
  /** Gives out what is held back; nothing may be encoded afterwards. */
  flush(emit: (ptsUs: number, payload: Uint8Array) => void): void;
  close(): void;
}
