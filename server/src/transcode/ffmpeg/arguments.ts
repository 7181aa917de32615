import type { VideoTrackInfo } from "@millrace/media/frame";
import { opusPid } from "./opus-ts-reader.ts";

/** What `ffmpeg -version` and `-encoders` told. */
export interface FfmpegFacts {
  readonly version: string;
  readonly encoders: ReadonlySet<string>;
  /** Before 5.1 `-fps_mode` had another name. */
  readonly hasFpsMode: boolean;
}

// No `-fflags nobuffer`: it throws away what was read while probing. Without the probing limits the
// first output takes seconds.
const input: readonly string[] = [
  ...["-hide_banner", "-loglevel", "error", "-nostdin", "-protocol_whitelist", "pipe"],
  ...["-probesize", "32", "-analyzeduration", "0", "-fpsprobesize", "0", "-threads", "1"],
  ...["-f", "flv", "-i", "pipe:0", "-copyts"],
];

/**
 * Follows the input's times: small errors by stretching, larger ones by silence or cutting. A mix of
 * many channels must not grow louder than full scale.
 */
const resampling = "48000:async=400:min_hard_comp=0.06:rematrix_maxval=1";

/** FLV to Opus in an MPEG transport stream, whose times are exact and which holds nothing back. */
export function audioArguments(bitrateBps: number): readonly string[] {
  return [
    ...input,
    ...["-map", "0:a:0"],
    ...["-af", `aresample=${resampling}`, "-ac", "2"],
    ...["-c:a", "libopus", "-application", "lowdelay", "-frame_duration", "20", "-vbr", "on"],
    ...["-compression_level", "5", "-b:a", String(bitrateBps)],
    ...["-avoid_negative_ts", "disabled", "-muxdelay", "0", "-muxpreload", "0"],
    ...["-mpegts_copyts", "1", "-mpegts_start_pid", String(opusPid), "-pes_payload_size", "0"],
    ...["-flush_packets", "1", "-f", "mpegts", "pipe:1"],
  ];
}

const bitsPerPixel = 3.5;
const leastBitrateBps = 300_000;
const bufferSeconds = 0.8;

/** FLV to H.264 without B-frames in FLV, key frames where the source has them. */
export function videoArguments(info: VideoTrackInfo, facts: FfmpegFacts): readonly string[] {
  const pixels = info.width * info.height || 1280 * 720;
  const bitrate = Math.max(leastBitrateBps, Math.round(pixels * bitsPerPixel));
  return [
    ...input,
    ...["-map", "0:v:0", facts.hasFpsMode ? "-fps_mode" : "-vsync", "passthrough"],
    ...["-c:v", "libx264", "-preset", "superfast", "-tune", "zerolatency"],
    ...["-profile:v", "baseline", "-pix_fmt", "yuv420p", "-bf", "0", "-threads", "1"],
    ...["-g", "1000000", "-sc_threshold", "0"],
    ...["-force_key_frames", "source", "-forced-idr", "1"],
    ...["-crf", "21", "-maxrate", String(bitrate)],
    ...["-bufsize", String(Math.round(bitrate * bufferSeconds))],
    ...["-flush_packets", "1", "-flvflags", "no_duration_filesize", "-f", "flv", "pipe:1"],
  ];
}
