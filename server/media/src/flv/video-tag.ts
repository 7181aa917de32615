import { ProtocolError } from "../error/index.ts";
import type { VideoCodec } from "../frame/index.ts";
import { type ExPacket, parseExPackets, parseModEx, VideoPacketType } from "./enhanced.ts";
import { readS24 } from "./tag.ts";

/** Video codecs that FLV carries. */
export type FlvVideoCodec = Exclude<VideoCodec, "jpeg">;

/** The codec, when FLV carries it. @throws RangeError otherwise. */
export function flvVideoCodec(codec: VideoCodec): FlvVideoCodec {
  if (codec === "jpeg") throw new RangeError("jpeg is no picture that FLV carries");
  return codec;
}

/** What a video tag body carries, one item per track. `data` belongs to the body. */
export type VideoPacket =
  | {
      /** Decoder configuration record. */
      readonly type: "config";
      readonly codec: FlvVideoCodec;
      readonly trackId: number;
      readonly data: Uint8Array;
    }
  | {
      readonly type: "frame";
      readonly codec: FlvVideoCodec;
      readonly trackId: number;
      readonly key: boolean;
      /** Presentation minus decoding time in milliseconds. */
      readonly compositionMs: number;
      /** Nanoseconds to add to the presentation time. */
      readonly nanoOffset: number;
      /** H.264 and H.265: NAL units with lengths. */
      readonly data: Uint8Array;
    }
  | { readonly type: "end"; readonly codec: FlvVideoCodec; readonly trackId: number }
  | { readonly type: "metadata"; readonly trackId: number; readonly data: Uint8Array }
  | { readonly type: "command"; readonly command: number }
  | { readonly type: "unsupported"; readonly codec: string; readonly trackId: number };

const exHeaderBit = 0x80;
const frameTypeKey = 1;
const frameTypeGeneratedKey = 4;
const frameTypeCommand = 5;

/** FLV specification 10.1 section E.4.3.1, CodecID. */
export const VideoCodecId = {
  avc: 7,
  /** Not in any specification, but sent by many encoders for H.265 before Enhanced RTMP. */
  hevc: 12,
} as const;

const legacyNames: ReadonlyMap<number, string> = new Map([
  [1, "jpeg"],
  [2, "h263"],
  [3, "screen"],
  [4, "vp6"],
  [5, "vp6a"],
  [6, "screen2"],
  [8, "realh263"],
  [9, "mpeg4"],
]);

const fourCcCodecs: ReadonlyMap<string, FlvVideoCodec> = new Map([
  ["avc1", "h264"],
  ["hvc1", "h265"],
  ["av01", "av1"],
  ["vp09", "vp9"],
  ["vp08", "vp8"],
]);

const avcSequenceHeader = 0;
const avcNalUnits = 1;
const avcEndOfSequence = 2;

/**
 * Reads a video tag body; an empty one carries nothing.
 * @throws ProtocolError `FLV_TAG_TRUNCATED`, `FLV_PACKET_TYPE_UNKNOWN`, `FLV_MULTITRACK_INVALID`, `FLV_TRACKS_TOO_MANY`.
 */
export function parseVideoTag(body: Uint8Array): readonly VideoPacket[] {
  const first = body[0];
  if (first === undefined) return [];
  return (first & exHeaderBit) === 0 ? parseLegacy(body, first) : parseEnhanced(body, first);
}

/** FLV specification 10.1 section E.4.3.1. */
function parseLegacy(body: Uint8Array, first: number): readonly VideoPacket[] {
  const frameType = first >> 4;
  const codecId = first & 0x0f;
  if (frameType === frameTypeCommand) return [{ type: "command", command: body[1] ?? 0 }];
  if (codecId !== VideoCodecId.avc && codecId !== VideoCodecId.hevc) {
    const codec = legacyNames.get(codecId) ?? `video-${codecId}`;
    return [{ type: "unsupported", codec, trackId: 0 }];
  }
  const codec = codecId === VideoCodecId.avc ? "h264" : "h265";
  const packetType = body[1];
  if (packetType === avcEndOfSequence) return [{ type: "end", codec, trackId: 0 }];
  if (body.length < 5) throw truncated(body);
  const data = body.subarray(5);
  if (packetType === avcSequenceHeader) return [{ type: "config", codec, trackId: 0, data }];
  if (packetType !== avcNalUnits) throw unknownType(packetType ?? 0);
  const key = isKey(frameType);
  const compositionMs = readS24(body, 2);
  return [{ type: "frame", codec, trackId: 0, key, compositionMs, nanoOffset: 0, data }];
}

/** Enhanced RTMP v2, "ExVideoTagHeader" and "ExVideoTagBody". */
function parseEnhanced(body: Uint8Array, first: number): readonly VideoPacket[] {
  const frameType = (first >> 4) & 0x07;
  const header = parseModEx(body, 1, first & 0x0f);
  if (header.packetType !== VideoPacketType.metadata && frameType === frameTypeCommand) {
    return [{ type: "command", command: body[header.at] ?? 0 }];
  }
  const key = isKey(frameType);
  const packets = parseExPackets(body, header, VideoPacketType.multitrack);
  return packets.map((packet) => readPacket(packet, key));
}

function readPacket(packet: ExPacket, key: boolean): VideoPacket {
  const { packetType, trackId, nanoOffset, data, fourCc } = packet;
  if (packetType === VideoPacketType.metadata) return { type: "metadata", trackId, data };
  const codec = fourCcCodecs.get(fourCc);
  if (codec === undefined) return { type: "unsupported", codec: fourCc, trackId };
  switch (packetType) {
    case VideoPacketType.sequenceStart:
      return { type: "config", codec, trackId, data };
    case VideoPacketType.sequenceEnd:
      return { type: "end", codec, trackId };
    case VideoPacketType.codedFrames:
      if (codec !== "h264" && codec !== "h265") {
        return { type: "frame", codec, trackId, key, compositionMs: 0, nanoOffset, data };
      }
      if (data.length < 3) throw truncated(data);
      return {
        type: "frame",
        codec,
        trackId,
        key,
        compositionMs: readS24(data, 0),
        nanoOffset,
        data: data.subarray(3),
      };
    case VideoPacketType.codedFramesX:
      return { type: "frame", codec, trackId, key, compositionMs: 0, nanoOffset, data };
    case VideoPacketType.mpeg2TsSequenceStart:
      return { type: "unsupported", codec: `${fourCc}/mpeg2-ts`, trackId };
    default:
      throw unknownType(packetType);
  }
}

function isKey(frameType: number): boolean {
  return frameType === frameTypeKey || frameType === frameTypeGeneratedKey;
}

function truncated(body: Uint8Array): ProtocolError {
  return new ProtocolError("FLV_TAG_TRUNCATED", `a video tag of ${body.length} bytes is cut off`);
}

function unknownType(packetType: number): ProtocolError {
  return new ProtocolError("FLV_PACKET_TYPE_UNKNOWN", `video packet type ${packetType}`);
}
