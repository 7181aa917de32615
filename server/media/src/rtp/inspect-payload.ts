import { inspectAv1Payload } from "./av1-payload.ts";
import { inspectH264Payload } from "./h264-payload-start.ts";
import type { PayloadStart } from "./payload-start.ts";
import { inspectVp8Payload } from "./vp8-payload.ts";
import { inspectVp9Payload } from "./vp9-payload.ts";

/** Video codecs with an RTP payload format here. */
export type RtpVideoCodec = "h264" | "vp8" | "vp9" | "av1";

/**
 * What the payload tells about its frame; see `PayloadStart` for what that means in each codec. Never
 * throws: of bytes that make no sense it says that nothing begins. Reads only the first bytes, in a key
 * frame the parameters of the sequence too.
 */
export function inspectPayload(codec: RtpVideoCodec, payload: Uint8Array): PayloadStart {
  switch (codec) {
    case "h264":
      return inspectH264Payload(payload);
    case "vp8":
      return inspectVp8Payload(payload);
    case "vp9":
      return inspectVp9Payload(payload);
    case "av1":
      return inspectAv1Payload(payload);
  }
}
