export {
  audioTrackInfoForOpus,
  audioTrackInfoFromOpusHead,
  type OpusChannelMapping,
  type OpusIdHeader,
  opusSampleRate,
  parseOpusIdHeader,
  writeOpusIdHeader,
} from "./id-header.ts";
export { maxOpusPacketUs, type OpusMode, type OpusPacketInfo, parseOpusPacket } from "./toc.ts";
