import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeClock } from "../core/fake-clock.ts";
import { silentLog } from "../core/index.ts";
import { defaultTranscodeLimits, type TranscodeLimits } from "./limits.ts";
import type { CodecProcess, ProcessExit } from "./process/codec-process.ts";
import { ProcessFleet } from "./process-fleet.ts";
import { hasNodeAv, until } from "./test/tools.ts";

describe.skipIf(!hasNodeAv)("ProcessFleet", { timeout: 120_000 }, () => {
  let clock: FakeClock;
  let fleet: ProcessFleet;
  let exits: ProcessExit[];
  let rooms: number;
  let ready: CodecProcess[];

  beforeEach(() => {
    clock = new FakeClock();
    exits = [];
    ready = [];
    rooms = 0;
  });
  afterEach(() => fleet.close());

  function open(warmSpare: boolean, limits: Partial<TranscodeLimits> = {}): void {
    fleet = new ProcessFleet(
      {
        clock,
        log: silentLog,
        children: 1,
        warmSpare,
        opusBitrateBps: 96_000,
        aacBitrateBps: 128_000,
        ffmpegPath: "ffmpeg",
        limits: { ...defaultTranscodeLimits, ...limits },
      },
      {
        ready: (process) => void ready.push(process),
        message() {},
        lost: (_, exit) => void exits.push(exit),
        room: () => void rooms++,
      },
    );
  }

  async function crash(process: CodecProcess | undefined): Promise<void> {
    const count = exits.length + 1;
    process?.kill();
    await until(() => exits.length === count, "the end of the process");
  }

  it("answers three crashes at once and the next ones with a growing delay", async () => {
    open(false);
    for (let crashes = 1; crashes <= 4; crashes++) {
      const process = fleet.choose(1);
      expect(process?.pid).toBeGreaterThan(0);
      await crash(process);
    }
    expect(exits[0]).toMatchObject({ signal: "SIGKILL", wasReady: false, expected: false });
    expect(fleet.choose(1)).toBeUndefined();
    clock.advance(499);
    expect(rooms).toBe(0);
    clock.advance(1);
    expect(rooms).toBe(1);
    await crash(fleet.choose(1));
    expect(fleet.choose(1)).toBeUndefined();
    clock.advance(999);
    expect(rooms).toBe(1);
    clock.advance(1);
    expect(rooms).toBe(2);
  });

  it("keeps one spare, puts it to work at once, and starts the next one later", async () => {
    open(true);
    const first = fleet.begin();
    expect(fleet.begin()).toBe(first);
    await until(() => ready.length === 1, "the spare");
    expect(fleet.warmSpares).toBe(1);
    expect(fleet.choose(1)).toBe(first);
    expect([fleet.size, fleet.warmSpares]).toEqual([1, 0]);
    clock.advance(defaultTranscodeLimits.spareDelayMs);
    expect(fleet.size).toBe(2);
    await until(() => fleet.warmSpares === 1, "the next spare");
    await crash(first);
    const second = fleet.choose(1);
    expect(second).toBe(ready[1]);
    second?.jobs.set(1, defaultTranscodeLimits.maxLoadPerChild);
    expect(fleet.isFull(1)).toBe(true);
    second?.jobs.clear();
    expect(fleet.isFull(1)).toBe(false);
  });

  it("kills a process that does not get ready in time", async () => {
    open(true);
    const process = fleet.begin();
    if (process.pid !== undefined) globalThis.process.kill(process.pid, "SIGSTOP");
    clock.advance(defaultTranscodeLimits.bootTimeoutMs - 1);
    expect(exits).toEqual([]);
    clock.advance(1);
    await until(() => exits.length === 1, "the end of the process");
  });

  it("ends a worker without work when there is a spare", async () => {
    open(true);
    const first = fleet.begin();
    fleet.choose(1);
    await until(() => ready.length === 1, "the worker");
    clock.advance(defaultTranscodeLimits.spareDelayMs);
    await until(() => ready.length === 2, "the next spare");
    fleet.release(first);
    fleet.release(first);
    clock.advance(defaultTranscodeLimits.idleMs);
    await until(() => fleet.size === 1, "the rest");
    const second = fleet.begin();
    expect(second).toBe(ready[1]);
    expect(exits).toEqual([]);
  });

  it("lets a worker without work become the spare when there is none", async () => {
    open(true, { spareDelayMs: 1000, idleMs: 500 });
    const first = fleet.begin();
    fleet.choose(1);
    await until(() => ready.length === 1, "the worker");
    fleet.release(first);
    clock.advance(500);
    expect([fleet.begin(), fleet.warmSpares, fleet.size]).toEqual([first, 1, 1]);
    clock.advance(1000);
    expect(fleet.size).toBe(1);
  });

  it("leaves no timer behind", async () => {
    open(true);
    fleet.begin();
    fleet.choose(1);
    await fleet.close();
    await fleet.close();
    expect([clock.timers, fleet.size]).toEqual([0, 0]);
  });
});
