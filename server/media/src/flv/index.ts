export {
  type AudioPacket,
  parseAudioTag,
  SoundFormat,
  type SoundHeader,
} from "./audio-tag.ts";
export { ByteQueue } from "./byte-queue.ts";
export { type DemuxedItem, FlvDemuxer } from "./demuxer.ts";
export {
  requiredFourCc,
  tagTypeOf,
  writeConfigBody,
  writeFrameBody,
  writeFrameTag,
} from "./frame-body.ts";
export { MessageBuffer } from "./message-buffer.ts";
export {
  type CaptureMap,
  type Metadata,
  parseMetadata,
  writeMetadataBody,
} from "./metadata.ts";
export {
  defaultFlvReaderLimits,
  type FlvItem,
  FlvReader,
  type FlvReaderLimits,
} from "./reader.ts";
export { type FlvTag, readU24, readU32, TagType, writeU24, writeU32 } from "./tag.ts";
export { type FedFrames, TagFeed, type TagTarget } from "./tag-feed.ts";
export { parseVideoTag, VideoCodecId, type VideoPacket } from "./video-tag.ts";
export { writeFlvHeader, writeFlvTag } from "./writer.ts";
