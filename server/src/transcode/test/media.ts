import { AdtsReader, ascFromAdts, audioTrackInfoFromAsc } from "@millrace/media/aac";
import { FlvDemuxer, FlvReader } from "@millrace/media/flv";
import type { AudioTrackInfo, Frame, TrackInfo, VideoTrackInfo } from "@millrace/media/frame";
import { splitAvcc } from "@millrace/media/h264";
import { runFfmpeg } from "./tools.ts";

/** A track as a publisher would send it. */
export interface TestTrack<Info extends TrackInfo = TrackInfo> {
  readonly info: Info;
  readonly frames: readonly Frame[];
}

export const clickEveryMs = 500;
export const toneHz = 440;
const clickSamples = 48;

/** A quiet tone with a loud click of 1 ms every half second, the first at half a second; interleaved. */
export function clicks(sampleRate: number, channels: number, seconds: number): Float32Array {
  const count = Math.round(sampleRate * seconds);
  const samples = new Float32Array(count * channels);
  const every = (sampleRate * clickEveryMs) / 1000;
  const length = Math.round((clickSamples * sampleRate) / 48_000);
  for (let index = 0; index < count; index++) {
    const since = index % every;
    const click =
      index >= every && since < length ? 0.8 * Math.sin((Math.PI * since * 4) / length) : 0;
    const value = 0.1 * Math.sin((2 * Math.PI * toneHz * index) / sampleRate) + click;
    for (let channel = 0; channel < channels; channel++) {
      samples[index * channels + channel] = value;
    }
  }
  return samples;
}

/** Encoder priming: ffmpeg's AAC encoder puts this much silence in front. */
export const aacPrimingSamples = 1024;

/** AAC-LC of `clicks`; frame times are exact, rounded to microseconds. */
export async function aacClicks(
  sampleRate: number,
  channels: number,
  seconds: number,
): Promise<TestTrack<AudioTrackInfo>> {
  const pcm = Buffer.from(clicks(sampleRate, channels, seconds).buffer);
  const format = ["-f", "f32le", "-ar", String(sampleRate), "-ac", String(channels)];
  const adts = await runFfmpeg(
    [...format, "-i", "pipe:0", "-c:a", "aac", "-b:a", "128k", "-f", "adts", "pipe:1"],
    pcm,
  );
  const reader = new AdtsReader();
  const units = [...reader.receive(adts), ...reader.end()];
  const [first] = units;
  if (first === undefined) throw new Error("ffmpeg made no AAC");
  const frames = units.map(({ data }, index): Frame => {
    const us = Math.round((index * 1024e6) / sampleRate);
    return { ptsUs: us, dtsUs: us, key: true, payload: [data] };
  });
  return { info: audioTrackInfoFromAsc(ascFromAdts(first.header) ?? new Uint8Array(0)), frames };
}

/** The tracks of an FLV file. */
export function tracksOfFlv(flv: Uint8Array): { audio?: TestTrack; video?: TestTrack } {
  const reader = new FlvReader();
  const demuxer = new FlvDemuxer();
  const infos: { audio?: TrackInfo; video?: TrackInfo } = {};
  const frames = { audio: [] as Frame[], video: [] as Frame[] };
  reader.receive(flv);
  for (let item = reader.next(); item !== undefined; item = reader.next()) {
    if (item.type !== "tag") continue;
    for (const part of demuxer.tag(item.tag.type, item.tag.timestampMs, item.tag.body)) {
      if (part.type === "track") infos[part.info.kind] ??= part.info;
      if (part.type === "frame") frames[part.kind].push(part.frame);
    }
  }
  return {
    ...(infos.audio ? { audio: { info: infos.audio, frames: frames.audio } } : {}),
    ...(infos.video ? { video: { info: infos.video, frames: frames.video } } : {}),
  };
}

/** A moving test picture at 25 frames per second. */
export async function videoTrack(
  size: string,
  seconds: number,
  encoder: readonly string[],
): Promise<TestTrack<VideoTrackInfo>> {
  const flv = await runFfmpeg([
    ...["-f", "lavfi", "-i", `testsrc2=size=${size}:rate=25`, "-t", String(seconds)],
    ...encoder,
    ...["-f", "flv", "-flvflags", "no_duration_filesize", "pipe:1"],
  ]);
  const { video } = tracksOfFlv(flv);
  if (video?.info.kind !== "video") throw new Error("ffmpeg made no video");
  return { info: video.info, frames: video.frames };
}

/** A moving picture in a codec that FLV does not carry here; times are made up, 25 frames per second. */
export async function otherVideoTrack(
  codec: "h265" | "vp8" | "vp9" | "av1",
  size: string,
  seconds: number,
): Promise<TestTrack<VideoTrackInfo>> {
  const source = ["-f", "lavfi", "-i", `testsrc2=size=${size}:rate=25`, "-t", String(seconds)];
  const [width = 0, height = 0] = size.split("x").map(Number);
  const info = { kind: "video", codec, codecString: codec, width, height } as const;
  if (codec === "h265") {
    const encoder = ["-c:v", "libx265", "-x265-params", "bframes=0:keyint=25:log-level=none"];
    const container = ["-f", "mp4", "-movflags", "frag_every_frame+empty_moov", "pipe:1"];
    const mp4 = await runFfmpeg([...source, ...encoder, "-tag:v", "hvc1", ...container]);
    const units = boxes(mp4, "mdat").map((data) => splitAvcc(data, 4));
    const at = mp4.indexOf("hvcC");
    const config = new Uint8Array(mp4.subarray(at + 4, at - 4 + mp4.readUInt32BE(at - 4)));
    return { info: { ...info, config, reorderDepth: 0 }, frames: timed(units) };
  }
  const ivf = await runFfmpeg([
    ...source,
    ...ivfEncoders[codec],
    "-g",
    "25",
    "-f",
    "ivf",
    "pipe:1",
  ]);
  const units: Uint8Array[][] = [];
  for (let at = 32; at + 12 <= ivf.length; ) {
    const length = ivf.readUInt32LE(at);
    units.push([new Uint8Array(ivf.subarray(at + 12, at + 12 + length))]);
    at += 12 + length;
  }
  return { info: { ...info, config: new Uint8Array(0), reorderDepth: 0 }, frames: timed(units) };
}

const ivfEncoders = {
  vp8: ["-c:v", "libvpx", "-cpu-used", "8", "-deadline", "realtime"],
  vp9: ["-c:v", "libvpx-vp9", "-cpu-used", "8", "-deadline", "realtime"],
  av1: ["-c:v", "libaom-av1", "-cpu-used", "8", "-usage", "realtime", "-lag-in-frames", "0"],
} as const;

/** The contents of the top-level boxes of this type. ISO/IEC 14496-12 section 4.2. */
function boxes(mp4: Buffer, type: string): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = 0; at + 8 <= mp4.length; at += mp4.readUInt32BE(at)) {
    if (mp4.toString("latin1", at + 4, at + 8) !== type) continue;
    found.push(new Uint8Array(mp4.subarray(at + 8, at + mp4.readUInt32BE(at))));
  }
  return found;
}

function timed(units: readonly (readonly Uint8Array[])[]): Frame[] {
  return units.map((payload, at) => {
    return { ptsUs: at * 40_000, dtsUs: at * 40_000, key: at % 25 === 0, payload };
  });
}
