import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { AudioTrackInfo } from "@millrace/media/frame";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Derivation, RefusedError, silentLog, systemClock } from "../core/index.ts";
import { videoInfo } from "../core/test-frames.ts";
import { createTranscodePool, type TranscodePoolOptions } from "./create-pool.ts";
import type { TranscodePool } from "./pool.ts";
import { clickTimes, decodeOpus } from "./test/decoder.ts";
import { pushLive } from "./test/live.ts";
import { aacClicks, aacPrimingSamples, clickEveryMs, type TestTrack } from "./test/media.ts";
import { Recorder } from "./test/recorder.ts";
import { hasFfmpeg, hasNodeAv, isAlive, until } from "./test/tools.ts";
import type { TranscodeJob } from "./transcode-job.ts";

const opus = { kind: "audio", codec: "opus" } as const;

/** A machine under load may take long to start a process; that must not cost the tests their frames. */
const patient = { maxAudioQueueMs: 20_000, maxRecoveryMs: 20_000, maxAudioQueueBytes: 4 << 20 };

/** Gives every derivation a process of its own, as long as there are any. */
const spread = { comfortableLoadPerChild: 1, maxLoadPerChild: 1, spareDelayMs: 0 };

function pidOf(derivation: Derivation): number {
  const pid = (derivation as TranscodeJob).process?.pid;
  if (pid === undefined) throw new Error("the derivation has no process");
  return pid;
}

/** Ready, and done with everything that it was given. */
function isAtRest(derivation: Derivation): boolean {
  const { process } = derivation as TranscodeJob;
  return process?.isReady === true && process.owes === 0;
}

describe.skipIf(!hasNodeAv || !hasFfmpeg)("NodeAvPool", { timeout: 120_000 }, () => {
  let track: TestTrack<AudioTrackInfo>;
  const pools: TranscodePool[] = [];

  beforeAll(async () => {
    track = await aacClicks(48_000, 2, 5);
  }, 60_000);
  afterEach(async () => {
    await Promise.all(pools.splice(0).map((pool) => pool.close()));
  });

  async function open(options: Partial<TranscodePoolOptions> = {}): Promise<TranscodePool> {
    const pool = await createTranscodePool({
      clock: systemClock,
      log: silentLog,
      engine: "node-av",
      children: 1,
      ...options,
      limits: { ...patient, ...options.limits },
    });
    pools.push(pool);
    expect(pool.engine).toBe("node-av");
    return pool;
  }

  const expectedPackets = (): number => Math.floor((track.frames.length * 1024) / 960);
  const grid = (count: number): number[] =>
    Array.from({ length: count }, (_, at) => at * 20_000 - 2500);

  async function expectWhole(recorder: Recorder): Promise<void> {
    await until(() => recorder.frames.length >= expectedPackets(), "all packets");
    expect(recorder.failures).toEqual([]);
    expect(recorder.times).toEqual(grid(expectedPackets()));
    const heard = clickTimes(await decodeOpus(recorder.frames));
    expect(heard).toHaveLength(9);
    for (const [at, us] of heard.entries()) {
      const trueUs = (aacPrimingSamples * 1e6) / 48_000 + (at + 1) * clickEveryMs * 1000;
      expect(Math.abs(us - trueUs), `click ${at}`).toBeLessThan(5000);
    }
  }

  it("loses, repeats and reorders no packet when the busy process is killed with -9", async () => {
    const pool = await open({ children: 2, limits: spread });
    const [hit, other] = [new Recorder(), new Recorder()];
    const derivations = [pool.start(track.info, opus, hit), pool.start(track.info, opus, other)];
    const [first, second] = derivations.map(pidOf);
    expect(first).not.toBe(second);
    await until(() => pool.counters().warmSpares === 1, "the spare");
    await pushLive(derivations, track.frames, {
      atMs: 2500,
      run: () => process.kill(first as number, "SIGKILL"),
    });
    await expectWhole(hit);
    await expectWhole(other);
    const { crashes, moves, framesDropped, duplicates } = pool.counters();
    expect({ crashes, moves, framesDropped, duplicates }).toEqual({
      crashes: 1,
      moves: 1,
      framesDropped: 0,
      duplicates: 0,
    });
    // Whatever else keeps this machine busy shows in the stream that was not touched.
    expect(hit.longestGapMs).toBeLessThan(1000 + other.longestGapMs);
    expect(derivations.map(pidOf)).toEqual([expect.not.toSatisfy((pid) => pid === first), second]);
  });

  it("goes on without a warm spare too, and after several kills in a row", async () => {
    const pool = await open({ warmSpare: false, limits: { maxCrashes: 3 } });
    expect(pool.pids).toEqual([]);
    const recorder = new Recorder();
    const derivation = pool.start(track.info, opus, recorder);
    const third = Math.floor(track.frames.length / 3);
    for (const from of [0, third]) {
      for (const frame of track.frames.slice(from, from + third)) derivation.push(frame);
      const kept = from + third;
      await until(() => recorder.frames.length > (kept * 1024) / 960 - 30, "most of a third");
      process.kill(pidOf(derivation), "SIGKILL");
    }
    for (const frame of track.frames.slice(third * 2)) derivation.push(frame);
    await expectWhole(recorder);
    expect(pool.counters().crashes).toBe(2);
  });

  it("replaces a process that hangs", async () => {
    const pool = await open({ limits: { hangMs: 1000 } });
    const recorder = new Recorder();
    const derivation = pool.start(track.info, opus, recorder);
    await until(() => recorder.infos.length > 0, "the start");
    const pid = pidOf(derivation);
    await pushLive([derivation], track.frames, {
      atMs: 1000,
      run: () => process.kill(pid, "SIGSTOP"),
    });
    await until(() => (recorder.times.at(-1) ?? 0) > 4_800_000, "the end");
    expect(pool.counters()).toMatchObject({ crashes: 1, hangs: 1, moves: 1 });
    expect(recorder.times).toEqual([...new Set(recorder.times)].sort((a, b) => a - b));
    await until(() => !isAlive(pid), "the end of the hung process");
  });

  it("gives up a stream at which two processes crash, refuses it for a while, and spares the others", async () => {
    const pool = await open();
    const [bad, good] = [new Recorder(), new Recorder()];
    const info = { ...track.info };
    const suspect = pool.start(info, opus, bad);
    const innocent = pool.start(track.info, opus, good);
    for (const [at, frame] of track.frames.slice(0, 2).entries()) {
      await until(() => isAtRest(suspect), "the start");
      const pid = pidOf(suspect);
      process.kill(pid, "SIGSTOP");
      suspect.push(frame);
      process.kill(pid, "SIGSEGV");
      process.kill(pid, "SIGCONT");
      await until(() => pool.counters().crashes === at + 1, "a crash");
    }
    expect(bad.failures).toEqual(["TRANSCODER_CRASHED"]);
    expect(pool.counters()).toMatchObject({ quarantined: 1, crashes: 2, derivations: 1 });
    expect(pool.refusal(info, opus)).toBe("TRANSCODER_CRASHED");
    expect(() => pool.start(info, opus, bad)).toThrow(RefusedError);
    expect(pool.refusal(track.info, opus)).toBeUndefined();
    for (const frame of track.frames) innocent.push(frame);
    await expectWhole(good);
  });

  it("starts one process at first, a spare behind it with the first stream, and rests afterwards", async () => {
    const pool = await open({ limits: { spareDelayMs: 10, idleMs: 50 } });
    const [warm] = pool.pids;
    expect(pool.pids).toHaveLength(1);
    const derivation = pool.start(track.info, opus, new Recorder());
    expect(pidOf(derivation)).toBe(warm);
    await until(() => pool.pids.length === 2, "the spare");
    derivation.close();
    derivation.close();
    await until(() => pool.pids.length === 1, "the rest");
    expect(pool.counters()).toMatchObject({ derivations: 0, processes: 1, crashes: 0 });
  });

  it("leaves no process behind when it is closed, whatever the processes do", async () => {
    const pool = await open({ children: 2, limits: spread });
    const recorder = new Recorder();
    const derivations = [1, 2].map(() => pool.start(track.info, opus, recorder));
    await until(() => pool.pids.length === 3, "three processes");
    process.kill(pidOf(derivations[0] as Derivation), "SIGSTOP");
    for (const frame of track.frames) for (const one of derivations) one.push(frame);
    const { pids } = pool;
    await Promise.all([pool.close(), pool.close()]);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(pool.pids).toEqual([]);
    expect(recorder.failures).toEqual([]);
    expect(() => pool.start(track.info, opus, recorder)).toThrow(/much work/);
  });

  it("opens and closes a hundred derivations and keeps nothing", async () => {
    const pool = await open();
    for (let round = 0; round < 100; round++) {
      const derivation = pool.start(track.info, opus, new Recorder());
      for (const frame of track.frames.slice(0, 5)) derivation.push(frame);
      derivation.close();
      derivation.push(track.frames[0] as (typeof track.frames)[0]);
    }
    const recorder = new Recorder();
    const last = pool.start(track.info, opus, recorder);
    for (const frame of track.frames) last.push(frame);
    await expectWhole(recorder);
    last.close();
    expect(pool.counters()).toMatchObject({ derivations: 0, crashes: 0 });
  });

  it("refuses above maxDerivations and maxLoadPerChild", async () => {
    const pool = await open({ limits: { maxDerivations: 4, maxLoadPerChild: 27 } });
    const inOrder = { kind: "video", codec: "h264", reorder: false } as const;
    pool.start(track.info, opus, new Recorder());
    pool.start(videoInfo(), inOrder, new Recorder());
    const third = pool.start(track.info, opus, new Recorder());
    expect(() => pool.start(track.info, opus, new Recorder())).toThrow(RefusedError);
    third.close();
    expect(() => pool.start(videoInfo(), inOrder, new Recorder())).toThrow(RefusedError);
    const small = await open({ limits: { maxDerivations: 1 } });
    small.start(track.info, opus, new Recorder());
    expect(() => small.start(track.info, opus, new Recorder())).toThrow(RefusedError);
  });

  it("has processes that end when the gateway is killed", async () => {
    const entry = fileURLToPath(new URL("./test/orphan.ts", import.meta.url));
    const gateway = spawn(process.execPath, ["--import", "tsx", "--conditions=source", entry], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    gateway.stdout.on("data", (bytes: Buffer) => {
      said += bytes.toString();
    });
    try {
      await until(() => said.includes("\n"), "the process id", 60_000);
    } finally {
      gateway.kill("SIGKILL");
    }
    const pids = JSON.parse(said) as number[];
    expect(pids).toHaveLength(1);
    await until(() => !pids.some(isAlive), "the end of the codec process");
  });
});

describe("createTranscodePool without an engine", () => {
  it("refuses with NO_TRANSCODER", async () => {
    const pool = await createTranscodePool({ clock: systemClock, log: silentLog, engine: "none" });
    const info = { ...videoInfo(), kind: "video" } as const;
    expect(pool.engine).toBe("none");
    expect(pool.refusal(info, opus)).toBe("NO_TRANSCODER");
    expect(() => pool.start(info, opus, new Recorder())).toThrow(RefusedError);
    expect(pool.counters().processes).toBe(0);
    await pool.close();
  });
});
