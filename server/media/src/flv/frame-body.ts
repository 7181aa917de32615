import type { AudioCodec, Frame, TrackInfo, VideoCodec } from "../frame/index.ts";
import { frameSizeBytes } from "../frame/index.ts";
import { avccSizeBytes, putAvcc } from "../h264/index.ts";
import { SoundFormat } from "./audio-tag.ts";
import { AudioPacketType, VideoPacketType } from "./enhanced.ts";
import { TagType, tagHeaderBytes, writeU24 } from "./tag.ts";
import { type FlvVideoCodec, flvVideoCodec, VideoCodecId } from "./video-tag.ts";
import { allocateTag } from "./writer.ts";

const keyFrame = 1;
const interFrame = 2;
const exHeaderBit = 0x80;
const avcSequenceHeader = 0;
const avcNalUnits = 1;
const aacSequenceHeader = 0;
const aacRaw = 1;
/** FLV specification 10.1 section E.4.2.1: 44 kHz, 16 bit, stereo, whatever the AAC is. */
const aacFlags = (SoundFormat.aac << 4) | 0x0f;
const maxCompositionMs = 0x7f_ffff;

const videoFourCcs: Readonly<Record<Exclude<FlvVideoCodec, "h264">, string>> = {
  h265: "hvc1",
  av1: "av01",
  vp9: "vp09",
  vp8: "vp08",
};
const opusFourCc = "Opus";

/** The FourCC that a player must know to play this track; undefined when FLV as it always was can carry it. */
export function requiredFourCc(codec: VideoCodec | AudioCodec): string | undefined {
  switch (codec) {
    case "opus":
      return opusFourCc;
    case "h265":
    case "av1":
    case "vp9":
    case "vp8":
      return videoFourCcs[codec];
    default:
      return undefined;
  }
}

/** The type of the tags that a track's frames go into. */
export function tagTypeOf(info: TrackInfo): number {
  return info.kind === "video" ? TagType.video : TagType.audio;
}

/** The tag body in front of a track's first frame (sequence header); undefined for codecs that have none. */
export function writeConfigBody(info: TrackInfo): Uint8Array | undefined {
  const { codec, config } = info;
  switch (codec) {
    case "h264":
      return concat([(keyFrame << 4) | VideoCodecId.avc, avcSequenceHeader, 0, 0, 0], config);
    case "aac":
      return concat([aacFlags, aacSequenceHeader], config);
    case "opus": {
      const first = (SoundFormat.exHeader << 4) | AudioPacketType.sequenceStart;
      return concat([first, ...fourCcBytes(opusFourCc)], config);
    }
    case "h265":
    case "av1":
    case "vp9":
    case "vp8": {
      if (config.length === 0) return undefined;
      const first = exHeaderBit | (keyFrame << 4) | VideoPacketType.sequenceStart;
      return concat([first, ...fourCcBytes(videoFourCcs[codec])], config);
    }
    default:
      return undefined;
  }
}

/** Presentation minus decoding time in whole milliseconds, such that equal frames give equal bytes on any time line. */
function compositionMs(frame: Frame): number {
  const ms = Math.floor(frame.ptsUs / 1000) - Math.floor(frame.dtsUs / 1000);
  return Math.max(-maxCompositionMs, Math.min(maxCompositionMs, ms));
}

/** A frame's tag body. @throws RangeError for JPEG. */
export function writeFrameBody(frame: Frame, info: TrackInfo): Uint8Array {
  const header = frameHeader(frame, info);
  const body = new Uint8Array(header.length + payloadBytes(frame, info));
  fillBody(body, 0, header, frame, info);
  return body;
}

/** A frame as a complete FLV tag with its PreviousTagSize. `timestampMs` is the decoding time and wraps at 2^32. */
export function writeFrameTag(frame: Frame, info: TrackInfo, timestampMs: number): Uint8Array {
  const header = frameHeader(frame, info);
  const size = header.length + payloadBytes(frame, info);
  const tag = allocateTag(tagTypeOf(info), timestampMs, size);
  fillBody(tag, tagHeaderBytes, header, frame, info);
  return tag;
}

function payloadBytes(frame: Frame, info: TrackInfo): number {
  return isNalCodec(info) ? avccSizeBytes(frame.payload) : frameSizeBytes(frame);
}

function fillBody(
  out: Uint8Array,
  at: number,
  header: readonly number[],
  frame: Frame,
  info: TrackInfo,
): void {
  out.set(header, at);
  let to = at + header.length;
  if (isNalCodec(info)) {
    putAvcc(out, to, frame.payload);
    return;
  }
  for (const part of frame.payload) {
    out.set(part, to);
    to += part.length;
  }
}

function isNalCodec(info: TrackInfo): boolean {
  return info.codec === "h264" || info.codec === "h265";
}

/** The bytes of a tag body in front of the frame itself. */
function frameHeader(frame: Frame, info: TrackInfo): readonly number[] {
  if (info.kind === "audio") return audioHeader(info.codec, info.sampleRate, info.channels);
  const frameType = (frame.key ? keyFrame : interFrame) << 4;
  const time = compositionMs(frame);
  const codec = flvVideoCodec(info.codec);
  if (codec === "h264") return [frameType | VideoCodecId.avc, avcNalUnits, ...s24(time)];
  const fourCc = fourCcBytes(videoFourCcs[codec]);
  if (codec !== "h265") {
    return [exHeaderBit | frameType | VideoPacketType.codedFrames, ...fourCc];
  }
  if (time === 0) return [exHeaderBit | frameType | VideoPacketType.codedFramesX, ...fourCc];
  return [exHeaderBit | frameType | VideoPacketType.codedFrames, ...fourCc, ...s24(time)];
}

/** FLV specification 10.1 section E.4.2.1; Enhanced RTMP v2, "ExAudioTagHeader". */
function audioHeader(codec: AudioCodec, sampleRate: number, channels: number): readonly number[] {
  const stereo = channels > 1 ? 1 : 0;
  switch (codec) {
    case "aac":
      return [aacFlags, aacRaw];
    case "opus":
      return [
        (SoundFormat.exHeader << 4) | AudioPacketType.codedFrames,
        ...fourCcBytes(opusFourCc),
      ];
    case "mp3":
      if (sampleRate === 8000) return [(SoundFormat.mp3At8k << 4) | 2 | stereo];
      return [(SoundFormat.mp3 << 4) | (soundRate(sampleRate) << 2) | 2 | stereo];
    case "g711a":
      return [(SoundFormat.g711a << 4) | 2 | stereo];
    case "g711u":
      return [(SoundFormat.g711u << 4) | 2 | stereo];
    case "speex":
      return [(SoundFormat.speex << 4) | 4 | 2];
  }
}

function soundRate(sampleRate: number): number {
  if (sampleRate < 8000) return 0;
  if (sampleRate < 16_000) return 1;
  return sampleRate < 32_000 ? 2 : 3;
}

function s24(value: number): readonly number[] {
  const bytes = new Uint8Array(3);
  writeU24(bytes, 0, value);
  return [...bytes];
}

function fourCcBytes(fourCc: string): readonly number[] {
  return [...fourCc].map((character) => character.charCodeAt(0));
}

function concat(head: readonly number[], tail: Uint8Array): Uint8Array {
  const out = new Uint8Array(head.length + tail.length);
  out.set(head);
  out.set(tail, head.length);
  return out;
}
