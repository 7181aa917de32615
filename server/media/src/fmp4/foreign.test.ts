import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { audioTrackInfoFromAsc } from "../aac/index.ts";
import { videoTrackInfoFromAv1C } from "../av1/index.ts";
import type { Frame, TrackInfo, VideoTrackInfo } from "../frame/index.ts";
import { ticksToUs, usToTicks } from "../frame/index.ts";
import { splitAvcc, videoTrackInfoFromAvcC } from "../h264/index.ts";
import { videoTrackInfoFromVpcC } from "../vp9/index.ts";
import { writeChunk } from "./chunk.ts";
import { writeInit } from "./init.ts";
import { findPictureSize } from "./picture-size.ts";
import { findBox, readBoxes } from "./reader.ts";
import { fmp4Timescale } from "./track.ts";

const present = spawnSync("ffmpeg", ["-version"], { stdio: "ignore" }).status === 0;
if (!present) console.warn("ffmpeg is missing: what it reads is not tested");

function run(tool: string, args: readonly string[], input?: Uint8Array): Buffer {
  const { status, stdout, stderr } = spawnSync(tool, ["-v", "error", ...args], {
    input,
    maxBuffer: 64 * 1024 * 1024,
    timeout: 60_000,
  });
  if (status !== 0) throw new Error(`${tool} ended with ${status}: ${stderr}`);
  expect(stderr.toString()).toBe("");
  return stdout;
}

// The moov waits for the first frames, out of which ffmpeg makes the configuration of AV1.
const flags = "frag_every_frame+delay_moov+default_base_moof";
const fragmented = ["-movflags", flags, "-f", "mp4", "-"];
const picture = ["-f", "lavfi", "-i", "testsrc2=size=192x108:rate=25:duration=1.2"];
const sound = [
  "-f",
  "lavfi",
  "-i",
  "sine=frequency=500:duration=1.2:sample_rate=48000",
  "-ac",
  "2",
];

/** A track as ffmpeg wrote it. */
interface Source {
  readonly info: TrackInfo;
  readonly frames: readonly Frame[];
  readonly file: Uint8Array;
}

const u32 = (bytes: Uint8Array, at: number): number => Buffer.from(bytes).readUInt32BE(at);

/** Reads ffmpeg's own fragmented MP4: one sample per fragment. */
function readSource(
  file: Uint8Array,
  entry: string,
  toInfo: (config: Uint8Array) => TrackInfo,
): Source {
  const stbl = findBox(file, "moov/trak/mdia/minf/stbl");
  const timescale = u32(findBox(file, "moov/trak/mdia/mdhd"), 12);
  const sampleEntry = findBox(findBox(stbl, "stsd").subarray(8), entry);
  const info = toInfo(sampleEntry);
  const isNal = info.codec === "h264" || info.codec === "h265";
  const frames: Frame[] = [];
  let moof: Uint8Array | undefined;
  for (const box of readBoxes(file)) {
    if (box.type === "moof") moof = box.contents;
    if (box.type !== "mdat" || moof === undefined) continue;
    const dts = Number(Buffer.from(findBox(moof, "traf/tfdt")).readBigUInt64BE(4));
    const trun = Buffer.from(findBox(moof, "traf/trun"));
    const flags = trun.readUInt32BE(0) & 0xff_ffff;
    expect(trun.readUInt32BE(4)).toBe(1);
    const offset = (flags & 0x800) === 0 ? 0 : trun.readInt32BE(trun.length - 4);
    const sync =
      (flags & 0x4) !== 0
        ? trun.readUInt32BE(12)
        : (flags & 0x400) !== 0
          ? trun.readUInt32BE(trun.length - ((flags & 0x800) === 0 ? 4 : 8))
          : u32(findBox(moof, "traf/tfhd"), findBox(moof, "traf/tfhd").byteLength - 4);
    frames.push({
      dtsUs: ticksToUs(dts, timescale),
      ptsUs: ticksToUs(dts + offset, timescale),
      key: (sync & 0x1_0000) === 0,
      payload: isNal ? splitAvcc(box.contents, 4) : [box.contents],
    });
  }
  return { info, frames, file };
}

const videoConfig = (entry: Uint8Array, type: string): Uint8Array =>
  findBox(entry.subarray(78), type);
const size = { width: 192, height: 108 };

/** Encodes with ffmpeg. */
const sources: Record<string, () => Source> = {
  h264: () =>
    readSource(
      run("ffmpeg", [...picture, "-c:v", "libx264", "-bf", "2", "-g", "12", ...fragmented]),
      "avc1",
      (entry) => videoTrackInfoFromAvcC(videoConfig(entry, "avcC").slice()),
    ),
  h265: () =>
    readSource(
      run("ffmpeg", [
        ...picture,
        "-c:v",
        "libx265",
        "-preset",
        "ultrafast",
        "-tag:v",
        "hvc1",
        "-x265-params",
        "log-level=none:pools=1",
        ...fragmented,
      ]),
      "hvc1",
      (entry): VideoTrackInfo => ({
        ...{ kind: "video", codec: "h265", codecString: "hvc1.1.6.L60.90" },
        config: videoConfig(entry, "hvcC").slice(),
        ...{ width: 0, height: 0, reorderDepth: undefined },
      }),
    ),
  av1: () =>
    readSource(
      run("ffmpeg", [
        ...picture,
        "-c:v",
        "libaom-av1",
        "-cpu-used",
        "8",
        "-usage",
        "realtime",
        "-g",
        "12",
        ...fragmented,
      ]),
      "av01",
      (entry) =>
        videoTrackInfoFromAv1C(videoConfig(entry, "av1C").slice(), size.width, size.height),
    ),
  vp9: () =>
    readSource(
      run("ffmpeg", [
        ...picture,
        "-c:v",
        "libvpx-vp9",
        "-deadline",
        "realtime",
        "-cpu-used",
        "8",
        ...fragmented,
      ]),
      "vp09",
      (entry) =>
        videoTrackInfoFromVpcC(videoConfig(entry, "vpcC").slice(), size.width, size.height),
    ),
  aac: () =>
    readSource(run("ffmpeg", [...sound, "-c:a", "aac", ...fragmented]), "mp4a", (entry) => {
      const esds = Buffer.from(findBox(entry.subarray(28), "esds"));
      const at = esds.indexOf(Uint8Array.of(5, 0x80, 0x80, 0x80));
      return audioTrackInfoFromAsc(
        Uint8Array.from(esds.subarray(at + 5, at + 5 + (esds[at + 4] ?? 0))),
      );
    }),
  opus: () =>
    readSource(run("ffmpeg", [...sound, "-c:a", "libopus", ...fragmented]), "Opus", () => ({
      ...{ kind: "audio", codec: "opus", codecString: "opus", config: new Uint8Array(0) },
      ...{ sampleRate: 48_000, channels: 2 },
    })),
  mp3: () =>
    readSource(run("ffmpeg", [...sound, "-c:a", "libmp3lame", ...fragmented]), "mp4a", () => ({
      ...{ kind: "audio", codec: "mp3", codecString: "mp3", config: new Uint8Array(0) },
      ...{ sampleRate: 48_000, channels: 2 },
    })),
};

/** What we write: chunks of five samples each. */
function remux(tracks: readonly Source[]): Uint8Array {
  const ours = tracks.map(({ info }, index) => ({
    id: index + 1,
    info,
    timescale: fmp4Timescale(info),
  }));
  const pieces: Uint8Array[] = [writeInit(ours.map((track) => ({ ...track, size })))];
  const most = Math.max(...tracks.map(({ frames }) => frames.length));
  for (let at = 0; at < most; at += 5) {
    const runs = tracks.flatMap(({ frames, info }, index) => {
      const track = ours[index] as (typeof ours)[number];
      const ticks = (us: number): number => usToTicks(us, fmp4Timescale(info));
      const span = frames.slice(at, at + 5);
      const samples = span.map((frame, position) => {
        const next = frames[at + position + 1]?.dtsUs ?? frame.dtsUs + 20_000;
        return {
          duration: ticks(next) - ticks(frame.dtsUs),
          compositionOffset: ticks(frame.ptsUs) - ticks(frame.dtsUs),
          key: frame.key,
          payload: frame.payload,
        };
      });
      const [first] = span;
      return first === undefined ? [] : [{ track, decodeTime: ticks(first.dtsUs), samples }];
    });
    pieces.push(writeChunk(at + 1, runs));
  }
  return Buffer.concat(pieces);
}

/** One line per decoded frame: presentation time (ms) and hash. */
function decode(file: Uint8Array, kind: "v" | "a"): string[] {
  const args = ["-i", "-", "-map", `0:${kind}`, "-f", "framemd5", "-"];
  return run("ffmpeg", args, file)
    .toString()
    .split("\n")
    .filter((line) => /^\d/.test(line))
    .map((line) => line.split(",").at(-1)?.trim() ?? "");
}

describe.skipIf(!present)("what ffmpeg reads", () => {
  it.each(["h264", "h265", "av1", "vp9"])(
    "%s: decodes to the same pictures",
    { timeout: 60_000 },
    (codec) => {
      const source = sources[codec]?.() as Source;
      expect(source.frames.length).toBeGreaterThan(25);
      const pictures = decode(remux([source]), "v");
      expect(pictures).toHaveLength(30);
      const [key] = source.frames;
      if (source.info.kind === "video" && key !== undefined) {
        expect(findPictureSize(source.info, key)).toEqual(size);
        expect(findPictureSize({ ...source.info, width: 0, height: 0 }, key)).toEqual(
          codec === "h264" ? undefined : size,
        );
      }
      expect(pictures).toEqual(decode(source.file, "v"));
    },
  );

  it.each(["aac", "opus", "mp3"])(
    "%s: decodes to sound of the same length",
    { timeout: 60_000 },
    (codec) => {
      const source = sources[codec]?.() as Source;
      const file = remux([source]);
      const probe = JSON.parse(
        run(
          "ffprobe",
          ["-of", "json", "-show_streams", "-count_packets", "-i", "-"],
          file,
        ).toString(),
      ) as { streams: Record<string, unknown>[] };
      expect(probe.streams).toEqual([
        expect.objectContaining({
          codec_name: codec,
          channels: 2,
          sample_rate: "48000",
          nb_read_packets: String(source.frames.length),
        }),
      ]);
      const samples =
        run("ffmpeg", ["-i", "-", "-f", "s16le", "-ac", "1", "-"], file).byteLength / 2;
      expect(samples / 48_000).toBeCloseTo(1.2, 0);
    },
  );

  it("several tracks in a chunk: pictures and sound", { timeout: 60_000 }, () => {
    const video = sources["h264"]?.() as Source;
    const audio = sources["aac"]?.() as Source;
    const file = remux([video, audio]);
    expect(decode(file, "v")).toEqual(decode(video.file, "v"));
    expect(decode(file, "a").length).toBe(decode(audio.file, "a").length);
  });
});
