import type { AudioCodec, Frame, TrackInfo, VideoCodec } from "@millrace/media/frame";
import { avccSizeBytes, putAvcc } from "@millrace/media/h264";

/**
 * What goes over the pipe between the gateway and a codec process. Every message is: u32 size of
 * what follows, u8 type, u32 job, body; little endian. The process acknowledges every `open`,
 * `configure` and `frame` in the order in which they came, also those of closed jobs.
 */
export const MessageType = {
  /** Gateway to process: JSON `OpenRequest`. Acknowledged as sequence number 0. */
  open: 1,
  /** u32 sequence number, JSON `TrackRequest`. */
  configure: 2,
  /** u32 sequence number, u8 flags, f64 pts, f64 dts (µs), payload. */
  frame: 3,
  /** Nothing. Not acknowledged. */
  close: 4,
  /** Process to gateway, once, job 0: JSON `Hello`. */
  hello: 16,
  /** JSON `TrackRequest`: the configuration of the packets that follow. */
  info: 17,
  /** u8 flags, f64 pts (µs), payload. */
  packet: 18,
  /** u32 sequence number, u32 decoding errors, u32 frames left out, checkpoint. */
  ack: 19,
  /** JSON `Failure`: nothing follows of this job but acknowledgements. */
  failed: 20,
} as const;

export const headerBytes = 9;
/** Sequence number under which an `open` is acknowledged; entries of the log start after it. */
export const openSeq = 0;
const keyFlag = 1;
const followedFlag = 2;
const frameFixedBytes = 21;
const packetFixedBytes = 9;
const ackFixedBytes = 12;

/** A message as it came. `body` is a view of the input. */
export interface Message {
  readonly type: number;
  readonly job: number;
  readonly body: Uint8Array;
}

/** A track's configuration on the wire. */
export interface TrackRequest {
  readonly kind: "audio" | "video";
  readonly codec: AudioCodec | VideoCodec;
  readonly codecString: string;
  /** Base64. */
  readonly config: string;
  /** Audio only, else 0. */
  readonly sampleRate: number;
  readonly channels: number;
  /** Video only, else 0. */
  readonly width: number;
  readonly height: number;
}

/** Codecs that can be made. */
export const targetCodecs = ["opus", "aac", "h264", "jpeg"] as const;

export type TargetCodec = (typeof targetCodecs)[number];

/** What a job needs to begin, or to go on where a crashed process left it. */
export interface OpenRequest {
  readonly source: TrackRequest;
  readonly target: TargetCodec;
  /** Results up to this time were delivered already; null at the first start. */
  readonly resumeAfterUs: number | null;
  /** Base64 of the checkpoint that was acknowledged before the first frame that follows; empty at the first start. */
  readonly checkpoint: string;
  readonly opusBitrateBps: number;
  /** Of stereo. */
  readonly aacBitrateBps: number;
  readonly maxSilenceMs: number;
  readonly maxPixels: number;
  readonly maxVideoLagMs: number;
  readonly maxJpegWidth: number;
  readonly maxJpegPerSecond: number;
}

/** What a process can do. */
export interface Hello {
  readonly protocol: number;
  /** Source codecs. */
  readonly decoders: readonly string[];
  /** Target codecs. */
  readonly encoders: readonly string[];
}

export interface Failure {
  readonly code: string;
  readonly message: string;
}

export interface FrameMessage {
  readonly seq: number;
  readonly key: boolean;
  /** A newer frame is on its way already. */
  readonly followed: boolean;
  readonly ptsUs: number;
  readonly dtsUs: number;
  readonly payload: Uint8Array;
}

export interface PacketMessage {
  readonly key: boolean;
  readonly ptsUs: number;
  readonly payload: Uint8Array;
}

export interface AckMessage {
  readonly seq: number;
  /** Both count from the job's opening in this process. */
  readonly decodeErrors: number;
  readonly skippedFrames: number;
  /** A view of the input. */
  readonly checkpoint: Uint8Array;
}

export const protocolVersion = 2;

/** Codecs whose frames are lists of NAL units. */
export const nalUnitCodecs: ReadonlySet<string> = new Set(["h264", "h265"]);

function allocate(type: number, job: number, bodyBytes: number): [Uint8Array, DataView] {
  const out = new Uint8Array(headerBytes + bodyBytes);
  const view = new DataView(out.buffer);
  view.setUint32(0, headerBytes - 4 + bodyBytes, true);
  out[4] = type;
  view.setUint32(5, job, true);
  return [out, view];
}

/** A message without body. */
export function writeEmpty(type: number, job: number): Uint8Array {
  return allocate(type, job, 0)[0];
}

export function writeJson(type: number, job: number, value: object): Uint8Array {
  const text = Buffer.from(JSON.stringify(value));
  const [out] = allocate(type, job, text.length);
  out.set(text, headerBytes);
  return out;
}

export function writeConfigure(job: number, seq: number, request: TrackRequest): Uint8Array {
  const text = Buffer.from(JSON.stringify(request));
  const [out, view] = allocate(MessageType.configure, job, 4 + text.length);
  view.setUint32(headerBytes, seq, true);
  out.set(text, headerBytes + 4);
  return out;
}

/** Copies the payload; several elements (NAL units) get their length in front, 4 bytes big endian. */
export function writeFrame(
  job: number,
  seq: number,
  frame: Frame,
  nalUnits: boolean,
  followed = false,
): Uint8Array {
  const single = frame.payload[0] ?? empty;
  const size = nalUnits ? avccSizeBytes(frame.payload) : single.length;
  const [out, view] = allocate(MessageType.frame, job, frameFixedBytes + size);
  view.setUint32(headerBytes, seq, true);
  out[headerBytes + 4] = (frame.key ? keyFlag : 0) | (followed ? followedFlag : 0);
  view.setFloat64(headerBytes + 5, frame.ptsUs, true);
  view.setFloat64(headerBytes + 13, frame.dtsUs, true);
  if (nalUnits) putAvcc(out, headerBytes + frameFixedBytes, frame.payload);
  else out.set(single, headerBytes + frameFixedBytes);
  return out;
}

/** Copies the payload. */
export function writePacket(
  job: number,
  key: boolean,
  ptsUs: number,
  payload: Uint8Array,
): Uint8Array {
  const [out, view] = allocate(MessageType.packet, job, packetFixedBytes + payload.length);
  out[headerBytes] = key ? keyFlag : 0;
  view.setFloat64(headerBytes + 1, ptsUs, true);
  out.set(payload, headerBytes + packetFixedBytes);
  return out;
}

export function writeAck(job: number, ack: AckMessage): Uint8Array {
  const [out, view] = allocate(MessageType.ack, job, ackFixedBytes + ack.checkpoint.length);
  view.setUint32(headerBytes, ack.seq, true);
  view.setUint32(headerBytes + 4, ack.decodeErrors >>> 0, true);
  view.setUint32(headerBytes + 8, ack.skippedFrames >>> 0, true);
  out.set(ack.checkpoint, headerBytes + ackFixedBytes);
  return out;
}

/** The track's configuration for the wire. */
export function trackRequest(info: TrackInfo): TrackRequest {
  const audio = info.kind === "audio";
  return {
    kind: info.kind,
    codec: info.codec,
    codecString: info.codecString,
    config: Buffer.from(info.config).toString("base64"),
    sampleRate: audio ? info.sampleRate : 0,
    channels: audio ? info.channels : 0,
    width: audio ? 0 : info.width,
    height: audio ? 0 : info.height,
  };
}

const empty = new Uint8Array(0);
