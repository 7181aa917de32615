import {
  type CaptureMap,
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
 * `onMetaData`, which also says when a frame of the stream's clock was captured: ffmpeg shows script data of
 * any other name as a data stream. Its time is always 0, for ffmpeg takes one with another time for a track
 * of subtitles.
 */
export function metadataTag(infos: readonly TrackInfo[], capture: CaptureMap): Uint8Array {
  return writeFlvTag(TagType.script, 0, writeMetadataBody(infos, capture));
}

/** What a decoder must have before frames; undefined for codecs that need nothing and while it is not known. */
export function configTag(info: TrackInfo, timeMs: number): Uint8Array | undefined {
  if (info.config.length === 0) return undefined;
  const body = writeConfigBody(info);
  return body === undefined ? undefined : writeFlvTag(tagTypeOf(info), timeMs, body);
}
