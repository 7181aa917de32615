import {
  av1CFixedBytes,
  ObuType,
  obuType,
  parseAv1SequenceHeader,
  readLeb128,
} from "../av1/index.ts";
import { BitReader } from "../bits/index.ts";
import { ProtocolError } from "../error/index.ts";
import type { Frame, VideoTrackInfo } from "../frame/index.ts";
import { maxFrameSidePx, removeEmulationPrevention } from "../h264/index.ts";
import { parseVp9FrameHeader } from "../vp9/index.ts";
import type { PictureSize } from "./sample-entry.ts";

const hevcConfigBytes = 23;
const hevcSps = 33;
const maxSpsBytes = 4096;
const chroma444 = 3;
/** Table 6-1 of H.265: luma samples per chroma sample, by chroma_format_idc. */
const widthUnits = [1, 2, 2, 1] as const;
const heightUnits = [1, 2, 1, 1] as const;

/**
 * The size of a track's pictures, for publishers that do not tell it: out of the configuration, or for
 * VP9 out of its first key frame. Undefined when that says nothing either.
 */
export function findPictureSize(info: VideoTrackInfo, key: Frame): PictureSize | undefined {
  if (info.width > 0 && info.height > 0) return { width: info.width, height: info.height };
  try {
    const size = readSize(info, key);
    return size !== undefined && isPlausible(size) ? size : undefined;
  } catch (error) {
    // The size is advice; what is broken here a decoder will say.
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

function isPlausible({ width, height }: PictureSize): boolean {
  return width > 0 && height > 0 && width <= maxFrameSidePx && height <= maxFrameSidePx;
}

function readSize(info: VideoTrackInfo, key: Frame): PictureSize | undefined {
  const [payload = new Uint8Array(0)] = key.payload;
  switch (info.codec) {
    case "av1":
      return av1Size(info.config);
    case "vp9": {
      const { width, height } = parseVp9FrameHeader(payload);
      return { width, height };
    }
    case "h265":
      return hevcSize(info.config);
    default:
      return undefined;
  }
}

/** AV1 Codec ISO Media File Format Binding section 2.3.3: the sequence header is the first OBU of av1C. */
function av1Size(config: Uint8Array): PictureSize | undefined {
  const obu = config.subarray(av1CFixedBytes);
  const size = readLeb128(obu, 1);
  if (obuType(obu) !== ObuType.sequenceHeader || size === undefined) return undefined;
  const { width, height } = parseAv1SequenceHeader(obu.subarray(size.end, size.end + size.value));
  return { width, height };
}

/** The first sequence parameter set of a HEVCDecoderConfigurationRecord, ISO/IEC 14496-15 section 8.3.3.1. */
function hevcSize(record: Uint8Array): PictureSize | undefined {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  const arrays = record[hevcConfigBytes - 1] ?? 0;
  let at = hevcConfigBytes;
  for (let array = 0; array < arrays; array++) {
    if (at + 3 > record.byteLength) return undefined;
    const type = view.getUint8(at) & 0x3f;
    const count = view.getUint16(at + 1);
    at += 3;
    for (let index = 0; index < count; index++) {
      if (at + 2 > record.byteLength) return undefined;
      const size = view.getUint16(at);
      if (type === hevcSps) return spsSize(record.subarray(at + 2, at + 2 + size));
      at += 2 + size;
    }
  }
  return undefined;
}

/** ITU-T H.265 section 7.3.2.2.1 up to the conformance window. */
function spsSize(nal: Uint8Array): PictureSize | undefined {
  if (nal.byteLength > maxSpsBytes) return undefined;
  const bits = new BitReader(removeEmulationPrevention(nal));
  bits.skip(16 + 4); // NAL unit header, sps_video_parameter_set_id
  const subLayers = bits.bits(3);
  bits.skip(1);
  skipProfileTierLevel(bits, subLayers);
  bits.ue(); // sps_seq_parameter_set_id
  const chroma = bits.ue();
  const separatePlanes = chroma === chroma444 && bits.flag();
  const width = bits.ue();
  const height = bits.ue();
  if (!bits.flag()) return { width, height };
  const [left, right, top, bottom] = [bits.ue(), bits.ue(), bits.ue(), bits.ue()];
  const unit = separatePlanes ? 0 : chroma;
  return {
    width: width - (widthUnits[unit] ?? 1) * (left + right),
    height: height - (heightUnits[unit] ?? 1) * (top + bottom),
  };
}

/** Section 7.3.3. */
function skipProfileTierLevel(bits: BitReader, subLayers: number): void {
  bits.skip(88 + 8);
  const present: (readonly [boolean, boolean])[] = [];
  for (let index = 0; index < subLayers; index++) present.push([bits.flag(), bits.flag()]);
  if (subLayers > 0) bits.skip(2 * (8 - subLayers));
  for (const [profile, level] of present) bits.skip((profile ? 88 : 0) + (level ? 8 : 0));
}
