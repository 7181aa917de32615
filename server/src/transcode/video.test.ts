import { type Frame, frameSizeBytes, type VideoTrackInfo } from "@millrace/media/frame";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Derivation, silentLog, systemClock } from "../core/index.ts";
import { createTranscodePool } from "./create-pool.ts";
import type { TranscodePool } from "./pool.ts";
import { otherVideoTrack, type TestTrack, videoTrack } from "./test/media.ts";
import { decodeH264, difference, type Picture } from "./test/pictures.ts";
import { Recorder } from "./test/recorder.ts";
import { hasFfmpeg, hasNodeAv, until } from "./test/tools.ts";
import type { TranscodeJob } from "./transcode-job.ts";

const inOrder = { kind: "video", codec: "h264", reorder: false } as const;
const withBFrames = [
  ...["-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high", "-bf", "3", "-b:v", "600k"],
  ...["-g", "50", "-x264-params", "b-adapt=0:scenecut=0", "-pix_fmt", "yuv420p"],
];
/** How many pictures the decoder holds back, which nothing follows at the end of a test. */
const heldBack = 2;

describe.skipIf(!hasNodeAv || !hasFfmpeg)("video in order by node-av", { timeout: 120_000 }, () => {
  let pool: TranscodePool;
  let source: TestTrack<VideoTrackInfo>;
  let sourcePictures: Picture[];

  beforeAll(async () => {
    pool = await createTranscodePool({
      clock: systemClock,
      log: silentLog,
      engine: "node-av",
      children: 1,
      limits: { maxVideoLagMs: 60_000, maxVideoQueueMs: 60_000, spareDelayMs: 0, hangMs: 20_000 },
    });
    source = await videoTrack("320x180", 6, withBFrames);
    sourcePictures = await decodeH264(source.info, source.frames);
  }, 60_000);
  afterAll(() => pool.close());

  const ptsOf = (frames: readonly Frame[]): number[] => frames.map((frame) => frame.ptsUs);
  const displayOrder = (frames: readonly Frame[]): number[] => ptsOf(frames).sort((a, b) => a - b);
  const keysOf = (frames: readonly Frame[]): number[] => ptsOf(frames.filter(({ key }) => key));

  function expectSimilar(pictures: readonly Picture[], originals: readonly Picture[]): void {
    // B-frames make the first picture later; both show the same film from its beginning.
    const shiftUs = (pictures[0]?.ptsUs ?? 0) === 0 ? (originals[0]?.ptsUs ?? 0) : 0;
    const byTime = new Map(originals.map((picture) => [picture.ptsUs - shiftUs, picture]));
    for (const picture of pictures) {
      const { ptsUs } = picture;
      expect(difference(picture, byTime.get(ptsUs)), `picture at ${ptsUs}`).toBeLessThan(10);
    }
  }

  it("takes B-frames out and keeps every picture, its time and the key frames", async () => {
    expect(source.info.reorderDepth).toBe(heldBack);
    expect(ptsOf(source.frames)).not.toEqual(displayOrder(source.frames));
    const recorder = new Recorder();
    const derivation = pool.start(source.info, inOrder, recorder);
    for (const frame of source.frames) derivation.push(frame);
    const expected = displayOrder(source.frames).slice(0, -heldBack);
    await until(() => recorder.frames.length >= expected.length, "all pictures");
    derivation.close();
    expect(recorder.times).toEqual(expected);
    expect(recorder.frames.every((frame) => frame.dtsUs === frame.ptsUs)).toBe(true);
    expect(keysOf(recorder.frames)).toEqual(keysOf(source.frames));
    expect(recorder.infos).toHaveLength(1);
    const info = recorder.infos[0] as VideoTrackInfo;
    expect(info).toMatchObject({ codec: "h264", width: 320, height: 180, reorderDepth: 0 });
    expect(info.codecString).toMatch(/^avc1\.42c0/);
    const pictures = await decodeH264(info, recorder.frames);
    expect(pictures.map((picture) => picture.ptsUs)).toEqual(expected);
    expect(new Set(pictures.map((picture) => picture.type))).toEqual(new Set(["I", "P"]));
    expectSimilar(pictures, sourcePictures);
  });

  it("stays near the source's bit rate", async () => {
    const recorder = new Recorder();
    const derivation = pool.start(source.info, inOrder, recorder);
    for (const frame of source.frames) derivation.push(frame);
    await until(() => recorder.frames.length >= source.frames.length - heldBack, "all pictures");
    derivation.close();
    const rate = (frames: readonly Frame[]): number => {
      const late = frames.filter((frame) => frame.ptsUs >= 2_000_000);
      return late.reduce((sum, frame) => sum + frameSizeBytes(frame), 0) / late.length;
    };
    expect(rate(recorder.frames)).toBeLessThan(1.6 * rate(source.frames));
  });

  it("goes on with a key frame where it was when the process is killed, and repeats nothing", async () => {
    const recorder = new Recorder();
    const derivation = pool.start(source.info, inOrder, recorder);
    await until(() => pool.counters().warmSpares === 1, "the spare");
    for (const frame of source.frames.slice(0, 80)) derivation.push(frame);
    await until(() => recorder.frames.length >= 70, "70 pictures");
    process.kill((derivation as TranscodeJob).process?.pid ?? Number.NaN, "SIGKILL");
    for (const frame of source.frames.slice(80)) derivation.push(frame);
    const expected = displayOrder(source.frames).slice(0, -heldBack);
    await until(() => (recorder.times.at(-1) ?? 0) >= (expected.at(-1) ?? 0), "the last picture");
    derivation.close();
    expect(recorder.times).toEqual(expected);
    expect(recorder.failures).toEqual([]);
    expect(keysOf(recorder.frames).length).toBe(keysOf(source.frames).length + 1);
    const pictures = await decodeH264(recorder.infos[0] as VideoTrackInfo, recorder.frames);
    expectSimilar(pictures, sourcePictures);
  });

  it("shows the first picture of a long group at once and then jumps to the newest ones", async () => {
    const long = await videoTrack("320x180", 12, [...withBFrames, "-g", "1000"]);
    const hasty = await createTranscodePool({
      clock: systemClock,
      log: silentLog,
      engine: "node-av",
      children: 1,
      warmSpare: false,
      limits: { maxVideoLagMs: 500, maxVideoQueueMs: 60_000, hangMs: 20_000 },
    });
    try {
      const recorder = new Recorder();
      const derivation = hasty.start(long.info, inOrder, recorder);
      for (const frame of long.frames) derivation.push(frame);
      const newest = displayOrder(long.frames).at(-1 - heldBack) ?? 0;
      await until(() => (recorder.times.at(-1) ?? 0) >= newest, "the newest picture");
      derivation.close();
      expect(recorder.times[0]).toBe(long.frames[0]?.ptsUs);
      expect(hasty.counters().framesSkipped).toBeGreaterThan(100);
      expect(recorder.times).toEqual([...recorder.times].sort((a, b) => a - b));
      const jump = recorder.frames.findIndex(
        (frame, at) => at > 0 && frame.ptsUs - (recorder.times[at - 1] ?? 0) > 1_000_000,
      );
      expect(recorder.frames[jump]?.key).toBe(true);
    } finally {
      await hasty.close();
    }
  });

  it("follows a change of the picture's size", async () => {
    const other = await videoTrack("256x144", 2, withBFrames);
    const recorder = new Recorder();
    const derivation = pool.start(source.info, inOrder, recorder);
    const before = source.frames.slice(0, 50);
    for (const frame of before) derivation.push(frame);
    derivation.reconfigure(other.info);
    const us = 10_000_000;
    for (const frame of other.frames) {
      derivation.push({ ...frame, ptsUs: frame.ptsUs + us, dtsUs: frame.dtsUs + us });
    }
    const expected = other.frames.length - heldBack;
    await until(
      () => recorder.times.filter((time) => time >= us).length >= expected,
      "pictures of the other size",
    );
    derivation.close();
    expect(recorder.infos.map((info) => info.kind === "video" && info.width)).toEqual([320, 256]);
    const after = recorder.frames.filter((frame) => frame.ptsUs >= us);
    expect(after[0]?.key).toBe(true);
    const pictures = await decodeH264(recorder.infos[1] as VideoTrackInfo, after);
    expect(pictures.every((picture) => picture.width === 256)).toBe(true);
  });

  it("brings 10 bit and 4:2:2 to what browsers play", async () => {
    const rich = await videoTrack("320x180", 2, [
      ...["-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-g", "25"],
      ...["-pix_fmt", "yuv422p10le", "-tune", "zerolatency"],
    ]);
    const recorder = new Recorder();
    const derivation = pool.start(rich.info, inOrder, recorder);
    for (const frame of rich.frames) derivation.push(frame);
    await until(() => recorder.frames.length >= rich.frames.length - 1, "all pictures");
    derivation.close();
    const info = recorder.infos[0] as VideoTrackInfo;
    expect(info.codecString).toMatch(/^avc1\.42c0/);
    expectSimilar(await decodeH264(info, recorder.frames), sourcePictures);
  });

  it.each(["h265", "vp8", "vp9", "av1"] as const)("makes H.264 of %s", async (codec) => {
    const track = await otherVideoTrack(codec, "320x180", 2);
    expect(track.frames).toHaveLength(50);
    const recorder = new Recorder();
    const derivation = pool.start(track.info, inOrder, recorder);
    for (const frame of track.frames) derivation.push(frame);
    await until(() => recorder.frames.length >= 45 || recorder.failures.length > 0, "pictures");
    derivation.close();
    expect(recorder.failures).toEqual([]);
    expect(keysOf(recorder.frames)).toEqual([0, 1_000_000]);
    const info = recorder.infos[0] as VideoTrackInfo;
    expectSimilar(await decodeH264(info, recorder.frames), sourcePictures);
  });

  it("counts garbage, does not crash, and goes on at the next key frame", async () => {
    let seed = 7;
    const noise = (part: Uint8Array): Uint8Array =>
      part.map((byte, at) => {
        seed = (seed * 1_103_515_245 + 12_345) & 0x7fff_ffff;
        return at > 0 && seed % 5 === 0 ? seed >> 16 : byte;
      });
    const before = pool.counters();
    const recorder = new Recorder();
    const derivation: Derivation = pool.start(source.info, inOrder, recorder);
    for (const [at, frame] of source.frames.entries()) {
      derivation.push(at < 60 ? { ...frame, payload: frame.payload.map(noise) } : frame);
    }
    const last = displayOrder(source.frames).at(-1 - heldBack) ?? 0;
    await until(() => (recorder.times.at(-1) ?? 0) >= last, "the last picture");
    derivation.close();
    expect(recorder.failures).toEqual([]);
    expect(pool.counters().crashes).toBe(before.crashes);
    const clean = recorder.frames.filter((frame) => frame.ptsUs >= 4_100_000);
    expect(ptsOf(clean)).toEqual(
      displayOrder(source.frames).filter((us) => us >= 4_100_000 && us <= last),
    );
  });
});
