import {
  audioSampleLength,
  type Fmp4Track,
  findPictureSize,
  fmp4CodecString,
  fmp4Timescale,
  type PictureSize,
  type SampleLength,
  writeInit,
} from "@millrace/media/fmp4";
import type { AudioTrackInfo, Frame, VideoTrackInfo } from "@millrace/media/frame";
import type { Fmp4Init } from "./fragments.ts";

const videoId = 1;
const audioId = 2;

/** A video track as fragments have it. */
export interface PreparedVideo {
  readonly track: Fmp4Track & { readonly info: VideoTrackInfo };
  /** Zeros while nobody can know it. */
  readonly size: PictureSize;
}

/** An audio track as fragments have it. */
export interface PreparedAudio {
  readonly track: Fmp4Track & { readonly info: AudioTrackInfo };
  readonly lengthOf: SampleLength;
}

/** `key`: the key frame with which the track begins. */
export function prepareVideo(info: VideoTrackInfo, key: Frame): PreparedVideo {
  const size = findPictureSize(info, key) ?? { width: 0, height: 0 };
  return { track: { id: videoId, info, timescale: fmp4Timescale(info) }, size };
}

/** @throws ProtocolError when the configuration cannot be read */
export function prepareAudio(info: AudioTrackInfo): PreparedAudio {
  const track = { id: audioId, info, timescale: fmp4Timescale(info) };
  writeInit([track]);
  return { track, lengthOf: audioSampleLength(info) };
}

/** The initialization of one or both tracks. @throws ProtocolError when a configuration cannot be read */
export function prepareInit(
  id: number,
  video: PreparedVideo | undefined,
  audio: PreparedAudio | undefined,
): Fmp4Init {
  const tracks = [
    ...(video === undefined ? [] : [{ ...video.track, size: video.size }]),
    ...(audio === undefined ? [] : [audio.track]),
  ];
  const codecs = tracks.map(({ info }) => fmp4CodecString(info));
  const container = video === undefined ? "audio/mp4" : "video/mp4";
  return {
    id,
    mime: `${container}; codecs="${codecs.join(", ")}"`,
    codecs,
    width: video?.size.width ?? 0,
    height: video?.size.height ?? 0,
    bytes: writeInit(tracks),
  };
}
