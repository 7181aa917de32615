import type { Frame, VideoTrackInfo } from "@millrace/media/frame";
import { hasJpegEnds, parseJpegSize } from "@millrace/media/jpeg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silentLog, systemClock } from "../core/index.ts";
import { createTranscodePool, type TranscodePoolOptions } from "./create-pool.ts";
import type { TranscodePool } from "./pool.ts";
import { pushLive } from "./test/live.ts";
import { otherVideoTrack, type TestTrack, tracksOfFlv, videoTrack } from "./test/media.ts";
import { decodeH264, decodeJpeg, difference, type Picture } from "./test/pictures.ts";
import { Recorder } from "./test/recorder.ts";
import { hasFfmpeg, hasNodeAv, runFfmpeg, until } from "./test/tools.ts";
import type { TranscodeJob } from "./transcode-job.ts";

const jpeg = { kind: "video", codec: "jpeg" } as const;
const withBFrames = [
  ...["-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high", "-bf", "3", "-g", "50"],
  ...["-x264-params", "b-adapt=0:scenecut=0", "-pix_fmt", "yuv420p"],
];
const zeroLatency = ["-c:v", "libx264", "-tune", "zerolatency", "-g", "50", "-pix_fmt", "yuv420p"];

const moved = (frames: readonly Frame[], us: number): Frame[] =>
  frames.map((frame) => ({ ...frame, ptsUs: frame.ptsUs + us, dtsUs: frame.dtsUs + us }));
const slotOf = (us: number): number => Math.floor(us / 100_000);

describe.skipIf(!hasNodeAv || !hasFfmpeg)("video to JPEG by node-av", { timeout: 120_000 }, () => {
  const pools: TranscodePool[] = [];
  let pool: TranscodePool;
  let source: TestTrack<VideoTrackInfo>;
  let originals: Map<number, Picture>;

  async function open(limits: TranscodePoolOptions["limits"] = {}): Promise<TranscodePool> {
    const made = await createTranscodePool({
      clock: systemClock,
      log: silentLog,
      engine: "node-av",
      children: 1,
      limits: { maxVideoQueueMs: 60_000, spareDelayMs: 0, hangMs: 20_000, ...limits },
    });
    pools.push(made);
    return made;
  }

  beforeAll(async () => {
    pool = await open();
    source = await videoTrack("320x180", 4, withBFrames);
    const pictures = await decodeH264(source.info, source.frames);
    originals = new Map(pictures.map((picture) => [picture.ptsUs, picture]));
  }, 60_000);
  afterAll(() => Promise.all(pools.map((one) => one.close())));

  async function live(
    track: TestTrack<VideoTrackInfo>,
    by: TranscodePool = pool,
    missingUs = 300_000,
  ): Promise<Recorder> {
    const recorder = new Recorder();
    const derivation = by.start(track.info, jpeg, recorder);
    const job = derivation as TranscodeJob;
    for (const frame of track.frames) {
      derivation.push(frame);
      // Frames of one turn count as one group, so each gets a turn, and none is late on a slow machine.
      await new Promise((resolve) => setImmediate(resolve));
      await until(() => job.process?.isReady === true && job.process.owes === 0, "rest");
    }
    const lastUs = (track.frames.at(-1)?.dtsUs ?? 0) - missingUs;
    await until(() => (recorder.times.at(-1) ?? 0) >= lastUs, "the last pictures");
    derivation.close();
    expect(recorder.failures).toEqual([]);
    return recorder;
  }

  async function expectPictures(recorder: Recorder, shiftUs = 0): Promise<void> {
    const pictures = await decodeJpeg(recorder.frames);
    for (const picture of pictures) {
      const original = originals.get(picture.ptsUs + shiftUs);
      expect(difference(picture, original), `picture at ${picture.ptsUs}`).toBeLessThan(10);
    }
  }

  it("makes whole images of the right pictures, at most one in a tenth of a second", async () => {
    const recorder = await live(source);
    const slots = recorder.times.map(slotOf);
    expect(slots).toEqual([...new Set(slots)].sort((a, b) => a - b));
    // Pictures that others do not refer to may be left out; the rest still is enough.
    expect(slots.length).toBeGreaterThan(25);
    for (const frame of recorder.frames) {
      const [image = new Uint8Array(0)] = frame.payload;
      expect(frame).toMatchObject({ key: true, dtsUs: frame.ptsUs });
      expect(frame.payload).toHaveLength(1);
      expect(hasJpegEnds(image)).toBe(true);
      expect(parseJpegSize(image)).toMatchObject({ width: 320, height: 180 });
    }
    expect(recorder.infos).toEqual([
      expect.objectContaining({ kind: "video", codec: "jpeg", width: 320, height: 180 }),
    ]);
    await expectPictures(recorder);
  });

  it.each(["h265", "vp8", "vp9", "av1"] as const)("makes images of %s", async (codec) => {
    const track = await otherVideoTrack(codec, "320x180", 2);
    const recorder = await live(track);
    expect(recorder.frames.length).toBeGreaterThan(10);
    const [firstUs = 0] = [...originals.keys()].sort((a, b) => a - b);
    await expectPictures(recorder, firstUs);
  });

  it("makes maxJpegPerSecond images a second and no more", async () => {
    const track = await videoTrack("320x180", 3, zeroLatency);
    const slow = await live(track, await open({ maxJpegPerSecond: 2 }), 480_000);
    expect(slow.times.map((us) => Math.floor(us / 500_000))).toEqual([0, 1, 2, 3, 4, 5]);
    const fast = await live(track, await open({ maxJpegPerSecond: 25 }));
    expect(fast.frames.length).toBeGreaterThan(60);
  });

  it("shows the newest picture of a group that comes at once, and only that", async () => {
    const group = (await videoTrack("320x180", 4, [...zeroLatency, "-g", "1000"])).frames;
    const { info } = await videoTrack("320x180", 1, [...zeroLatency, "-g", "1000"]);
    for (const by of [pool, await open()]) {
      const recorder = new Recorder();
      const derivation = by.start(info, jpeg, recorder);
      for (const frame of group) derivation.push(frame);
      await until(() => recorder.frames.length > 0, "the picture");
      expect(recorder.times).toEqual([group.at(-1)?.ptsUs]);
      const next = moved(group, 4_000_000)[0] as Frame;
      derivation.push(next);
      await until(() => recorder.frames.length > 1, "another picture");
      expect(recorder.times).toEqual([group.at(-1)?.ptsUs, next.ptsUs]);
      derivation.close();
      expect(by.counters().framesSkipped).toBeGreaterThan(50);
    }
  });

  it("scales down to maxJpegWidth, never up, with square pixels", async () => {
    const sizes = [
      ["1922x1080", [], { width: 1280, height: 720 }],
      ["1280x720", [], { width: 1280, height: 720 }],
      ["320x240", ["-vf", "setsar=4/3"], { width: 320, height: 180 }],
    ] as const;
    for (const [size, filter, expected] of sizes) {
      const track = await videoTrack(size, 1, [...filter, ...zeroLatency]);
      const recorder = new Recorder();
      const derivation = pool.start(track.info, jpeg, recorder);
      for (const frame of track.frames) derivation.push(frame);
      await until(() => recorder.frames.length > 0, "a picture");
      derivation.close();
      expect(recorder.infos[0]).toMatchObject(expected);
      const [image = new Uint8Array(0)] = recorder.frames[0]?.payload ?? [];
      expect(parseJpegSize(image)).toMatchObject(expected);
    }
  });

  it("brings limited range and BT.709 to what JPEG means", async () => {
    // Full red: 63, 102, 240 in BT.709; 76, 85, 255 in JFIF.
    const flv = await runFfmpeg([
      ...["-f", "lavfi", "-i", "color=red:size=320x180:rate=25:d=1,format=rgb24"],
      ...["-vf", "scale=out_color_matrix=bt709:out_range=limited,format=yuv420p"],
      ...["-colorspace", "bt709", "-color_range", "tv", "-color_primaries", "bt709"],
      ...["-color_trc", "bt709", ...zeroLatency, "-f", "flv", "pipe:1"],
    ]);
    const track = tracksOfFlv(flv).video as TestTrack<VideoTrackInfo>;
    const recorder = new Recorder();
    const derivation = pool.start(track.info, jpeg, recorder);
    for (const frame of track.frames) derivation.push(frame);
    await until(() => recorder.frames.length > 0, "a picture");
    derivation.close();
    const [picture] = await decodeJpeg(recorder.frames);
    for (const [at, value] of [76, 85, 255].entries()) {
      expect(Math.abs((picture?.middle[at] ?? 0) - value)).toBeLessThan(6);
    }
  });

  it("goes on when the process is killed, and repeats nothing", async () => {
    const recorder = new Recorder();
    const derivation = pool.start(source.info, jpeg, recorder);
    await until(() => pool.counters().warmSpares === 1, "the spare");
    await pushLive([derivation], source.frames, {
      atMs: 2_000,
      run: () => process.kill((derivation as TranscodeJob).process?.pid ?? Number.NaN, "SIGKILL"),
    });
    await until(() => (recorder.times.at(-1) ?? 0) > 3_600_000, "the last pictures");
    derivation.close();
    const slots = recorder.times.map(slotOf);
    expect(slots).toEqual([...new Set(slots)].sort((a, b) => a - b));
    expect(recorder.failures).toEqual([]);
    await expectPictures(recorder);
  });
});
