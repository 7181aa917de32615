import type { Codec, Frame, TrackInfo } from "@millrace/media/frame";
import { avccSizeBytes, putAvcc } from "@millrace/media/h264";
import { audioTrackInfoForOpus } from "@millrace/media/opus";

// Just enough Matroska (RFC 9559, on EBML, RFC 8794) to feed ffmpeg one track with exact times.

const codecIds: Readonly<Partial<Record<Codec, string>>> = {
  opus: "A_OPUS",
  h265: "V_MPEGH/ISO/HEVC",
  vp8: "V_VP8",
  vp9: "V_VP9",
  av1: "V_AV1",
};

/** RFC 9559 section 5.1. */
const Id = {
  ebml: 0x1a45dfa3,
  docType: 0x4282,
  docTypeVersion: 0x4287,
  docTypeReadVersion: 0x4285,
  segment: 0x18538067,
  info: 0x1549a966,
  timestampScale: 0x2ad7b1,
  muxingApp: 0x4d80,
  writingApp: 0x5741,
  tracks: 0x1654ae6b,
  trackEntry: 0xae,
  trackNumber: 0xd7,
  trackUid: 0x73c5,
  trackType: 0x83,
  flagLacing: 0x9c,
  defaultDuration: 0x23e383,
  codecId: 0x86,
  codecPrivate: 0x63a2,
  video: 0xe0,
  pixelWidth: 0xb0,
  pixelHeight: 0xba,
  audio: 0xe1,
  samplingFrequency: 0xb5,
  channels: 0x9f,
  cluster: 0x1f43b675,
  timestamp: 0xe7,
  simpleBlock: 0xa3,
} as const;

const nanosecondsPerMicrosecond = 1000;
/** Encoders divide their bit rate by it; without any they would take a microsecond for the length of a picture. */
const pictureNanoseconds = 33_333_333;
const videoType = 1;
const audioType = 2;
const keyFlag = 0x80;
/** Track number 1 as a variable-size integer, relative time 0 (two bytes), flags. */
const blockHeaderBytes = 4;
/** RFC 9559 section 5.1.4.1.21: where sizes are not known yet, one must be said nevertheless. */
const someSize = 16;
const preSkipAt = 10;

/** Whether `writeMatroskaHeader` can announce this codec. */
export function isMatroskaCodec(codec: Codec): boolean {
  return codecIds[codec] !== undefined;
}

/** Everything in front of the first frame. @throws RangeError for a codec that is not carried here. */
export function writeMatroskaHeader(info: TrackInfo): Uint8Array {
  const codecId = codecIds[info.codec];
  if (codecId === undefined) throw new RangeError(`${info.codec} in Matroska`);
  const head = element(
    Id.ebml,
    concat([
      element(Id.docType, ascii("matroska")),
      unsigned(Id.docTypeVersion, 4),
      unsigned(Id.docTypeReadVersion, 2),
    ]),
  );
  const config = configOf(info);
  const track = element(
    Id.trackEntry,
    concat([
      unsigned(Id.trackNumber, 1),
      unsigned(Id.trackUid, 1),
      unsigned(Id.trackType, info.kind === "video" ? videoType : audioType),
      unsigned(Id.flagLacing, 0),
      ...(info.kind === "video" ? [unsigned(Id.defaultDuration, pictureNanoseconds)] : []),
      element(Id.codecId, ascii(codecId)),
      ...(config.length > 0 ? [element(Id.codecPrivate, config)] : []),
      settings(info),
    ]),
  );
  const about = element(
    Id.info,
    concat([
      unsigned(Id.timestampScale, nanosecondsPerMicrosecond),
      element(Id.muxingApp, ascii("Millrace")),
      element(Id.writingApp, ascii("Millrace")),
    ]),
  );
  // A segment without end: all bits of its size are ones.
  const segment = concat([idBytes(Id.segment), Uint8Array.of(0x01), allOnes]);
  return concat([head, segment, about, element(Id.tracks, track)]);
}

/** A frame in a cluster of its own. `timeUs` is its presentation time, not negative. */
export function writeMatroskaFrame(frame: Frame, info: TrackInfo, timeUs: number): Uint8Array {
  const nals = info.codec === "h265";
  const payload = frame.payload[0] ?? nothing;
  const size = nals ? avccSizeBytes(frame.payload) : payload.length;
  const time = unsigned(Id.timestamp, timeUs);
  const blockHead = concat([idBytes(Id.simpleBlock), sizeBytes(blockHeaderBytes + size)]);
  const bodySize = time.length + blockHead.length + blockHeaderBytes + size;
  const clusterHead = concat([idBytes(Id.cluster), sizeBytes(bodySize)]);
  const out = new Uint8Array(clusterHead.length + bodySize);
  out.set(clusterHead);
  let at = clusterHead.length;
  out.set(time, at);
  at += time.length;
  out.set(blockHead, at);
  at += blockHead.length;
  out.set([0x81, 0, 0, frame.key ? keyFlag : 0], at);
  at += blockHeaderBytes;
  if (nals) putAvcc(out, at, frame.payload);
  else out.set(payload, at);
  return out;
}

function settings(info: TrackInfo): Uint8Array {
  if (info.kind === "video") {
    const width = unsigned(Id.pixelWidth, info.width || someSize);
    return element(Id.video, concat([width, unsigned(Id.pixelHeight, info.height || someSize)]));
  }
  const rate = new Uint8Array(8);
  new DataView(rate.buffer).setFloat64(0, info.sampleRate);
  return element(
    Id.audio,
    concat([element(Id.samplingFrequency, rate), unsigned(Id.channels, info.channels)]),
  );
}

/** ffmpeg leaves out as many Opus samples as the header says; times here are those of the first sample of all. */
function configOf(info: TrackInfo): Uint8Array {
  if (info.kind !== "audio") return info.config;
  const made = info.config.length > 0 ? info : audioTrackInfoForOpus(info.channels > 1 ? 2 : 1);
  const config = made.config.slice();
  config.fill(0, preSkipAt, preSkipAt + 2);
  return config;
}

const nothing = new Uint8Array(0);
const allOnes = new Uint8Array(7).fill(0xff);

function element(id: number, body: Uint8Array): Uint8Array {
  return concat([idBytes(id), sizeBytes(body.length), body]);
}

function unsigned(id: number, value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; rest > 0 || bytes.length === 0; rest = Math.floor(rest / 256)) {
    bytes.unshift(rest % 256);
  }
  return element(id, Uint8Array.from(bytes));
}

/** Identifiers carry their length themselves. RFC 8794 section 5. */
function idBytes(id: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = id; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Uint8Array.from(bytes);
}

/** RFC 8794 section 4: always in eight bytes, of which seven carry the value. */
function sizeBytes(size: number): Uint8Array {
  const out = new Uint8Array(8);
  const view = new DataView(out.buffer);
  view.setUint32(0, Math.floor(size / 2 ** 32));
  view.setUint32(4, size % 2 ** 32);
  out[0] = 0x01;
  return out;
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
