import { ProtocolError } from "../error/index.ts";

/** One access unit put together from the payloads of one RTP timestamp. */
export interface AssembledFrame {
  /** As `Frame.payload` wants it; H.264 a list of NAL units, every other codec one element. */
  readonly payload: readonly Uint8Array[];
  /** Decoding can start here. */
  readonly key: boolean;
  /**
   * Decoder configuration, when this frame carries parameters: avcC, av1C, or contents of vpcC with version
   * and flags. Undefined in other frames, and always for VP8. The same object until its bytes change.
   */
  readonly config: Uint8Array | undefined;
  /** Frame size in pixels as last told; 0 before it was. */
  readonly width: number;
  readonly height: number;
}

/** Bounds on one frame. */
export interface FrameAssemblerLimits {
  /** Bytes of all payloads. Default 8 MiB. */
  readonly maxFrameBytes: number;
  /** Default 16,384. */
  readonly maxPayloads: number;
  /** NAL units of H.264, OBUs of AV1. Default 1,024. */
  readonly maxUnits: number;
}

export const defaultFrameAssemblerLimits: FrameAssemblerLimits = {
  maxFrameBytes: 8 * 1024 * 1024,
  maxPayloads: 16_384,
  maxUnits: 1024,
};

/** What an assembly finds in one frame. */
export interface FrameParts {
  readonly payload: readonly Uint8Array[];
  readonly key: boolean;
  readonly config: Uint8Array | undefined;
  /** 0 unless this frame says. */
  readonly width: number;
  readonly height: number;
}

/** The part of frame assembly that differs between codecs. */
export interface FrameAssembly {
  /**
   * Takes at least one payload. Undefined when there is nothing to decode in them.
   * @throws ProtocolError when they make no whole frame
   */
  assemble(payloads: readonly Uint8Array[]): FrameParts | undefined;
}

/** The error for payloads that make no whole frame. */
export function brokenFrame(message: string): ProtocolError {
  return new ProtocolError("RTP_FRAME_BROKEN", message);
}
