import { ProtocolError } from "../error/index.ts";
import type { VideoTrackInfo } from "../frame/index.ts";
import { type Obu, obuSizeBytes, putObu } from "./obu.ts";
import type { Av1SequenceHeader } from "./sequence-header.ts";

/** Bytes of av1C before its OBUs. */
export const av1CFixedBytes = 4;

const markerAndVersion = 0x81;

/**
 * AV1 Codec ISO Media File Format Binding section 2.3.3: the contents of av1C. `sequence` is what
 * `parseAv1SequenceHeader` gives for the payload of `obu`.
 */
export function writeAv1C(sequence: Av1SequenceHeader, obu: Obu): Uint8Array {
  const { bitDepth, monochrome, subsamplingX, subsamplingY, samplePosition } = sequence.color;
  const out = new Uint8Array(av1CFixedBytes + obuSizeBytes(obu));
  out[0] = markerAndVersion;
  out[1] = (sequence.profile << 5) | sequence.level;
  out[2] =
    (sequence.tier << 7) |
    (bitDepth > 8 ? 0x40 : 0) |
    (bitDepth === 12 ? 0x20 : 0) |
    (monochrome ? 0x10 : 0) |
    (subsamplingX ? 0x08 : 0) |
    (subsamplingY ? 0x04 : 0) |
    samplePosition;
  putObu(out, av1CFixedBytes, obu);
  return out;
}

/**
 * Track information from the contents of av1C. Codec string: AV1 Codec ISO Media File Format Binding
 * section 5, without its optional part.
 * @throws ProtocolError AV1_CONFIG_INVALID
 */
export function videoTrackInfoFromAv1C(
  config: Uint8Array,
  width: number,
  height: number,
): VideoTrackInfo {
  const [first, second = 0, third = 0] = config;
  if (first !== markerAndVersion || config.byteLength < av1CFixedBytes) {
    throw new ProtocolError("AV1_CONFIG_INVALID", `av1C of ${config.byteLength} bytes`);
  }
  const tier = (third & 0x80) === 0 ? "M" : "H";
  const depth = (third & 0x40) === 0 ? 8 : (third & 0x20) === 0 ? 10 : 12;
  const codecString = `av01.${second >>> 5}.${twoDigits(second & 0x1f)}${tier}.${twoDigits(depth)}`;
  return { kind: "video", codec: "av1", config, codecString, width, height, reorderDepth: 0 };
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
