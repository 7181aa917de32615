import {
  type ExtensionElement,
  makeExtension,
  putRtpHeader,
  rtpHeaderSizeBytes,
} from "@millrace/media/rtp";
import type { PayloadFormat, ReceiveMedia } from "../peer.ts";

/** Extension identifiers of the lines here. */
export const extensionIds = {
  mid: 4,
  rid: 10,
  repairedRid: 11,
  transportCc: 3,
} as const;

export interface TestPacket {
  readonly ssrc?: number;
  readonly payloadType?: number;
  readonly sequence: number;
  readonly timestamp?: number;
  readonly marker?: boolean;
  readonly payload?: Uint8Array;
  readonly padding?: number;
  readonly mid?: string;
  readonly rid?: string;
  readonly repairedRid?: string;
  readonly transportCc?: number;
}

/** An RTP packet as it comes out of SRTP. */
export function rtp(packet: TestPacket): Uint8Array {
  const elements: ExtensionElement[] = [];
  const name = (id: number, text: string | undefined) => {
    if (text !== undefined) elements.push({ id, data: new TextEncoder().encode(text) });
  };
  name(extensionIds.mid, packet.mid);
  name(extensionIds.rid, packet.rid);
  name(extensionIds.repairedRid, packet.repairedRid);
  if (packet.transportCc !== undefined) {
    const { transportCc } = packet;
    const data = Uint8Array.of((transportCc >> 8) & 0xff, transportCc & 0xff);
    elements.push({ id: extensionIds.transportCc, data });
  }
  const header = {
    marker: packet.marker ?? false,
    payloadType: packet.payloadType ?? 96,
    sequence: packet.sequence & 0xffff,
    timestamp: (packet.timestamp ?? 0) >>> 0,
    ssrc: packet.ssrc ?? 0x1000,
    ...(elements.length === 0 ? undefined : { extension: makeExtension(elements) }),
  };
  const payload = packet.payload ?? new Uint8Array(0);
  const padding = packet.padding ?? 0;
  const out = new Uint8Array(rtpHeaderSizeBytes(header) + payload.length + padding);
  out.set(payload, putRtpHeader(out, 0, header));
  if (padding > 0) {
    out[0] = (out[0] ?? 0) | 0x20;
    out[out.length - 1] = padding;
  }
  return out;
}

/** The first payload of a VP8 key frame of that size. RFC 7741, RFC 6386 section 9.1. */
export function vp8Key(width = 640, height = 360, bytes = 100): Uint8Array {
  const payload = new Uint8Array(Math.max(bytes, 11));
  payload.set([0x10, 0x10, 0, 0, 0x9d, 0x01, 0x2a]);
  payload.set([width & 0xff, width >> 8, height & 0xff, height >> 8], 7);
  return payload;
}

/** The first payload of a VP8 frame that is predicted from others. */
export function vp8Delta(bytes = 100, seed = 0): Uint8Array {
  const payload = new Uint8Array(Math.max(bytes, 5)).fill(seed);
  payload.set([0x10, 0x11, 0, 0]);
  return payload;
}

/** A later payload of a VP8 frame. */
export function vp8Rest(bytes = 100, seed = 0): Uint8Array {
  const payload = new Uint8Array(Math.max(bytes, 2)).fill(seed);
  payload[0] = 0;
  return payload;
}

export const vp8: PayloadFormat = {
  codec: "vp8",
  payloadType: 96,
  clockRate: 90_000,
  profileLevelId: undefined,
  rtxPayloadType: 97,
};

export const h264: PayloadFormat = {
  codec: "h264",
  payloadType: 102,
  clockRate: 90_000,
  profileLevelId: "42e01f",
  rtxPayloadType: 103,
};

export const opus: PayloadFormat = {
  codec: "opus",
  payloadType: 111,
  clockRate: 48_000,
  profileLevelId: undefined,
  rtxPayloadType: undefined,
};

/** A negotiated video line: one encoding with declared SSRCs unless changed. */
export function videoLine(change: Partial<ReceiveMedia> = {}): ReceiveMedia {
  return {
    kind: "video",
    mid: "0",
    formats: [h264, vp8],
    encodings: [{ rid: undefined, ssrc: 0x1000, rtxSsrc: 0x1001 }],
    extensions: extensionIds,
    feedback: { nack: true, pli: true, fir: true, transportCc: true, remb: true },
    localSsrc: 0xa,
    cname: "millrace",
    active: true,
    ...change,
  };
}

/** A negotiated audio line. */
export function audioLine(change: Partial<ReceiveMedia> = {}): ReceiveMedia {
  return {
    ...videoLine(),
    kind: "audio",
    mid: "1",
    formats: [opus],
    encodings: [{ rid: undefined, ssrc: 0x2000, rtxSsrc: undefined }],
    feedback: { nack: false, pli: false, fir: false, transportCc: true, remb: false },
    localSsrc: 0xb,
    ...change,
  };
}

/** A video line with three layers that packets tell by their rid. */
export function simulcastLine(): ReceiveMedia {
  const encodings = ["q", "h", "f"].map((rid) => ({ rid, ssrc: undefined, rtxSsrc: undefined }));
  return videoLine({ encodings });
}
