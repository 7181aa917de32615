import { ProtocolError } from "../error/index.ts";
import type { VideoTrackInfo } from "../frame/index.ts";
import type { Vp9FrameHeader } from "./frame-header.ts";

/** Contents of a vpcC box: version and flags, then the record without initialization data. */
export const vpcCBytes = 12;

const boxVersion = 1;
const recordOffset = 4;

/** VP Codec ISO Media File Format Binding v1.0, chroma subsampling. */
const Subsampling = { colocated420: 1, format422: 2, format444: 3 } as const;

/** Largest picture in pixels, largest side, pixels per second: VP9 levels 1 to 6.2. */
const levels: readonly (readonly [number, number, number, number])[] = [
  [10, 36_864, 512, 829_440],
  [11, 73_728, 768, 2_764_800],
  [20, 122_880, 960, 4_608_000],
  [21, 245_760, 1344, 9_216_000],
  [30, 552_960, 2048, 20_736_000],
  [31, 983_040, 2752, 36_864_000],
  [40, 2_228_224, 4160, 83_558_400],
  [41, 2_228_224, 4160, 160_432_128],
  [50, 8_912_896, 8384, 311_951_360],
  [51, 8_912_896, 8384, 588_251_136],
  [52, 8_912_896, 8384, 1_176_502_272],
  [60, 35_651_584, 16_832, 1_176_502_272],
  [61, 35_651_584, 16_832, 2_353_004_544],
];
const highestLevel = 62;
/** A stream does not tell its frame rate; WebRTC seldom goes above this. */
const assumedFrameRate = 60;

/** ISO/IEC 23091-2 colour primaries, transfer characteristics and matrix of color_space 0 to 7. */
const unspecified = [2, 2, 2] as const;
const colors: readonly (readonly [number, number, number])[] = [
  unspecified,
  [5, 6, 5], // ITU-R BT.601
  [1, 1, 1], // ITU-R BT.709
  [6, 6, 6], // SMPTE 170
  [7, 7, 7], // SMPTE 240
  [9, 14, 9], // ITU-R BT.2020
  unspecified,
  [1, 13, 0], // sRGB
];

/**
 * VP Codec ISO Media File Format Binding v1.0, section 2: the contents of vpcC with version and flags.
 * The level is the lowest that has room for the picture at 60 frames per second. Undefined for a header
 * that is no key frame's, and for 4:4:0, which the box cannot say.
 */
export function writeVpcC(header: Vp9FrameHeader): Uint8Array | undefined {
  const { color, profile, width, height } = header;
  if (color === undefined) return undefined;
  const { subsamplingX, subsamplingY } = color;
  if (subsamplingY && !subsamplingX) return undefined;
  const subsampling = subsamplingY
    ? Subsampling.colocated420
    : subsamplingX
      ? Subsampling.format422
      : Subsampling.format444;
  const out = new Uint8Array(vpcCBytes);
  out[0] = boxVersion;
  out[4] = profile;
  out[5] = vp9Level(width, height);
  out[6] = (color.bitDepth << 4) | (subsampling << 1) | (color.fullRange ? 1 : 0);
  out.set(colors[color.colorSpace] ?? unspecified, 7);
  return out;
}

/** The level, ten times its number: 10 to 62. */
function vp9Level(width: number, height: number): number {
  const size = width * height;
  const side = Math.max(width, height);
  for (const [level, maxSize, maxSide, maxRate] of levels) {
    if (size <= maxSize && side <= maxSide && size * assumedFrameRate <= maxRate) return level;
  }
  return highestLevel;
}

/**
 * Track information from the contents of a vpcC box as `writeVpcC` gives them. Codec string: VP Codec ISO
 * Media File Format Binding v1.0, section "Codecs Parameter String", short form.
 * @throws ProtocolError VP9_CONFIG_INVALID
 */
export function videoTrackInfoFromVpcC(
  config: Uint8Array,
  width: number,
  height: number,
): VideoTrackInfo {
  if (config.byteLength < vpcCBytes || config[0] !== boxVersion) {
    throw new ProtocolError("VP9_CONFIG_INVALID", `vpcC of ${config.byteLength} bytes`);
  }
  const [profile = 0, level = 0, depth = 0] = config.subarray(recordOffset);
  const codecString = `vp09.${twoDigits(profile)}.${twoDigits(level)}.${twoDigits(depth >>> 4)}`;
  return { kind: "video", codec: "vp9", config, codecString, width, height, reorderDepth: 0 };
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
