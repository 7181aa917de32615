export { ticksToUs, usToTicks } from "./clock-rate.ts";
export type { AudioCodec, Codec, MediaKind, VideoCodec } from "./codec.ts";
export { type Frame, frameSizeBytes } from "./frame.ts";
export type { AudioTrackInfo, TrackInfo, VideoTrackInfo } from "./track-info.ts";
