import type { AudioTrackInfo, Frame, VideoTrackInfo } from "@millrace/media/frame";
import { afterEach, describe, expect, it } from "vitest";
import { type Derivation, RefusedError, silentLog, systemClock } from "../../core/index.ts";
import { audioInfo, videoInfo } from "../../core/test-frames.ts";
import { createTranscodePool, type TranscodePoolOptions } from "../create-pool.ts";
import type { TranscodePool } from "../pool.ts";
import { clickTimes, decodeOpus, toneLevel } from "../test/decoder.ts";
import { pushLive } from "../test/live.ts";
import { aacClicks, aacPrimingSamples, clickEveryMs, toneHz, videoTrack } from "../test/media.ts";
import { decodeH264 } from "../test/pictures.ts";
import { Recorder } from "../test/recorder.ts";
import { hasFfmpeg, hasNodeAv, isAlive, until } from "../test/tools.ts";
import type { FfmpegDerivation } from "./ffmpeg-derivation.ts";

const opus = { kind: "audio", codec: "opus" } as const;
const inOrder = { kind: "video", codec: "h264", reorder: false } as const;

function pidOf(derivation: Derivation): number {
  const pid = (derivation as FfmpegDerivation).child?.pid;
  if (pid === undefined) throw new Error("the derivation has no process");
  return pid;
}

// node-av decodes what the tests look at.
describe.skipIf(!hasFfmpeg || !hasNodeAv)("FfmpegEngine", { timeout: 120_000 }, () => {
  const pools: TranscodePool[] = [];
  afterEach(async () => {
    await Promise.all(pools.splice(0).map((pool) => pool.close()));
  });

  async function open(options: Partial<TranscodePoolOptions> = {}): Promise<TranscodePool> {
    const pool = await createTranscodePool({
      clock: systemClock,
      log: silentLog,
      engine: "ffmpeg",
      ...options,
      limits: { maxAudioQueueBytes: 8 << 20, ...options.limits },
    });
    pools.push(pool);
    expect(pool.engine).toBe("ffmpeg");
    return pool;
  }

  const moved = (frames: readonly Frame[], us: number): Frame[] =>
    frames.map((frame) => ({ ...frame, ptsUs: frame.ptsUs + us, dtsUs: frame.dtsUs + us }));
  const steps = (times: readonly number[]): number[] =>
    times.slice(1).map((us, at) => us - (times[at] ?? 0));

  const cases = [
    [48_000, 2],
    [44_100, 1],
    [48_000, 6],
  ] as const;
  it.each(cases)(
    "keeps tone, count and time of AAC at %i Hz with %i channels",
    async (rate, channels) => {
      const pool = await open();
      const { info, frames } = await aacClicks(rate, channels, 4);
      const recorder = new Recorder();
      const derivation = pool.start(info, opus, recorder);
      const startUs = 3_000_000;
      for (const frame of moved(frames, startUs)) derivation.push(frame);
      const expected = Math.floor((frames.length * 1024e6) / rate / 20_000) - 3;
      await until(() => recorder.frames.length >= expected, `${expected} packets`);
      derivation.close();
      expect(new Set(steps(recorder.times))).toEqual(new Set([20_000]));
      expect(recorder.infos).toEqual([expect.objectContaining({ codec: "opus", channels: 2 })]);
      const sounds = await decodeOpus(recorder.frames);
      const heard = clickTimes(sounds, channels === 6 ? 0.25 : 0.35);
      expect(heard).toHaveLength(7);
      for (const [at, us] of heard.entries()) {
        const trueUs = startUs + (aacPrimingSamples * 1e6) / rate + (at + 1) * clickEveryMs * 1000;
        expect(Math.abs(us - trueUs), `click ${at}`).toBeLessThan(15_000);
      }
      const quiet = sounds.filter((_, at) => at > 2 && at < 20);
      expect(toneLevel(quiet, toneHz)).toBeGreaterThan(0.05);
    },
  );

  it("begins anew on the input's time after a gap and after a change of configuration", async () => {
    const pool = await open();
    const { info, frames } = await aacClicks(48_000, 2, 2);
    const other = await aacClicks(44_100, 1, 2);
    const recorder = new Recorder();
    const derivation = pool.start(info, opus, recorder);
    for (const frame of frames) derivation.push(frame);
    await until(() => recorder.frames.length >= 95, "the first part");
    for (const frame of moved(frames, 9_000_000)) derivation.push(frame);
    await until(() => recorder.frames.length >= 190, "the second part");
    derivation.reconfigure(other.info);
    for (const frame of moved(other.frames, 12_000_000)) derivation.push(frame);
    await until(() => recorder.frames.length >= 285, "the third part");
    derivation.close();
    for (const us of clickTimes(await decodeOpus(recorder.frames))) {
      const delayUs = (aacPrimingSamples * 1e6) / (us > 12_000_000 ? 44_100 : 48_000);
      const phase = (us - delayUs) % (clickEveryMs * 1000);
      expect(Math.min(phase, clickEveryMs * 1000 - phase)).toBeLessThan(15_000);
    }
    expect(pool.counters().crashes).toBe(0);
  });

  it("goes on in another process when one is killed, with no packet twice and next to none lost", async () => {
    const pool = await open();
    const { info, frames } = await aacClicks(48_000, 2, 5);
    const recorder = new Recorder();
    const derivation = pool.start(info, opus, recorder);
    await pushLive([derivation], frames, {
      atMs: 2500,
      run: () => process.kill(pidOf(derivation), "SIGKILL"),
    });
    await until(() => (recorder.times.at(-1) ?? 0) > 4_850_000, "the end");
    expect(pool.counters()).toMatchObject({ crashes: 1, moves: 1, quarantined: 0 });
    const irregular = steps(recorder.times).filter((step) => step !== 20_000);
    expect(irregular.length).toBeLessThanOrEqual(1);
    for (const step of irregular) {
      expect(step).toBeGreaterThanOrEqual(10_000);
      expect(step).toBeLessThanOrEqual(40_000);
    }
    const heard = clickTimes(await decodeOpus(recorder.frames));
    expect(heard).toHaveLength(9);
    for (const [at, us] of heard.entries()) {
      const trueUs = (aacPrimingSamples * 1e6) / 48_000 + (at + 1) * clickEveryMs * 1000;
      expect(Math.abs(us - trueUs), `click ${at}`).toBeLessThan(15_000);
    }
  });

  it("gives up a stream at which two processes end, and refuses it for a while", async () => {
    const pool = await open();
    const { info, frames } = await aacClicks(48_000, 2, 1);
    const recorder = new Recorder();
    const derivation = pool.start(info, opus, recorder);
    for (const frame of frames) derivation.push(frame);
    process.kill(pidOf(derivation), "SIGKILL");
    await until(() => pool.counters().crashes === 1, "a crash");
    process.kill(pidOf(derivation), "SIGKILL");
    await until(() => recorder.failures.length > 0, "the failure");
    expect(recorder.failures).toEqual(["TRANSCODER_CRASHED"]);
    expect(pool.refusal(info, opus)).toBe("TRANSCODER_CRASHED");
    expect(() => pool.start(info, opus, recorder)).toThrow(RefusedError);
    expect(pool.counters()).toMatchObject({ derivations: 0, quarantined: 1 });
  });

  it("replaces a process that leaves its input unread", async () => {
    const pool = await open({ limits: { hangMs: 400 } });
    const { info, frames } = await aacClicks(48_000, 2, 20);
    const recorder = new Recorder();
    const derivation = pool.start(info, opus, recorder);
    for (const frame of frames.slice(0, 100)) derivation.push(frame);
    await until(() => recorder.frames.length > 50, "the start");
    const pid = pidOf(derivation);
    process.kill(pid, "SIGSTOP");
    for (const frame of frames.slice(100)) derivation.push(frame);
    await until(() => pool.counters().hangs === 1 && !isAlive(pid), "the replacement");
    await until(() => (recorder.times.at(-1) ?? 0) > 19_500_000, "the end");
  });

  it("goes on through garbage", async () => {
    const pool = await open();
    const { info, frames } = await aacClicks(48_000, 2, 3);
    const recorder = new Recorder();
    const derivation = pool.start(info, opus, recorder);
    for (const [at, frame] of frames.entries()) {
      const noise = Uint8Array.from({ length: at * 2 + 1 }, (_, index) => index * at * 37);
      derivation.push(at > 20 && at < 40 ? { ...frame, payload: [noise] } : frame);
    }
    await until(() => (recorder.times.at(-1) ?? 0) > 2_800_000, "the end");
    expect(recorder.failures).toEqual([]);
  });

  it("takes B-frames out and keeps the pictures' times and key frames", async () => {
    const pool = await open({ limits: { maxVideoQueueMs: 60_000 } });
    const encoder = [
      "-c:v",
      "libx264",
      "-profile:v",
      "high",
      "-bf",
      "3",
      "-g",
      "25",
      "-b:v",
      "600k",
    ];
    const source = await videoTrack("320x180", 4, [...encoder, "-pix_fmt", "yuv420p"]);
    const frames = moved(source.frames, 5_000_000);
    const recorder = new Recorder();
    const derivation = pool.start(source.info, inOrder, recorder);
    for (const frame of frames) derivation.push(frame);
    const times = frames.map((frame) => frame.ptsUs).sort((a, b) => a - b);
    await until(() => recorder.frames.length >= times.length - 3, "the pictures");
    derivation.close();
    expect(recorder.times).toEqual(times.slice(0, recorder.times.length));
    const keys = (list: readonly Frame[]): number[] =>
      list.filter(({ key }) => key).map(({ ptsUs }) => ptsUs);
    expect(keys(recorder.frames)).toEqual(keys(frames));
    const info = recorder.infos[0] as VideoTrackInfo;
    expect(info).toMatchObject({ codec: "h264", width: 320, height: 180, reorderDepth: 0 });
    const pictures = await decodeH264(info, recorder.frames);
    expect(pictures.map((picture) => picture.ptsUs)).toEqual(recorder.times);
    expect(new Set(pictures.map((picture) => picture.type))).toEqual(new Set(["I", "P"]));
  });

  it("leaves no process behind when it is closed", async () => {
    const pool = await open();
    const { info, frames } = await aacClicks(48_000, 2, 1);
    const derivations = [1, 2, 3].map(() => pool.start(info, opus, new Recorder()));
    for (const one of derivations) for (const frame of frames) one.push(frame);
    derivations[0]?.close();
    derivations[0]?.close();
    const { pids } = pool;
    expect(pids.length).toBeGreaterThanOrEqual(2);
    await Promise.all([pool.close(), pool.close()]);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(() => pool.start(info, opus, new Recorder())).toThrow(RefusedError);
  });

  it("refuses what it cannot do", async () => {
    const pool = await open({ children: 1, limits: { maxDerivations: 1 } });
    expect(pool.refusal(audioInfo({ codec: "opus" }), opus)).toBe("CODEC_UNSUPPORTED");
    expect(pool.refusal(videoInfo({ codec: "jpeg" }), inOrder)).toBe("CODEC_UNSUPPORTED");
    pool.start(audioInfo() as AudioTrackInfo, opus, new Recorder());
    expect(() => pool.start(audioInfo(), opus, new Recorder())).toThrow(RefusedError);
  });
});

describe("createTranscodePool with an ffmpeg that is not there", () => {
  it("refuses with NO_TRANSCODER", async () => {
    const options = { clock: systemClock, log: silentLog, engine: "ffmpeg" } as const;
    const pool = await createTranscodePool({ ...options, ffmpegPath: "/nowhere/ffmpeg" });
    expect(pool.engine).toBe("none");
    expect(pool.refusal(audioInfo(), opus)).toBe("NO_TRANSCODER");
    await pool.close();
  });
});
