export { type Fmp4Run, type Fmp4Sample, writeChunk } from "./chunk.ts";
export { type Fmp4InitTrack, writeInit } from "./init.ts";
export { findPictureSize } from "./picture-size.ts";
export {
  type Box,
  findBox,
  maxBoxes,
  maxRunSamples,
  type ReadRun,
  type ReadSample,
  readBoxes,
  readChunk,
} from "./reader.ts";
export type { PictureSize } from "./sample-entry.ts";
export {
  audioSampleLength,
  type Fmp4Track,
  fmp4CodecString,
  fmp4Timescale,
  isFmp4Codec,
  isFmp4Ready,
  type SampleLength,
} from "./track.ts";
