import { ProtocolError } from "../error/index.ts";
import { readU24 } from "./tag.ts";

/** Enhanced RTMP v2, "Enhanced Video": VideoPacketType. */
export const VideoPacketType = {
  sequenceStart: 0,
  codedFrames: 1,
  sequenceEnd: 2,
  /** Coded frames whose composition time is 0 and left out. */
  codedFramesX: 3,
  metadata: 4,
  mpeg2TsSequenceStart: 5,
  multitrack: 6,
  modEx: 7,
} as const;

/** Enhanced RTMP v2, "Enhanced Audio": AudioPacketType. */
export const AudioPacketType = {
  sequenceStart: 0,
  codedFrames: 1,
  sequenceEnd: 2,
  multichannelConfig: 4,
  multitrack: 5,
  modEx: 7,
} as const;

/** Enhanced RTMP v2: AvMultitrackType. */
export const MultitrackType = { oneTrack: 0, manyTracks: 1, manyTracksManyCodecs: 2 } as const;

const timestampOffsetNano = 0;
const maxNanoOffset = 999_999;

/** Tracks in one message. */
export const maxTracksPerTag = 64;

/** One track's part of an enhanced tag. */
export interface ExPacket {
  readonly packetType: number;
  /** Four characters, such as `hvc1`; untrusted. */
  readonly fourCc: string;
  /** 0 is the default track. */
  readonly trackId: number;
  /** Nanoseconds to add to the presentation time, 0 … 999999. */
  readonly nanoOffset: number;
  readonly data: Uint8Array;
}

/** What stands in front of the tracks of an enhanced tag. */
export interface ExHeader {
  readonly packetType: number;
  readonly nanoOffset: number;
  /** Offset of the first byte after the ModEx packets. */
  readonly at: number;
}

/** ModEx packets, each of which names the next packet type. Enhanced RTMP v2, "ExVideoTagHeader" and "ExAudioTagHeader". */
export function parseModEx(body: Uint8Array, start: number, firstType: number): ExHeader {
  let at = start;
  let packetType = firstType;
  let nanoOffset = 0;
  while (packetType === VideoPacketType.modEx) {
    need(body, at, 1);
    let size = (body[at] ?? 0) + 1;
    at += 1;
    if (size === 256) {
      need(body, at, 2);
      size = (((body[at] ?? 0) << 8) | (body[at + 1] ?? 0)) + 1;
      at += 2;
    }
    need(body, at, size + 1);
    const tail = body[at + size] ?? 0;
    if (tail >> 4 === timestampOffsetNano && size >= 3) {
      nanoOffset = Math.min(readU24(body, at), maxNanoOffset);
    }
    packetType = tail & 0x0f;
    at += size + 1;
  }
  return { packetType, nanoOffset, at };
}

/**
 * The tracks of an enhanced tag: one without multitrack, else as many as it carries.
 * `multitrackType` is the packet type that means multitrack for this kind of tag.
 * @throws ProtocolError `FLV_TAG_TRUNCATED`, `FLV_MULTITRACK_INVALID`, `FLV_TRACKS_TOO_MANY`.
 */
export function parseExPackets(
  body: Uint8Array,
  header: ExHeader,
  multitrackType: number,
): readonly ExPacket[] {
  const { nanoOffset } = header;
  let { at, packetType } = header;
  if (packetType !== multitrackType) {
    const fourCc = readFourCc(body, at);
    return [{ packetType, fourCc, trackId: 0, nanoOffset, data: body.subarray(at + 4) }];
  }
  need(body, at, 1);
  const kinds = body[at] ?? 0;
  at += 1;
  const layout = kinds >> 4;
  packetType = kinds & 0x0f;
  if (packetType === multitrackType || layout > MultitrackType.manyTracksManyCodecs) {
    throw new ProtocolError("FLV_MULTITRACK_INVALID", `multitrack layout ${kinds}`);
  }
  let fourCc = "";
  if (layout !== MultitrackType.manyTracksManyCodecs) {
    fourCc = readFourCc(body, at);
    at += 4;
  }
  const packets: ExPacket[] = [];
  do {
    if (packets.length === maxTracksPerTag) {
      throw new ProtocolError(
        "FLV_TRACKS_TOO_MANY",
        `more than ${maxTracksPerTag} tracks in a tag`,
      );
    }
    if (layout === MultitrackType.manyTracksManyCodecs) {
      fourCc = readFourCc(body, at);
      at += 4;
    }
    need(body, at, 1);
    const trackId = body[at] ?? 0;
    at += 1;
    let size = body.length - at;
    if (layout !== MultitrackType.oneTrack) {
      need(body, at, 3);
      size = readU24(body, at);
      at += 3;
      need(body, at, size);
    }
    const data = body.subarray(at, at + size);
    packets.push({ packetType, fourCc, trackId, nanoOffset, data });
    at += size;
  } while (at < body.length);
  return packets;
}

function readFourCc(body: Uint8Array, at: number): string {
  need(body, at, 4);
  return String.fromCharCode(...body.subarray(at, at + 4));
}

function need(body: Uint8Array, at: number, count: number): void {
  if (body.length - at < count) {
    throw new ProtocolError("FLV_TAG_TRUNCATED", `a tag body of ${body.length} bytes is cut off`);
  }
}
