export type { Av1Color } from "./color.ts";
export { av1CFixedBytes, videoTrackInfoFromAv1C, writeAv1C } from "./config.ts";
export { isAv1FrameStart, isAv1KeyFrame } from "./frame-type.ts";
export {
  type Leb128,
  leb128SizeBytes,
  type Obu,
  ObuType,
  obuSizeBytes,
  obuType,
  parseObu,
  putLeb128,
  putObu,
  readLeb128,
} from "./obu.ts";
export {
  type Av1SequenceHeader,
  maxAv1SequenceHeaderBytes,
  parseAv1SequenceHeader,
} from "./sequence-header.ts";
