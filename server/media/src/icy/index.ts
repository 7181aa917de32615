export { type ByteTaker, MetadataInterleaver } from "./interleaver.ts";
export {
  type MetadataFields,
  maxMetadataBytes,
  maxTitleBytes,
  parseMetadata,
  unchangedBlock,
  writeMetadataBlock,
} from "./metadata-block.ts";
export { type IcyListener, IcyReader } from "./reader.ts";
