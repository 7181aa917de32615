import {
  tagTypeOf,
  writeConfigBody,
  writeFlvHeader,
  writeFlvTag,
  writeFrameTag,
} from "@millrace/media/flv";
import type { Codec, Frame, TrackInfo } from "@millrace/media/frame";
import { isMatroskaCodec, writeMatroskaFrame, writeMatroskaHeader } from "./matroska.ts";

/** How a track is given to ffmpeg: FLV for what every version reads in it, with times in whole milliseconds. */
export type FeedFormat = "flv" | "matroska";

export function feedFormatOf(codec: Codec): FeedFormat {
  return isMatroskaCodec(codec) ? "matroska" : "flv";
}

/** What a process gets before the first frame. */
export function writeFeedHeader(info: TrackInfo): Uint8Array {
  if (feedFormatOf(info.codec) === "matroska") return writeMatroskaHeader(info);
  const head = writeFlvHeader({ audio: info.kind === "audio", video: info.kind === "video" });
  const config = writeConfigBody(info);
  if (config === undefined) return head;
  const tag = writeFlvTag(tagTypeOf(info), 0, config);
  const out = new Uint8Array(head.length + tag.length);
  out.set(head);
  out.set(tag, head.length);
  return out;
}

/** A frame; ffmpeg is told its time minus `baseUs`. */
export function writeFeedFrame(frame: Frame, info: TrackInfo, baseUs: number): Uint8Array {
  if (feedFormatOf(info.codec) === "matroska") {
    return writeMatroskaFrame(frame, info, Math.max(0, frame.ptsUs - baseUs));
  }
  const us = frame.dtsUs - baseUs;
  // Presentation times are made from whole milliseconds of both, so video must not be rounded otherwise.
  const ms = info.kind === "video" ? Math.floor(us / 1000) : Math.round(us / 1000);
  return writeFrameTag(frame, info, Math.max(0, ms));
}
