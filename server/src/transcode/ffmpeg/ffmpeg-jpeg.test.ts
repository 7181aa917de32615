import type { Frame, VideoTrackInfo } from "@millrace/media/frame";
import { hasJpegEnds, parseJpegSize } from "@millrace/media/jpeg";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { silentLog, systemClock } from "../../core/index.ts";
import { createTranscodePool } from "../create-pool.ts";
import type { TranscodePool } from "../pool.ts";
import { pushLive } from "../test/live.ts";
import { otherVideoTrack, type TestTrack, videoTrack } from "../test/media.ts";
import { decodeH264, decodeJpeg, difference, type Picture } from "../test/pictures.ts";
import { Recorder } from "../test/recorder.ts";
import { hasFfmpeg, hasNodeAv, until } from "../test/tools.ts";
import type { FfmpegDerivation } from "./ffmpeg-derivation.ts";

const jpeg = { kind: "video", codec: "jpeg" } as const;
const inOrder = { kind: "video", codec: "h264", reorder: false } as const;
const withBFrames = [
  ...["-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high", "-bf", "3", "-g", "50"],
  ...["-x264-params", "b-adapt=0:scenecut=0", "-pix_fmt", "yuv420p"],
];
const zeroLatency = [
  "-c:v",
  "libx264",
  "-tune",
  "zerolatency",
  "-g",
  "1000",
  "-pix_fmt",
  "yuv420p",
];
const slotOf = (us: number): number => Math.floor(us / 100_000);
const moved = (frames: readonly Frame[], us: number): Frame[] =>
  frames.map((frame) => ({ ...frame, ptsUs: frame.ptsUs + us, dtsUs: frame.dtsUs + us }));

// node-av decodes what the tests look at.
describe.skipIf(!hasFfmpeg || !hasNodeAv)("video to JPEG by ffmpeg", { timeout: 120_000 }, () => {
  const pools: TranscodePool[] = [];
  let source: TestTrack<VideoTrackInfo>;
  let originals: Map<number, Picture>;

  beforeAll(async () => {
    source = await videoTrack("320x180", 4, withBFrames);
    const pictures = await decodeH264(source.info, source.frames);
    originals = new Map(pictures.map((picture) => [picture.ptsUs, picture]));
  }, 60_000);
  afterEach(async () => {
    await Promise.all(pools.splice(0).map((pool) => pool.close()));
  });

  async function open(): Promise<TranscodePool> {
    const pool = await createTranscodePool({
      clock: systemClock,
      log: silentLog,
      engine: "ffmpeg",
    });
    pools.push(pool);
    return pool;
  }

  async function expectPictures(recorder: Recorder, shiftUs = 0): Promise<void> {
    expect(recorder.failures).toEqual([]);
    const slots = recorder.times.map(slotOf);
    expect(slots).toEqual([...new Set(slots)].sort((a, b) => a - b));
    for (const picture of await decodeJpeg(recorder.frames)) {
      const original = originals.get(picture.ptsUs + shiftUs);
      expect(difference(picture, original), `picture at ${picture.ptsUs}`).toBeLessThan(10);
    }
  }

  it("makes whole images of the right pictures, also when a process dies", async () => {
    const pool = await open();
    const recorder = new Recorder();
    const derivation = pool.start(source.info, jpeg, recorder);
    await pushLive([derivation], moved(source.frames, 5_000_000), {
      atMs: 2_500,
      run: () => (derivation as FfmpegDerivation).child?.crash(),
    });
    await until(() => (recorder.times.at(-1) ?? 0) > 8_500_000, "the last pictures");
    derivation.close();
    expect(recorder.frames.length).toBeGreaterThan(15);
    for (const frame of recorder.frames) {
      const [image = new Uint8Array(0)] = frame.payload;
      expect(frame).toMatchObject({ key: true, dtsUs: frame.ptsUs });
      expect(hasJpegEnds(image)).toBe(true);
    }
    expect(recorder.infos).toEqual([
      expect.objectContaining({ kind: "video", codec: "jpeg", width: 320, height: 180 }),
    ]);
    await expectPictures(recorder, -5_000_000);
  });

  it.each(["h265", "vp8", "vp9", "av1"] as const)(
    "reads %s, for JPEG and for H.264",
    async (codec) => {
      const pool = await open();
      const track = await otherVideoTrack(codec, "320x180", 3);
      const [images, video] = [new Recorder(), new Recorder()];
      const derivations = [
        pool.start(track.info, jpeg, images),
        pool.start(track.info, inOrder, video),
      ];
      const frames = moved(track.frames, 5_000_000);
      await pushLive(derivations, frames);
      await until(() => (images.times.at(-1) ?? 0) > 7_500_000, "the last images");
      await until(() => (video.times.at(-1) ?? 0) > 7_500_000, "the last pictures");
      for (const derivation of derivations) derivation.close();
      const [firstUs = 0] = [...originals.keys()].sort((a, b) => a - b);
      await expectPictures(images, firstUs - 5_000_000);
      expect(video.times).toEqual(frames.slice(0, video.times.length).map(({ ptsUs }) => ptsUs));
      const pictures = await decodeH264(video.infos[0] as VideoTrackInfo, video.frames);
      for (const picture of pictures) {
        const original = originals.get(picture.ptsUs + firstUs - 5_000_000);
        // Encoded twice, at low bit rates.
        expect(difference(picture, original), `picture at ${picture.ptsUs}`).toBeLessThan(15);
      }
    },
  );

  it("shows the newest picture of a group that comes at once, and only that", async () => {
    const pool = await open();
    const { info, frames } = await videoTrack("1600x900", 2, zeroLatency);
    const recorder = new Recorder();
    const derivation = pool.start(info, jpeg, recorder);
    for (const frame of frames) derivation.push(frame);
    await until(() => recorder.frames.length > 0, "the picture");
    derivation.close();
    expect(recorder.times).toEqual([frames.at(-1)?.ptsUs]);
    expect(recorder.infos).toEqual([expect.objectContaining({ width: 1280, height: 720 })]);
    const [image = new Uint8Array(0)] = recorder.frames[0]?.payload ?? [];
    expect(parseJpegSize(image)).toMatchObject({ width: 1280, height: 720 });
  });

  it("follows a change of the picture's size", async () => {
    const pool = await open();
    const [first, second] = [
      await videoTrack("320x180", 1, zeroLatency),
      await videoTrack("256x144", 1, zeroLatency),
    ];
    const recorder = new Recorder();
    const derivation = pool.start(first.info, jpeg, recorder);
    for (const frame of first.frames) derivation.push(frame);
    await until(() => recorder.frames.length > 0, "a picture");
    derivation.reconfigure(second.info);
    for (const frame of moved(second.frames, 2_000_000)) derivation.push(frame);
    await until(() => recorder.frames.length > 1, "a picture of the other size");
    derivation.close();
    expect(recorder.infos.map((info) => info.kind === "video" && info.width)).toEqual([320, 256]);
  });
});
