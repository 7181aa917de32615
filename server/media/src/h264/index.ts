export { annexBSizeBytes, splitAnnexB, writeAnnexB } from "./annexb.ts";
export {
  type AccessUnitLimits,
  avccSizeBytes,
  defaultAccessUnitLimits,
  type NalLengthSize,
  putAvcc,
  splitAvcc,
  writeAvcc,
} from "./avcc.ts";
export {
  type AvcConfigLimits,
  type AvcDecoderConfig,
  type AvcParameterSets,
  avcCodecString,
  defaultAvcConfigLimits,
  parseAvcC,
  videoTrackInfoFromAvcC,
  writeAvcC,
} from "./decoder-config.ts";
export {
  hasIdr,
  insertEmulationPrevention,
  isVcl,
  NalType,
  nalRefIdc,
  nalType,
  removeEmulationPrevention,
} from "./nal.ts";
export { isParameterSet, maxPpsBytes, ParameterSets } from "./parameter-sets.ts";
export {
  hasBSlice,
  parseSliceStart,
  type SliceStart,
  type SliceType,
  startsAccessUnit,
} from "./slice-type.ts";
export { maxFrameSidePx, maxSpsBytes, parseSps, type Sps } from "./sps.ts";
export type { Ratio, Vui } from "./vui.ts";
