import type { AudioTrackInfo, Frame } from "@millrace/media/frame";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silentLog, systemClock } from "../core/index.ts";
import { createTranscodePool } from "./create-pool.ts";
import type { TranscodePool } from "./pool.ts";
import { clickTimes, decodeOpus, toneLevel } from "./test/decoder.ts";
import {
  aacClicks,
  aacPrimingSamples,
  clickEveryMs,
  type TestTrack,
  toneHz,
  tracksOfFlv,
} from "./test/media.ts";
import { Recorder } from "./test/recorder.ts";
import { hasFfmpeg, hasNodeAv, runFfmpeg, until } from "./test/tools.ts";

const opus = { kind: "audio", codec: "opus" } as const;
/** The whole test file goes through in bursts, so nothing is late. */
const limits = { maxAudioQueueBytes: 8 << 20, maxAudioQueueMs: 20_000 };

describe.skipIf(!hasNodeAv || !hasFfmpeg)("sound to Opus by node-av", { timeout: 60_000 }, () => {
  let pool: TranscodePool;

  beforeAll(async () => {
    pool = await createTranscodePool({
      clock: systemClock,
      log: silentLog,
      engine: "node-av",
      limits,
    });
    expect(pool.engine).toBe("node-av");
  }, 60_000);
  afterAll(() => pool.close());

  async function transcode(
    info: AudioTrackInfo,
    frames: readonly Frame[],
    expected: number,
  ): Promise<Recorder> {
    const recorder = new Recorder();
    const derivation = pool.start(info, opus, recorder);
    for (const frame of frames) derivation.push(frame);
    await until(() => recorder.frames.length >= expected, `${expected} packets`);
    derivation.close();
    return recorder;
  }

  const moved = (frames: readonly Frame[], us: number): Frame[] =>
    frames.map((frame) => ({ ...frame, ptsUs: frame.ptsUs + us, dtsUs: frame.dtsUs + us }));

  const cases = [
    [48_000, 2],
    [48_000, 1],
    [44_100, 2],
    [44_100, 1],
    [24_000, 1],
    [48_000, 6],
  ] as const;
  it.each(cases)(
    "keeps tone, count and time of AAC at %i Hz with %i channels",
    async (rate, channels) => {
      const { info, frames } = await aacClicks(rate, channels, 4);
      const startUs = 3_000_000;
      const totalUs = (frames.length * 1024e6) / rate;
      // At other rates than 48 kHz the resampler holds back under a millisecond.
      const expected = Math.floor((totalUs - (rate === 48_000 ? 0 : 1000)) / 20_000);
      const recorder = await transcode(info, moved(frames, startUs), expected);
      expect(recorder.frames).toHaveLength(expected);
      expect(recorder.times).toEqual(recorder.times.map((_, at) => startUs - 2500 + at * 20_000));
      expect(recorder.infos).toEqual([
        expect.objectContaining({ codec: "opus", sampleRate: 48_000, channels: 2 }),
      ]);
      const sounds = await decodeOpus(recorder.frames);
      const heard = clickTimes(sounds, channels === 6 ? 0.25 : 0.35);
      const expectedClicks = heard.map(
        (_, at) => startUs + (aacPrimingSamples * 1e6) / rate + (at + 1) * clickEveryMs * 1000,
      );
      expect(heard).toHaveLength(7);
      for (const [at, us] of heard.entries()) {
        expect(Math.abs(us - (expectedClicks[at] as number)), `click ${at}`).toBeLessThan(5_000);
      }
      const quiet = sounds.filter((_, at) => at > 2 && at < 20);
      expect(toneLevel(quiet, toneHz)).toBeGreaterThan(0.05);
      expect(toneLevel(quiet, toneHz * 1.5)).toBeLessThan(0.01);
    },
  );

  it("does not drift at 44.1 kHz with times in whole milliseconds, over half a minute", async () => {
    const { info, frames } = await aacClicks(44_100, 1, 30);
    const rounded = frames.map((frame) => {
      const us = Math.floor(frame.ptsUs / 1000) * 1000;
      return { ...frame, ptsUs: us, dtsUs: us };
    });
    const recorder = await transcode(info, rounded, 1490);
    const heard = clickTimes(await decodeOpus(recorder.frames));
    expect(heard.length).toBeGreaterThan(50);
    const delays = heard.map(
      (us, at) => us - (aacPrimingSamples * 1e6) / 44_100 - (at + 1) * clickEveryMs * 1000,
    );
    expect(Math.max(...delays.map(Math.abs))).toBeLessThan(5_000);
  });

  it("begins anew on the input's time after a gap", async () => {
    const { info, frames } = await aacClicks(48_000, 2, 4);
    const gapUs = 7_654_321;
    const after = moved(frames.slice(60), gapUs);
    const recorder = await transcode(info, [...frames.slice(0, 60), ...after], 190);
    const heard = clickTimes(await decodeOpus(recorder.frames));
    const jumps = recorder.times.filter((us, at) => us - (recorder.times[at - 1] ?? us) > 20_000);
    expect(jumps).toEqual([(after[0]?.ptsUs ?? 0) - 2500]);
    for (const us of heard.filter((time) => time > gapUs)) {
      const phase = (us - gapUs - (aacPrimingSamples * 1e6) / 48_000) % (clickEveryMs * 1000);
      expect(Math.min(phase, clickEveryMs * 1000 - phase)).toBeLessThan(5_000);
    }
  });

  it("goes on through a change of configuration", async () => {
    const first = await aacClicks(48_000, 2, 2);
    const second = await aacClicks(44_100, 1, 2);
    const recorder = new Recorder();
    const derivation = pool.start(first.info, opus, recorder);
    for (const frame of first.frames) derivation.push(frame);
    derivation.reconfigure(second.info);
    const endUs = Math.round((first.frames.length * 1024e6) / 48_000);
    for (const frame of moved(second.frames, endUs)) derivation.push(frame);
    await until(() => recorder.frames.length >= 198, "198 packets");
    derivation.close();
    expect(recorder.failures).toEqual([]);
    const steps = recorder.times.slice(1).map((us, at) => us - (recorder.times[at] ?? 0));
    expect(new Set(steps)).toEqual(new Set([20_000]));
  });

  const others = [
    ["mp3", ["-c:a", "libmp3lame", "-ar", "44100", "-b:a", "128k"], 5],
    ["speex", ["-c:a", "libspeex", "-ar", "16000", "-ac", "1"], 5],
    ["g711a", ["-c:a", "pcm_alaw", "-ar", "8000", "-ac", "1"], 1],
    ["g711u", ["-c:a", "pcm_mulaw", "-ar", "8000", "-ac", "1"], 1],
  ] as const;
  it.each(others)("decodes %s", async (codec, encoder) => {
    const source = ["-f", "lavfi", "-i", `sine=f=${toneHz}:r=48000`, "-t", "2"];
    const flv = await runFfmpeg([...source, ...encoder, "-f", "flv", "pipe:1"]);
    const track = tracksOfFlv(flv).audio as TestTrack<AudioTrackInfo>;
    expect(track.info.codec).toBe(codec);
    const recorder = await transcode(track.info, track.frames, 90);
    const sounds = await decodeOpus(recorder.frames);
    expect(toneLevel(sounds, toneHz)).toBeGreaterThan(0.05);
    expect(toneLevel(sounds, toneHz * 1.5)).toBeLessThan(0.02);
    expect(pool.counters().decodeErrors).toBe(0);
  });

  it("counts garbage and goes on", async () => {
    const { info, frames } = await aacClicks(48_000, 2, 2);
    let seed = 1;
    const noise = (size: number): Uint8Array =>
      Uint8Array.from({ length: size }, () => {
        seed = (seed * 1_103_515_245 + 12_345) & 0x7fff_ffff;
        return seed >> 16;
      });
    const mixed = frames.map((frame, at) =>
      at % 3 === 1 ? { ...frame, payload: [noise(at * 3)] } : frame,
    );
    const before = pool.counters();
    const recorder = await transcode(info, mixed, 60);
    const after = pool.counters();
    expect(after.decodeErrors - before.decodeErrors).toBeGreaterThan(10);
    expect(after.crashes).toBe(before.crashes);
    expect(recorder.failures).toEqual([]);
    await decodeOpus(recorder.frames);
  });

  it("fails with a reason when the configuration makes no sense, and harms nobody else", async () => {
    const { info, frames } = await aacClicks(48_000, 2, 1);
    const bad = new Recorder();
    pool.start({ ...info, config: Uint8Array.of(0xff, 0xff, 0xff, 0xff) }, opus, bad);
    await until(() => bad.failures.length > 0, "a failure");
    expect(bad.failures).toEqual(["CODEC_CONFIG_INVALID"]);
    const good = await transcode(info, frames, 45);
    expect(good.failures).toEqual([]);
    expect(pool.counters().derivations).toBe(0);
  });
});
