import { object, writeAmf0 } from "@millrace/media/amf";
import {
  TagType,
  tagTypeOf,
  writeConfigBody,
  writeFlvTag,
  writeMetadataBody,
} from "@millrace/media/flv";
import type { TrackInfo } from "@millrace/media/frame";

/** Time in a tag: milliseconds of the stream's own clock, modulo 2^32. */
export function tagTime(us: number): number {
  return Math.floor(us / 1000) >>> 0;
}

/**
 * `onMetaData`. Its time is always 0, for ffmpeg takes one with another time for a track of subtitles.
 */
export function metadataTag(infos: readonly TrackInfo[]): Uint8Array {
  return writeFlvTag(TagType.script, 0, writeMetadataBody(infos));
}

/**
 * Script data `onCaptureTime` with `{streamTimeMs, wallMs}`: a frame whose time on the stream's clock is
 * `streamTimeMs` was captured at `wallMs` (since 1970). Tag times are `streamTimeMs` modulo 2^32.
 */
export function captureTimeTag(streamTimeMs: number, wallMs: number): Uint8Array {
  const body = writeAmf0(["onCaptureTime", object({ streamTimeMs, wallMs })]);
  return writeFlvTag(TagType.script, 0, body);
}

/** What a decoder must have before frames; undefined for codecs that need nothing and while it is not known. */
export function configTag(info: TrackInfo, timeMs: number): Uint8Array | undefined {
  if (info.config.length === 0) return undefined;
  const body = writeConfigBody(info);
  return body === undefined ? undefined : writeFlvTag(tagTypeOf(info), timeMs, body);
}
