import { parseAudioSpecificConfig } from "@millrace/media/aac";
import { type AudioTrackInfo, type Frame, frameSizeBytes } from "@millrace/media/frame";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silentLog, systemClock } from "../core/index.ts";
import { createTranscodePool } from "./create-pool.ts";
import type { TranscodePool } from "./pool.ts";
import { decodeAac, toneLevel, tonePhases } from "./test/decoder.ts";
import { type TestTrack, toneHz, tracksOfFlv } from "./test/media.ts";
import { opusTone } from "./test/opus.ts";
import { Recorder } from "./test/recorder.ts";
import { hasFfmpeg, hasNodeAv, runFfmpeg, until } from "./test/tools.ts";
import type { TranscodeJob } from "./transcode-job.ts";

const aac = { kind: "audio", codec: "aac" } as const;
/** The whole test file goes through in bursts, so nothing is late. */
const patient = { maxAudioQueueMs: 20_000, maxRecoveryMs: 20_000, maxAudioQueueBytes: 8 << 20 };
const startUs = 3_000_000;
/** The time of an access unit, counted from the first one. */
const unitUs = (at: number, fromUs = startUs): number =>
  fromUs + Math.round((at * 1024e6) / 48_000);
/** The encoder holds two units back, and less than one waits for its end. */
const heldBack = 3;

const moved = (frames: readonly Frame[], us: number): Frame[] =>
  frames.map((frame) => ({ ...frame, ptsUs: frame.ptsUs + us, dtsUs: frame.dtsUs + us }));

describe.skipIf(!hasNodeAv || !hasFfmpeg)("sound to AAC by node-av", { timeout: 60_000 }, () => {
  let pool: TranscodePool;

  beforeAll(async () => {
    pool = await createTranscodePool({
      clock: systemClock,
      log: silentLog,
      engine: "node-av",
      children: 1,
      limits: { ...patient, spareDelayMs: 0 },
    });
    expect(pool.engine).toBe("node-av");
  }, 60_000);
  afterAll(() => pool.close());

  async function transcode(
    info: AudioTrackInfo,
    frames: readonly Frame[],
    untilUs: number,
  ): Promise<Recorder> {
    const recorder = new Recorder();
    const derivation = pool.start(info, aac, recorder);
    for (const frame of frames) derivation.push(frame);
    await until(() => (recorder.times.at(-1) ?? 0) >= untilUs, `sound until ${untilUs}`);
    derivation.close();
    expect(recorder.failures).toEqual([]);
    return recorder;
  }

  const infoOf = (recorder: Recorder): AudioTrackInfo => recorder.infos[0] as AudioTrackInfo;

  function expectGrid(recorder: Recorder): void {
    expect(recorder.times).toEqual(recorder.times.map((_, at) => unitUs(at - 1)));
  }

  it.each([10, 20, 60])(
    "keeps every sample and its time of 10 s of Opus in packets of %i ms",
    async (packetMs) => {
      const { info, frames } = await opusTone({ seconds: 10, packetMs });
      const recorder = await transcode(info, moved(frames, startUs), unitUs(468 - heldBack));
      expectGrid(recorder);
      const made = infoOf(recorder);
      expect(made).toMatchObject({ codec: "aac", codecString: "mp4a.40.2", sampleRate: 48_000 });
      expect(Buffer.from(made.config).toString("hex")).toBe("1190");
      expect(parseAudioSpecificConfig(made.config)).toMatchObject({ channels: 2 });
      const sounds = await decodeAac(made, recorder.frames);
      expect(sounds.every(({ samples }) => samples.length === 1024)).toBe(true);
      // The Opus encoder and decoder swing in during the first second.
      const [first = 0, ...phases] = tonePhases(sounds, toneHz).slice(1);
      expect(phases.length).toBeGreaterThanOrEqual(7);
      for (const phase of phases) expect(Math.abs(phase - first)).toBeLessThan(0.5);
      const middle = sounds.slice(50, 400);
      expect(toneLevel(middle, toneHz)).toBeGreaterThan(0.15);
      expect(toneLevel(middle, toneHz * 1.02)).toBeLessThan(0.01);
    },
  );

  it("keeps about the bit rate that was asked for", async () => {
    const other = await createTranscodePool({
      clock: systemClock,
      log: silentLog,
      engine: "node-av",
      warmSpare: false,
      aacBitrateBps: 64_000,
      limits: patient,
    });
    try {
      const { info, frames } = await noise();
      const rates: number[] = [];
      for (const one of [pool, other]) {
        const recorder = new Recorder();
        const derivation = one.start(info, aac, recorder);
        for (const frame of frames) derivation.push(frame);
        await until(() => (recorder.times.at(-1) ?? 0) >= 3_800_000, "all sound");
        derivation.close();
        const bytes = recorder.frames.reduce((sum, frame) => sum + frameSizeBytes(frame), 0);
        rates.push((bytes * 8e6) / (recorder.times.at(-1) ?? 1));
      }
      expect(rates[0]).toBeGreaterThan(100_000);
      expect(rates[0]).toBeLessThan(140_000);
      expect(rates[1]).toBeGreaterThan(50_000);
      expect(rates[1]).toBeLessThan(72_000);
    } finally {
      await other.close();
    }
  });

  it("fills what DTX leaves out with silence, on the same grid", async () => {
    const silence = [3, 7] as const;
    const { info, frames } = await opusTone({ seconds: 10, packetMs: 20, dtx: true, silence });
    expect(frames.length).toBeLessThan(350);
    const recorder = await transcode(info, moved(frames, startUs), unitUs(468 - heldBack));
    expectGrid(recorder);
    const sounds = await decodeAac(infoOf(recorder), recorder.frames);
    const during = (from: number, to: number): typeof sounds =>
      sounds.filter(({ ptsUs }) => ptsUs > startUs + from * 1e6 && ptsUs < startUs + to * 1e6);
    expect(toneLevel(during(3.5, 6.9), toneHz)).toBeLessThan(0.002);
    expect(toneLevel(during(7.2, 9.5), toneHz)).toBeGreaterThan(0.15);
    const phases = tonePhases([...during(0, 3), ...during(7, 10)], toneHz);
    for (const phase of phases) expect(Math.abs(phase - (phases[0] ?? 0))).toBeLessThan(1);
  });

  it("fills the hole of one lost packet of 10 ms", async () => {
    const { info, frames } = await opusTone({ seconds: 4, packetMs: 10 });
    const kept = moved(frames, startUs).filter((_, at) => at !== 205);
    const recorder = await transcode(info, kept, unitUs(187 - heldBack));
    expectGrid(recorder);
    const phases = tonePhases(await decodeAac(infoOf(recorder), recorder.frames), toneHz);
    expect(Math.abs((phases.at(-1) ?? 0) - (phases[1] ?? 0))).toBeLessThan(0.5);
  });

  it("fills a hole of maxSilenceMs and begins anew after a longer one", async () => {
    const { info, frames } = await opusTone({ seconds: 6, packetMs: 20 });
    const parts = moved(frames, startUs).filter((_, at) => at < 50 || at >= 100);
    const filled = await transcode(info, parts, unitUs(281 - heldBack));
    expectGrid(filled);
    const later = parts.map((frame, at) => (at < 50 ? frame : moved([frame], 1_000)[0]) ?? frame);
    const fresh = await transcode(info, later, unitUs(280 - heldBack));
    const breaks = fresh.times.filter((us, at) => us - (fresh.times[at - 1] ?? us) > 30_000);
    expect(breaks).toEqual([startUs + 2_001_000]);
    const phases = tonePhases(await decodeAac(infoOf(fresh), fresh.frames), toneHz);
    expect(phases.length).toBeGreaterThan(2);
  });

  const others = [
    ["mp3", ["-c:a", "libmp3lame", "-ar", "44100", "-ac", "2", "-b:a", "128k"], 2, "1190", 0.088],
    ["speex", ["-c:a", "libspeex", "-ar", "16000", "-ac", "1"], 1, "1188", 0.125],
    ["g711a", ["-c:a", "pcm_alaw", "-ar", "8000", "-ac", "1"], 1, "1188", 0.125],
    ["g711u", ["-c:a", "pcm_mulaw", "-ar", "8000", "-ac", "1"], 1, "1188", 0.125],
  ] as const;
  it.each(others)(
    "keeps tone, level and grid of 10 s of %s",
    async (codec, encoder, channels, config, level) => {
      const source = ["-f", "lavfi", "-i", `sine=f=${toneHz}:r=48000`, "-t", "10"];
      const flv = await runFfmpeg([...source, ...encoder, "-f", "flv", "pipe:1"]);
      const track = tracksOfFlv(flv).audio as TestTrack<AudioTrackInfo>;
      expect(track.info.codec).toBe(codec);
      const firstUs = track.frames[0]?.ptsUs ?? 0;
      const frames = moved(track.frames, startUs - firstUs);
      const recorder = await transcode(track.info, frames, startUs + 9_800_000);
      expectGrid(recorder);
      const made = infoOf(recorder);
      expect(made.channels).toBe(channels);
      expect(Buffer.from(made.config).toString("hex")).toBe(config);
      const sounds = await decodeAac(made, recorder.frames);
      const middle = sounds.slice(50, 400);
      // ffmpeg's sine has an amplitude of 1/8, and it makes it 3 dB quieter when it makes it stereo.
      expect(toneLevel(middle, toneHz)).toBeGreaterThan(level * 0.92);
      expect(toneLevel(middle, toneHz)).toBeLessThan(level * 1.08);
      expect(toneLevel(middle, toneHz * 1.02)).toBeLessThan(0.01);
      const phases = tonePhases(sounds, toneHz).slice(1, 9);
      // Times of whole milliseconds are 48 samples apart.
      for (const phase of phases) expect(Math.abs(phase - (phases[0] ?? 0))).toBeLessThan(5);
    },
  );

  it("becomes mono and stereo with its source, without a step in its times", async () => {
    const { info, frames } = await opusTone({ seconds: 2, packetMs: 20 });
    const recorder = new Recorder();
    const derivation = pool.start(info, aac, recorder);
    for (const frame of moved(frames, startUs)) derivation.push(frame);
    derivation.reconfigure({ ...info, channels: 1, config: new Uint8Array(0) });
    for (const frame of moved(frames, startUs + 2_000_000)) derivation.push(frame);
    await until(() => (recorder.times.at(-1) ?? 0) >= unitUs(187 - heldBack), "all sound");
    derivation.close();
    expect(recorder.failures).toEqual([]);
    expect(recorder.infos.map((made) => made.kind === "audio" && made.channels)).toEqual([2, 1]);
    expectGrid(recorder);
  });

  it("loses and repeats nothing when the process is killed, also with short packets", async () => {
    const { info, frames } = await opusTone({ seconds: 6, packetMs: 10 });
    const recorder = new Recorder();
    const derivation = pool.start(info, aac, recorder);
    await until(() => pool.counters().warmSpares === 1, "the spare");
    const all = moved(frames, startUs);
    for (const frame of all.slice(0, 300)) derivation.push(frame);
    await until(() => recorder.frames.length >= 135, "the first part");
    process.kill((derivation as TranscodeJob).process?.pid ?? Number.NaN, "SIGKILL");
    for (const frame of all.slice(300)) derivation.push(frame);
    await until(() => (recorder.times.at(-1) ?? 0) >= unitUs(281 - heldBack), "all sound");
    derivation.close();
    expectGrid(recorder);
    const phases = tonePhases(await decodeAac(infoOf(recorder), recorder.frames), toneHz);
    expect(phases.length).toBeGreaterThanOrEqual(5);
    for (const phase of phases.slice(1)) {
      expect(Math.abs(phase - (phases[1] ?? 0))).toBeLessThan(0.5);
    }
  });

  it("never hands out a time before the stream's beginning", async () => {
    const { info, frames } = await opusTone({ seconds: 1, packetMs: 20 });
    const recorder = await transcode(info, frames, 800_000);
    expect(recorder.times[0]).toBe(0);
  });

  async function noise(): Promise<TestTrack<AudioTrackInfo>> {
    const source = ["-f", "lavfi", "-i", "anoisesrc=r=44100:a=0.3", "-t", "4", "-ac", "2"];
    const encoder = ["-c:a", "libmp3lame", "-b:a", "192k", "-f", "flv", "pipe:1"];
    const flv = await runFfmpeg([...source, ...encoder]);
    return tracksOfFlv(flv).audio as TestTrack<AudioTrackInfo>;
  }
});
