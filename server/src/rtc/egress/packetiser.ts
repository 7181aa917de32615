import type { Frame, TrackInfo } from "@millrace/media/frame";

/** What a frame becomes in RTP. */
export interface Packetised {
  readonly payloads: readonly Uint8Array[];
  /** False when no other frame is predicted from it. */
  readonly reference: boolean;
}

/** Turns the frames of one codec into RTP payloads. */
export interface Packetiser {
  /** The configuration that the frames after this call belong to. */
  configure(info: TrackInfo): void;
  /** Undefined when nothing of the frame is of use to a receiver. */
  packetise(frame: Frame): Packetised | undefined;
}
