import { ProtocolError } from "../error/index.ts";
import type { AudioCodec } from "../frame/index.ts";
import { AudioPacketType, type ExPacket, parseExPackets, parseModEx } from "./enhanced.ts";

/** What the first byte of a legacy tag says about the sound; for AAC it says nothing. */
export interface SoundHeader {
  readonly sampleRate: number;
  readonly channels: number;
}

/** What an audio tag body carries, one item per track. `data` belongs to the body. */
export type AudioPacket =
  | {
      /** AudioSpecificConfig or Opus identification header. */
      readonly type: "config";
      readonly codec: AudioCodec;
      readonly trackId: number;
      readonly data: Uint8Array;
    }
  | {
      readonly type: "frame";
      readonly codec: AudioCodec;
      readonly trackId: number;
      /** Nanoseconds to add to the presentation time. */
      readonly nanoOffset: number;
      readonly data: Uint8Array;
      /** Only of legacy tags. */
      readonly sound?: SoundHeader;
    }
  | { readonly type: "end"; readonly codec: AudioCodec; readonly trackId: number }
  /** Enhanced RTMP MultichannelConfig: which speaker each channel is for. */
  | { readonly type: "channels"; readonly trackId: number; readonly data: Uint8Array }
  | { readonly type: "unsupported"; readonly codec: string; readonly trackId: number };

/** FLV specification 10.1 section E.4.2.1, SoundFormat. */
export const SoundFormat = {
  mp3: 2,
  g711a: 7,
  g711u: 8,
  exHeader: 9,
  aac: 10,
  speex: 11,
  mp3At8k: 14,
} as const;

const otherNames: ReadonlyMap<number, string> = new Map([
  [0, "pcm"],
  [1, "adpcm"],
  [3, "pcm-le"],
  [4, "nellymoser"],
  [5, "nellymoser"],
  [6, "nellymoser"],
  [15, "native"],
]);

const fourCcCodecs: ReadonlyMap<string, AudioCodec> = new Map([
  ["mp4a", "aac"],
  ["Opus", "opus"],
  [".mp3", "mp3"],
]);

const soundRates: readonly number[] = [5512, 11_025, 22_050, 44_100];
const aacSequenceHeader = 0;
const aacRaw = 1;

/**
 * Reads an audio tag body; an empty one carries nothing.
 * @throws ProtocolError `FLV_TAG_TRUNCATED`, `FLV_PACKET_TYPE_UNKNOWN`, `FLV_MULTITRACK_INVALID`, `FLV_TRACKS_TOO_MANY`.
 */
export function parseAudioTag(body: Uint8Array): readonly AudioPacket[] {
  const first = body[0];
  if (first === undefined) return [];
  const format = first >> 4;
  if (format !== SoundFormat.exHeader) return parseLegacy(body, first);
  const header = parseModEx(body, 1, first & 0x0f);
  return parseExPackets(body, header, AudioPacketType.multitrack).map(readPacket);
}

/** FLV specification 10.1 section E.4.2.1. */
function parseLegacy(body: Uint8Array, first: number): readonly AudioPacket[] {
  const format = first >> 4;
  const flagged = { sampleRate: soundRates[(first >> 2) & 3] ?? 0, channels: (first & 1) + 1 };
  switch (format) {
    case SoundFormat.aac:
      return parseAac(body);
    case SoundFormat.mp3:
      return [legacyFrame("mp3", body, flagged)];
    case SoundFormat.mp3At8k:
      return [legacyFrame("mp3", body, { ...flagged, sampleRate: 8000 })];
    case SoundFormat.g711a:
      return [legacyFrame("g711a", body, { ...flagged, sampleRate: 8000 })];
    case SoundFormat.g711u:
      return [legacyFrame("g711u", body, { ...flagged, sampleRate: 8000 })];
    case SoundFormat.speex:
      // Section E.4.2.1: Speex in FLV is always 16 kHz mono, whatever the flags say.
      return [legacyFrame("speex", body, { sampleRate: 16_000, channels: 1 })];
    default: {
      const codec = otherNames.get(format) ?? `audio-${format}`;
      return [{ type: "unsupported", codec, trackId: 0 }];
    }
  }
}

function parseAac(body: Uint8Array): readonly AudioPacket[] {
  const packetType = body[1];
  if (packetType === undefined) {
    throw new ProtocolError("FLV_TAG_TRUNCATED", "an AAC tag without packet type");
  }
  const data = body.subarray(2);
  if (packetType === aacSequenceHeader) return [{ type: "config", codec: "aac", trackId: 0, data }];
  if (packetType !== aacRaw) throw unknownType(packetType);
  return [{ type: "frame", codec: "aac", trackId: 0, nanoOffset: 0, data }];
}

function legacyFrame(codec: AudioCodec, body: Uint8Array, sound: SoundHeader): AudioPacket {
  return { type: "frame", codec, trackId: 0, nanoOffset: 0, data: body.subarray(1), sound };
}

/** Enhanced RTMP v2, "ExAudioTagBody". */
function readPacket(packet: ExPacket): AudioPacket {
  const { packetType, trackId, nanoOffset, data, fourCc } = packet;
  const codec = fourCcCodecs.get(fourCc);
  if (codec === undefined) return { type: "unsupported", codec: fourCc, trackId };
  switch (packetType) {
    case AudioPacketType.sequenceStart:
      return { type: "config", codec, trackId, data };
    case AudioPacketType.codedFrames:
      return { type: "frame", codec, trackId, nanoOffset, data };
    case AudioPacketType.sequenceEnd:
      return { type: "end", codec, trackId };
    case AudioPacketType.multichannelConfig:
      return { type: "channels", trackId, data };
    default:
      throw unknownType(packetType);
  }
}

function unknownType(packetType: number): ProtocolError {
  return new ProtocolError("FLV_PACKET_TYPE_UNKNOWN", `audio packet type ${packetType}`);
}
