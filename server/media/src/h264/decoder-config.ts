import { ProtocolError } from "../error/index.ts";
import type { VideoTrackInfo } from "../frame/index.ts";
import type { NalLengthSize } from "./avcc.ts";
import { NalType, nalType } from "./nal.ts";
import { parseSps } from "./sps.ts";

/** AVCDecoderConfigurationRecord, ISO/IEC 14496-15 section 5.3.3.1.2. Parameter sets are whole NAL units. */
export interface AvcDecoderConfig {
  readonly profile: number;
  readonly constraints: number;
  readonly level: number;
  /** Bytes of the length in front of each NAL unit in the samples. */
  readonly lengthSize: NalLengthSize;
  readonly sps: readonly Uint8Array[];
  readonly pps: readonly Uint8Array[];
  readonly spsExtensions: readonly Uint8Array[];
}

/** Bounds on a decoder configuration from a peer. */
export interface AvcConfigLimits {
  /** Bytes of the whole record. Default 65,536. */
  readonly maxBytes: number;
  /** Sequence parameter sets; the format ends at 31. Default 16. */
  readonly maxSps: number;
  /** Picture parameter sets; the format ends at 255. Default 64. */
  readonly maxPps: number;
}

export const defaultAvcConfigLimits: AvcConfigLimits = { maxBytes: 65_536, maxSps: 16, maxPps: 64 };

const recordVersion = 1;
const fixedBytes = 6;
const lengthSizeOffset = 4;
const lengthSizeFourBytes = 0xff;
const formatMaxSps = 31;
const formatMaxPps = 255;
const maxNalBytes = 0xffff;
/** Baseline, Main and Extended have no chroma format and bit depths at the end of the record. */
const profilesWithoutChroma: ReadonlySet<number> = new Set([66, 77, 88]);

/**
 * ISO/IEC 14496-15 section 5.3.3.1.2. The parameter sets are views of `bytes`. The chroma part at
 * the end may be missing, and reserved bits may have any value, because muxers disagree on both.
 * @throws ProtocolError AVCC_VERSION, AVCC_LENGTH_SIZE, AVCC_TRUNCATED, AVCC_TOO_LARGE,
 *   AVCC_TOO_MANY_SETS, AVCC_NAL_TYPE
 */
export function parseAvcC(
  bytes: Uint8Array,
  limits: AvcConfigLimits = defaultAvcConfigLimits,
): AvcDecoderConfig {
  if (bytes.byteLength > limits.maxBytes) {
    throw new ProtocolError("AVCC_TOO_LARGE", `avcC of ${bytes.byteLength} bytes`);
  }
  if (bytes.byteLength <= fixedBytes) {
    throw new ProtocolError("AVCC_TRUNCATED", `avcC of ${bytes.byteLength} bytes`);
  }
  const [version, profile, constraints, level, lengthByte, spsByte] = bytes as unknown as FixedPart;
  if (version !== recordVersion) throw new ProtocolError("AVCC_VERSION", `avcC version ${version}`);
  const lengthSize = (lengthByte & 3) + 1;
  if (lengthSize === 3) throw new ProtocolError("AVCC_LENGTH_SIZE", "NAL lengths of 3 bytes");
  const reader = new SetReader(bytes, fixedBytes);
  const sps = reader.sets(spsByte & 0x1f, limits.maxSps, NalType.sps);
  const pps = reader.sets(reader.byte(), limits.maxPps, NalType.pps);
  const spsExtensions = profilesWithoutChroma.has(profile) ? [] : reader.spsExtensions(limits);
  return {
    profile,
    constraints,
    level,
    lengthSize: lengthSize as NalLengthSize,
    sps,
    pps,
    spsExtensions,
  };
}

type FixedPart = readonly [number, number, number, number, number, number];

class SetReader {
  readonly #bytes: Uint8Array;
  #offset: number;

  constructor(bytes: Uint8Array, offset: number) {
    this.#bytes = bytes;
    this.#offset = offset;
  }

  byte(): number {
    const value = this.#bytes[this.#offset];
    if (value === undefined) throw new ProtocolError("AVCC_TRUNCATED", "avcC ends early");
    this.#offset += 1;
    return value;
  }

  sets(count: number, max: number, type: number): Uint8Array[] {
    if (count > max) throw new ProtocolError("AVCC_TOO_MANY_SETS", `${count} parameter sets`);
    const sets: Uint8Array[] = [];
    for (let i = 0; i < count; i += 1) {
      const size = this.byte() * 256 + this.byte();
      const set = this.#bytes.subarray(this.#offset, this.#offset + size);
      if (set.byteLength < size) throw new ProtocolError("AVCC_TRUNCATED", "avcC ends early");
      this.#offset += size;
      if (size === 0) continue;
      if (nalType(set) !== type) {
        throw new ProtocolError("AVCC_NAL_TYPE", `NAL type ${nalType(set)} instead of ${type}`);
      }
      sets.push(set);
    }
    return sets;
  }

  spsExtensions(limits: AvcConfigLimits): Uint8Array[] {
    const chromaBytes = 3;
    if (this.#bytes.byteLength - this.#offset <= chromaBytes) return [];
    this.#offset += chromaBytes;
    return this.sets(this.byte(), limits.maxSps, NalType.spsExtension);
  }
}

/** What `writeAvcC` needs; an AvcDecoderConfig is one. */
export interface AvcParameterSets {
  readonly sps: readonly Uint8Array[];
  readonly pps: readonly Uint8Array[];
  readonly spsExtensions?: readonly Uint8Array[];
}

/**
 * ISO/IEC 14496-15 section 5.3.3.1.2, always for 4-byte lengths. Profile, level, chroma format and
 * bit depths come from the first sequence parameter set.
 * @throws ProtocolError AVCC_NO_SPS, AVCC_TOO_MANY_SETS, AVCC_TOO_LARGE, and what parseSps throws
 */
export function writeAvcC(sets: AvcParameterSets): Uint8Array {
  const { sps, pps, spsExtensions = [] } = sets;
  const first = sps[0];
  if (first === undefined) throw new ProtocolError("AVCC_NO_SPS", "no sequence parameter set");
  if (
    sps.length > formatMaxSps ||
    pps.length > formatMaxPps ||
    spsExtensions.length > formatMaxPps
  ) {
    throw new ProtocolError("AVCC_TOO_MANY_SETS", `${sps.length} SPS, ${pps.length} PPS`);
  }
  const { profile, constraints, level, chromaFormat, bitDepthLuma, bitDepthChroma } =
    parseSps(first);
  const withChroma = !profilesWithoutChroma.has(profile);
  const size = fixedBytes + setsSize(sps) + 1 + setsSize(pps);
  const out = new Uint8Array(withChroma ? size + 4 + setsSize(spsExtensions) : size);
  out.set([recordVersion, profile, constraints, level, lengthSizeFourBytes, 0xe0 | sps.length]);
  let offset = putSets(out, fixedBytes, sps);
  out[offset] = pps.length;
  offset = putSets(out, offset + 1, pps);
  if (withChroma) {
    out[offset] = 0xfc | chromaFormat;
    out[offset + 1] = 0xf8 | (bitDepthLuma - 8);
    out[offset + 2] = 0xf8 | (bitDepthChroma - 8);
    out[offset + 3] = spsExtensions.length;
    putSets(out, offset + 4, spsExtensions);
  }
  return out;
}

function setsSize(sets: readonly Uint8Array[]): number {
  let size = 0;
  for (const set of sets) {
    if (set.byteLength > maxNalBytes) {
      throw new ProtocolError("AVCC_TOO_LARGE", `parameter set of ${set.byteLength} bytes`);
    }
    size += 2 + set.byteLength;
  }
  return size;
}

function putSets(out: Uint8Array, start: number, sets: readonly Uint8Array[]): number {
  let offset = start;
  for (const set of sets) {
    out[offset] = set.byteLength >>> 8;
    out[offset + 1] = set.byteLength & 0xff;
    out.set(set, offset + 2);
    offset += 2 + set.byteLength;
  }
  return offset;
}

/** RFC 6381 section 3.3: `avc1.` and profile, constraint flags and level in hexadecimal. */
export function avcCodecString(profile: number, constraints: number, level: number): string {
  const hex = (value: number): string => value.toString(16).padStart(2, "0");
  return `avc1.${hex(profile)}${hex(constraints)}${hex(level)}`;
}

/**
 * Track information from an avcC. Its `config` says 4-byte NAL lengths whatever the peer uses, since
 * frames carry no lengths and every egress writes 4 bytes; it is `config` itself when that is so
 * already. Size and order stay unknown when there is no parameter set.
 * @throws ProtocolError what parseAvcC and parseSps throw
 */
export function videoTrackInfoFromAvcC(
  config: Uint8Array,
  limits: AvcConfigLimits = defaultAvcConfigLimits,
): VideoTrackInfo {
  const parsed = parseAvcC(config, limits);
  const [first] = parsed.sps;
  const sps = first === undefined ? undefined : parseSps(first);
  const { profile, constraints, level } = sps ?? parsed;
  return {
    kind: "video",
    codec: "h264",
    config: parsed.lengthSize === 4 ? config : withFourByteLengths(config),
    codecString: avcCodecString(profile, constraints, level),
    width: sps?.width ?? 0,
    height: sps?.height ?? 0,
    reorderDepth: sps?.reorderDepth,
  };
}

function withFourByteLengths(config: Uint8Array): Uint8Array {
  const copy = config.slice();
  copy[lengthSizeOffset] = lengthSizeFourBytes;
  return copy;
}
