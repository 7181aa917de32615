import type { AudioTrackInfo, Codec, TrackInfo, VideoTrackInfo } from "@millrace/media/frame";
import { aacBitrate, aacChannels } from "../aac-output.ts";
import { jpegQuality } from "../jpeg-output.ts";
import { feedFormatOf } from "./feed.ts";
import { mediaPid } from "./ts-reader.ts";

/** What `ffmpeg -version` and `-encoders` told. */
export interface FfmpegFacts {
  readonly version: string;
  readonly encoders: ReadonlySet<string>;
  readonly decoders: ReadonlySet<string>;
  /** Before 5.1 `-fps_mode` had another name. */
  readonly hasFpsMode: boolean;
}

/** Decoders of codecs whose default one may be missing or worse, best first. */
const preferredDecoders: Readonly<Partial<Record<Codec, readonly string[]>>> = {
  // FFmpeg's own one gives out other numbers of samples than packets say.
  opus: ["libopus", "opus"],
  h265: ["hevc"],
  vp8: ["vp8"],
  vp9: ["vp9"],
  av1: ["libdav1d", "libaom-av1"],
};

/** The name of the decoder for a codec that FLV does not always carry; undefined when there is none. */
export function decoderOf(codec: Codec, facts: FfmpegFacts): string | undefined {
  return preferredDecoders[codec]?.find((name) => facts.decoders.has(name));
}

// No `-fflags nobuffer`: it throws away what was read while probing. Without the probing limits the
// first output takes seconds.
function input(info: TrackInfo, facts: FfmpegFacts, options: readonly string[] = []): string[] {
  const decoder = decoderOf(info.codec, facts);
  return [
    ...["-hide_banner", "-loglevel", "error", "-nostdin", "-protocol_whitelist", "pipe"],
    ...["-probesize", "32", "-analyzeduration", "0", "-fpsprobesize", "0", "-threads", "1"],
    ...(decoder === undefined ? [] : [info.kind === "video" ? "-c:v" : "-c:a", decoder]),
    ...options,
    ...["-f", feedFormatOf(info.codec), "-i", "pipe:0", "-copyts"],
  ];
}

/** An MPEG transport stream, whose times are exact and which holds nothing back. */
const transportStream: readonly string[] = [
  ...["-avoid_negative_ts", "disabled", "-muxdelay", "0", "-muxpreload", "0"],
  ...["-mpegts_copyts", "1", "-mpegts_start_pid", String(mediaPid), "-pes_payload_size", "0"],
  ...["-flush_packets", "1", "-f", "mpegts", "pipe:1"],
];

/** Each picture keeps its time, which must not be brought to whole pictures of a guessed frame rate. */
function passthrough(facts: FfmpegFacts): readonly string[] {
  const mode = facts.hasFpsMode ? "-fps_mode" : "-vsync";
  return ["-map", "0:v:0", mode, "passthrough", "-enc_time_base", "1:90000"];
}

/**
 * Follows the input's times: small errors by stretching, larger ones, from `holeSeconds` on, by
 * silence or cutting. A mix of many channels must not grow louder than full scale, and mono not
 * quieter than it is.
 */
function resampling(info: AudioTrackInfo, holeSeconds: number, channels: 1 | 2): string {
  const volume = info.channels === 1 && channels === 2 ? ":rematrix_volume=1.41421356" : "";
  return `aresample=48000:async=400:min_hard_comp=${holeSeconds}:rematrix_maxval=1${volume}`;
}

const holeSeconds = 0.06;
/** Opus comes with exact times, so that one missing packet can be told. */
const opusHoleSeconds = 0.008;

export function opusArguments(
  info: AudioTrackInfo,
  facts: FfmpegFacts,
  bitrateBps: number,
): readonly string[] {
  return [
    ...input(info, facts),
    ...["-map", "0:a:0"],
    ...["-af", resampling(info, holeSeconds, 2), "-ac", "2"],
    ...["-c:a", "libopus", "-application", "lowdelay", "-frame_duration", "20", "-vbr", "on"],
    ...["-compression_level", "5", "-b:a", String(bitrateBps)],
    ...transportStream,
  ];
}

/** AAC-LC whose access units lie on a grid that begins at time 0. */
export function aacArguments(
  info: AudioTrackInfo,
  facts: FfmpegFacts,
  stereoBps: number,
): readonly string[] {
  const channels = aacChannels(info);
  const hole = info.codec === "opus" ? opusHoleSeconds : holeSeconds;
  const layout = channels === 1 ? "mono" : "stereo";
  return [
    ...input(info, facts),
    ...["-map", "0:a:0"],
    ...["-af", `${resampling(info, hole, channels)}:first_pts=0,aformat=channel_layouts=${layout}`],
    ...["-c:a", "aac", "-profile:a", "aac_low", "-aac_coder", "fast"],
    ...["-b:a", String(aacBitrate(stereoBps, channels))],
    ...transportStream,
  ];
}

export interface JpegArguments {
  /** Pictures before it are not encoded. Seconds, as ffmpeg is told times. */
  readonly fromSeconds: number;
  /** Seconds to add to its times for those of the stream's clock, modulo one second. */
  readonly clockSeconds: number;
  readonly maxPerSecond: number;
  readonly maxWidth: number;
  /** Leaves out pictures that others do not refer to. */
  readonly skipOthers: boolean;
}

/** JPEG pictures in a transport stream: at most one in each slot of the stream's clock. */
export function jpegArguments(
  info: VideoTrackInfo,
  facts: FfmpegFacts,
  options: JpegArguments,
): readonly string[] {
  const { fromSeconds, clockSeconds, maxPerSecond, maxWidth, skipOthers } = options;
  // A little is added, because seconds in floating point may lie just below a slot's beginning.
  const slot = (time: string): string => `floor((${time}+${clockSeconds + 1e-5})*${maxPerSecond})`;
  const isNewSlot = `isnan(prev_selected_t)+gt(${slot("t")},${slot("prev_selected_t")})`;
  const select = `select='gte(t,${fromSeconds - 1e-3})*(${isNewSlot})'`;
  // As jpegSize.
  const narrow = "if(lt(sar,1),sar,1)";
  const low = "if(gt(sar,1),1/sar,1)";
  const width = `max(2,2*round(min(${maxWidth},iw*${narrow})/2))`;
  const height = `max(2,2*round(ih*${low}*min(1,${maxWidth}/(iw*${narrow}))/2))`;
  const scale = `scale=w='${width}':h='${height}':out_range=full:out_color_matrix=bt601`;
  return [
    ...input(info, facts, skipOthers ? ["-skip_frame", "noref"] : []),
    ...passthrough(facts),
    ...["-vf", `${select},${scale},setsar=1,format=yuvj420p`],
    ...["-c:v", "mjpeg", "-q:v", String(jpegQuality), "-flags", "+bitexact", "-threads", "1"],
    ...transportStream,
  ];
}

const bitsPerPixel = 3.5;
const leastBitrateBps = 300_000;
const bufferSeconds = 0.8;

/** H.264 without B-frames in FLV, key frames where the source has them. */
export function videoArguments(info: VideoTrackInfo, facts: FfmpegFacts): readonly string[] {
  const pixels = info.width * info.height || 1280 * 720;
  const bitrate = Math.max(leastBitrateBps, Math.round(pixels * bitsPerPixel));
  return [
    ...input(info, facts),
    ...passthrough(facts),
    ...["-c:v", "libx264", "-preset", "superfast", "-tune", "zerolatency"],
    ...["-profile:v", "baseline", "-pix_fmt", "yuv420p", "-bf", "0", "-threads", "1"],
    ...["-g", "1000000", "-sc_threshold", "0"],
    ...["-force_key_frames", "source", "-forced-idr", "1"],
    ...["-crf", "21", "-maxrate", String(bitrate)],
    ...["-bufsize", String(Math.round(bitrate * bufferSeconds))],
    ...["-flush_packets", "1", "-flvflags", "no_duration_filesize", "-f", "flv", "pipe:1"],
  ];
}
