import type { FFDecoderCodec, FFEncoderCodec } from "node-av/constants";

/** FFmpeg's decoder for each codec that can be a source. `aac` is the native one: libfdk_aac adds 15 ms. */
export const audioDecoders: ReadonlyMap<string, FFDecoderCodec> = decoders([
  ["aac", "aac"],
  ["mp3", "mp3float"],
  ["speex", "speex"],
  ["g711a", "pcm_alaw"],
  ["g711u", "pcm_mulaw"],
  // FFmpeg's own decoder gives out other numbers of samples than packets say.
  ["opus", "libopus"],
]);

export const videoDecoders: ReadonlyMap<string, FFDecoderCodec> = decoders([
  ["h264", "h264"],
  ["h265", "hevc"],
  ["vp8", "vp8"],
  ["vp9", "vp9"],
  ["av1", "libdav1d"],
]);

export const opusEncoder: FFEncoderCodec = "libopus" as FFEncoderCodec;
export const aacEncoder: FFEncoderCodec = "aac" as FFEncoderCodec;
export const h264Encoder: FFEncoderCodec = "libx264" as FFEncoderCodec;
export const jpegEncoder: FFEncoderCodec = "mjpeg" as FFEncoderCodec;

/** FFmpeg's encoder for each codec that can be a target. */
export const encoders: ReadonlyMap<string, FFEncoderCodec> = new Map([
  ["opus", opusEncoder],
  ["aac", aacEncoder],
  ["h264", h264Encoder],
  ["jpeg", jpegEncoder],
]);

function decoders(
  names: readonly (readonly [string, string])[],
): ReadonlyMap<string, FFDecoderCodec> {
  return new Map(names as readonly (readonly [string, FFDecoderCodec])[]);
}
