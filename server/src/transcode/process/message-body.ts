import { ProtocolError } from "@millrace/media/error";
import type { AudioTrackInfo, VideoTrackInfo } from "@millrace/media/frame";
import {
  type AckMessage,
  type Failure,
  type FrameMessage,
  type Hello,
  type OpenRequest,
  type PacketMessage,
  type TrackRequest,
  targetCodecs,
} from "./message.ts";

// A codec process works on bytes from strangers, so what it says is checked like a stranger's word.

const keyFlag = 1;
const followedFlag = 2;

function view(body: Uint8Array, least: number): DataView {
  if (body.length < least) {
    throw malformed(`a body of ${body.length} bytes instead of at least ${least}`);
  }
  return new DataView(body.buffer, body.byteOffset, body.byteLength);
}

/** @throws ProtocolError `TRANSCODER_MESSAGE_INVALID`; so do all readers here. */
export function parseFrame(body: Uint8Array): FrameMessage {
  const data = view(body, 21);
  return {
    seq: data.getUint32(0, true),
    key: (data.getUint8(4) & keyFlag) !== 0,
    followed: (data.getUint8(4) & followedFlag) !== 0,
    ptsUs: time(data.getFloat64(5, true)),
    dtsUs: time(data.getFloat64(13, true)),
    payload: body.subarray(21),
  };
}

export function parsePacket(body: Uint8Array): PacketMessage {
  const data = view(body, 9);
  return {
    key: (data.getUint8(0) & keyFlag) !== 0,
    ptsUs: time(data.getFloat64(1, true)),
    payload: body.subarray(9),
  };
}

export function parseAck(body: Uint8Array): AckMessage {
  const data = view(body, 12);
  return {
    seq: data.getUint32(0, true),
    decodeErrors: data.getUint32(4, true),
    skippedFrames: data.getUint32(8, true),
    checkpoint: body.subarray(12),
  };
}

export function parseConfigure(body: Uint8Array): { seq: number; request: TrackRequest } {
  const seq = view(body, 4).getUint32(0, true);
  return { seq, request: toTrackRequest(parseJson(body.subarray(4))) };
}

export function parseOpen(body: Uint8Array): OpenRequest {
  const fields = parseJson(body);
  const resume = fields["resumeAfterUs"];
  if (resume !== null && typeof resume !== "number") throw malformed("resumeAfterUs");
  const target = targetCodecs.find((codec) => codec === fields["target"]);
  if (target === undefined) throw malformed("target");
  return {
    source: toTrackRequest(toFields(fields["source"])),
    target,
    resumeAfterUs: resume,
    checkpoint: text(fields, "checkpoint"),
    opusBitrateBps: count(fields, "opusBitrateBps"),
    aacBitrateBps: count(fields, "aacBitrateBps"),
    maxSilenceMs: count(fields, "maxSilenceMs"),
    maxPixels: count(fields, "maxPixels"),
    maxVideoLagMs: count(fields, "maxVideoLagMs"),
    maxJpegWidth: count(fields, "maxJpegWidth"),
    maxJpegPerSecond: count(fields, "maxJpegPerSecond"),
  };
}

export function parseHello(body: Uint8Array): Hello {
  const fields = parseJson(body);
  return {
    protocol: count(fields, "protocol"),
    decoders: texts(fields, "decoders"),
    encoders: texts(fields, "encoders"),
  };
}

export function parseFailure(body: Uint8Array): Failure {
  const fields = parseJson(body);
  const code = text(fields, "code");
  if (!/^[A-Z][A-Z0-9_]{0,63}$/.test(code)) throw malformed("code");
  return { code, message: text(fields, "message").slice(0, 500) };
}

/** What the packets of a job are: one of the codecs that can be made, nothing else. */
export function parseInfo(body: Uint8Array): AudioTrackInfo | VideoTrackInfo {
  const request = toTrackRequest(parseJson(body));
  const config = new Uint8Array(Buffer.from(request.config, "base64"));
  const { codecString, sampleRate, channels, width, height } = request;
  const { kind, codec } = request;
  if (kind === "audio" && (codec === "opus" || codec === "aac")) {
    return { kind, codec, config, codecString, sampleRate, channels };
  }
  if (kind === "video" && (codec === "h264" || codec === "jpeg")) {
    return { kind, codec, config, codecString, width, height, reorderDepth: 0 };
  }
  throw malformed(`a result in ${codec}`);
}

type Fields = Readonly<Record<string, unknown>>;

function parseJson(body: Uint8Array): Fields {
  const source = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8");
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    throw malformed("not JSON");
  }
  return toFields(value);
}

function toFields(value: unknown): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw malformed("not an object");
  }
  return value as Fields;
}

function toTrackRequest(fields: Fields): TrackRequest {
  const kind = fields["kind"];
  if (kind !== "audio" && kind !== "video") throw malformed("kind");
  return {
    kind,
    // Whoever uses it looks it up in a table of the codecs it knows.
    codec: text(fields, "codec") as TrackRequest["codec"],
    codecString: text(fields, "codecString").slice(0, 64),
    config: text(fields, "config"),
    sampleRate: count(fields, "sampleRate"),
    channels: count(fields, "channels"),
    width: count(fields, "width"),
    height: count(fields, "height"),
  };
}

function text(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== "string") throw malformed(name);
  return value;
}

function texts(fields: Fields, name: string): readonly string[] {
  const value = fields[name];
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) {
    throw malformed(name);
  }
  return value as readonly string[];
}

function count(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) throw malformed(name);
  return value;
}

function time(us: number): number {
  if (!Number.isSafeInteger(us)) throw malformed("a time that is not whole microseconds");
  return us;
}

function malformed(what: string): ProtocolError {
  return new ProtocolError("TRANSCODER_MESSAGE_INVALID", `codec process message: ${what}`);
}
