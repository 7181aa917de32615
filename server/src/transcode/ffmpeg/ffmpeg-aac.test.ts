import type { AudioTrackInfo, Frame } from "@millrace/media/frame";
import { afterEach, describe, expect, it } from "vitest";
import { silentLog, systemClock } from "../../core/index.ts";
import { createTranscodePool } from "../create-pool.ts";
import type { TranscodePool } from "../pool.ts";
import { decodeAac, toneLevel, tonePhases } from "../test/decoder.ts";
import { pushLive } from "../test/live.ts";
import { type TestTrack, toneHz, tracksOfFlv } from "../test/media.ts";
import { opusTone } from "../test/opus.ts";
import { Recorder } from "../test/recorder.ts";
import { hasFfmpeg, hasNodeAv, runFfmpeg, until } from "../test/tools.ts";
import type { FfmpegDerivation } from "./ffmpeg-derivation.ts";

const aac = { kind: "audio", codec: "aac" } as const;
const startUs = 3_000_000;
const unitUs = (at: number): number => startUs + Math.round((at * 1024e6) / 48_000);
const moved = (frames: readonly Frame[], us: number): Frame[] =>
  frames.map((frame) => ({ ...frame, ptsUs: frame.ptsUs + us, dtsUs: frame.dtsUs + us }));

// node-av makes the input and decodes what the tests look at.
describe.skipIf(!hasFfmpeg || !hasNodeAv)("sound to AAC by ffmpeg", { timeout: 120_000 }, () => {
  const pools: TranscodePool[] = [];
  afterEach(async () => {
    await Promise.all(pools.splice(0).map((pool) => pool.close()));
  });

  async function open(): Promise<TranscodePool> {
    const pool = await createTranscodePool({
      clock: systemClock,
      log: silentLog,
      engine: "ffmpeg",
      limits: { maxAudioQueueBytes: 8 << 20 },
    });
    pools.push(pool);
    return pool;
  }

  /** All on one grid, and no unit missing between the first and the last one. */
  function expectGrid(recorder: Recorder): void {
    expect(recorder.failures).toEqual([]);
    expect(recorder.times).toEqual(recorder.times.map((_, at) => unitUs(at - 1)));
  }

  async function transcode(
    info: AudioTrackInfo,
    frames: readonly Frame[],
    units: number,
  ): Promise<Recorder> {
    const pool = await open();
    const recorder = new Recorder();
    const derivation = pool.start(info, aac, recorder);
    for (const frame of frames) derivation.push(frame);
    await until(() => recorder.frames.length >= units, `${units} units`);
    derivation.close();
    return recorder;
  }

  it.each([10, 60])("keeps every sample of 10 s of Opus in packets of %i ms", async (packetMs) => {
    const { info, frames } = await opusTone({ seconds: 10, packetMs });
    const recorder = await transcode(info, moved(frames, startUs), 460);
    expectGrid(recorder);
    const made = recorder.infos[0] as AudioTrackInfo;
    expect(Buffer.from(made.config).toString("hex")).toBe("1190");
    const sounds = await decodeAac(made, recorder.frames);
    const [first = 0, ...phases] = tonePhases(sounds, toneHz).slice(1);
    expect(phases.length).toBeGreaterThanOrEqual(7);
    for (const phase of phases) expect(Math.abs(phase - first)).toBeLessThan(0.5);
    expect(toneLevel(sounds.slice(50, 400), toneHz)).toBeGreaterThan(0.15);
  });

  it("fills what DTX leaves out with silence, on the same grid", async () => {
    const silence = [3, 7] as const;
    const { info, frames } = await opusTone({ seconds: 10, packetMs: 20, dtx: true, silence });
    const recorder = await transcode(info, moved(frames, startUs), 460);
    expectGrid(recorder);
    const sounds = await decodeAac(recorder.infos[0] as AudioTrackInfo, recorder.frames);
    const during = (from: number, to: number): typeof sounds =>
      sounds.filter(({ ptsUs }) => ptsUs > startUs + from * 1e6 && ptsUs < startUs + to * 1e6);
    expect(toneLevel(during(3.5, 6.9), toneHz)).toBeLessThan(0.002);
    expect(toneLevel(during(7.2, 9.5), toneHz)).toBeGreaterThan(0.15);
  });

  const others = [
    ["mp3", ["-c:a", "libmp3lame", "-ar", "44100", "-ac", "2"], "1190", 0.088],
    ["g711u", ["-c:a", "pcm_mulaw", "-ar", "8000", "-ac", "1"], "1188", 0.125],
  ] as const;
  it.each(others)("keeps tone, level and grid of %s", async (codec, encoder, config, level) => {
    const source = ["-f", "lavfi", "-i", `sine=f=${toneHz}:r=48000`, "-t", "10"];
    const flv = await runFfmpeg([...source, ...encoder, "-f", "flv", "pipe:1"]);
    const track = tracksOfFlv(flv).audio as TestTrack<AudioTrackInfo>;
    expect(track.info.codec).toBe(codec);
    const firstUs = track.frames[0]?.ptsUs ?? 0;
    const recorder = await transcode(track.info, moved(track.frames, startUs - firstUs), 455);
    expectGrid(recorder);
    const made = recorder.infos[0] as AudioTrackInfo;
    expect(Buffer.from(made.config).toString("hex")).toBe(config);
    const sounds = (await decodeAac(made, recorder.frames)).slice(50, 400);
    expect(toneLevel(sounds, toneHz)).toBeGreaterThan(level * 0.92);
    expect(toneLevel(sounds, toneHz)).toBeLessThan(level * 1.08);
  });

  it("goes on on the same grid in another process, and begins anew after a long gap", async () => {
    const pool = await open();
    const { info, frames } = await opusTone({ seconds: 5, packetMs: 20 });
    const recorder = new Recorder();
    const derivation = pool.start(info, aac, recorder);
    await pushLive([derivation], moved(frames, startUs), {
      atMs: 2_500,
      run: () => (derivation as FfmpegDerivation).child?.crash(),
    });
    await until(() => (recorder.times.at(-1) ?? 0) > startUs + 4_800_000, "the end");
    expect(pool.counters()).toMatchObject({ crashes: 1, moves: 1 });
    expectGrid(recorder);
    const phases = tonePhases(
      await decodeAac(recorder.infos[0] as AudioTrackInfo, recorder.frames),
      toneHz,
    );
    for (const phase of phases.slice(1)) {
      expect(Math.abs(phase - (phases[1] ?? 0))).toBeLessThan(1.5);
    }
    const laterUs = startUs + 7_000_007;
    for (const frame of moved(frames, laterUs)) derivation.push(frame);
    await until(() => (recorder.times.at(-1) ?? 0) > laterUs + 4_000_000, "the later end");
    expect(recorder.times).toContain(laterUs);
  });
});
