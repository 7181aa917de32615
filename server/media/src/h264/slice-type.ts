import { BitReader } from "../bits/index.ts";
import { ProtocolError } from "../error/index.ts";
import { isVcl, NalType, nalType, removeEmulationPrevention } from "./nal.ts";

/** ITU-T H.264 table 7-6, slice_type modulo 5. */
export type SliceType = "P" | "B" | "I" | "SP" | "SI";

/** The first two fields of a slice header. */
export interface SliceStart {
  /** first_mb_in_slice: 0 where a picture begins. */
  readonly firstMb: number;
  readonly type: SliceType;
}

const sliceTypes: readonly SliceType[] = ["P", "B", "I", "SP", "SI"];
/** Two exponential Golomb codes of 32 bits have 126 bits; emulation prevention adds at most half. */
const headerBytes = 24;

/**
 * ITU-T H.264 section 7.3.3. Undefined when the NAL unit is no slice (types 1, 2 and 5).
 * @throws ProtocolError H264_SLICE_TYPE, BITS_EXHAUSTED, BITS_EXP_GOLOMB
 */
export function parseSliceStart(nal: Uint8Array): SliceStart | undefined {
  const kind = nalType(nal);
  if (kind !== NalType.slice && kind !== NalType.idr && kind !== NalType.partitionA)
    return undefined;
  const bits = new BitReader(removeEmulationPrevention(nal.subarray(1, headerBytes)));
  const firstMb = bits.ue();
  const code = bits.ue();
  const type = code < 2 * sliceTypes.length ? sliceTypes[code % sliceTypes.length] : undefined;
  if (type === undefined) throw new ProtocolError("H264_SLICE_TYPE", `slice type ${code}`);
  return { firstMb, type };
}

/**
 * Whether an access unit has a B slice. An access unit without one can still be shown out of order.
 * @throws ProtocolError what parseSliceStart throws
 */
export function hasBSlice(nals: readonly Uint8Array[]): boolean {
  for (const nal of nals) if (parseSliceStart(nal)?.type === "B") return true;
  return false;
}

/**
 * ITU-T H.264 section 7.4.1.2.3: whether a NAL unit that follows a slice (`afterVcl`) begins the next
 * access unit. Holds for streams without arbitrary slice order and without redundant pictures, which
 * only the Extended profile and rare Baseline streams have. Each field of a frame coded as two fields is
 * an access unit of its own.
 */
export function startsAccessUnit(nal: Uint8Array, afterVcl: boolean): boolean {
  if (!afterVcl) return false;
  const kind = nalType(nal);
  if (isVcl(nal)) {
    // first_mb_in_slice is 0 exactly when its code is the single bit 1.
    return (
      kind !== NalType.partitionB && kind !== NalType.partitionC && ((nal[1] ?? 0) & 0x80) !== 0
    );
  }
  return (
    (kind >= NalType.sei && kind <= NalType.accessUnitDelimiter) ||
    (kind >= NalType.prefix && kind <= NalType.reserved18)
  );
}
