import { describe, expect, it } from "vitest";
import type { Clock } from "../core/ports.ts";
import { JOINING_PER_TURN_MS, JoinTurns } from "./join-turns.ts";

/** A clock that stands still but for the work that is done. */
class WorkClock implements Clock {
  us = 1_000_000;
  nowUs(): number {
    return this.us;
  }
  wallMs(): number {
    return this.us / 1000;
  }
  after(): { cancel(): void } {
    throw new Error("no timers here");
  }
  work(ms: number): void {
    this.us += ms * 1000;
  }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("JoinTurns", () => {
  it("does as many steps as a turn has time for, in order", async () => {
    const clock = new WorkClock();
    const turns = new JoinTurns(clock);
    const done: number[] = [];
    for (let i = 0; i < 8; i++) {
      turns.run(() => {
        clock.work(JOINING_PER_TURN_MS / 2);
        done.push(i);
      });
    }
    expect(done).toEqual([0, 1]);
    expect(turns.waiting).toBe(6);
    for (const length of [4, 6, 8]) {
      await turn();
      expect(done).toEqual(Array.from({ length }, (_, n) => n));
    }
    expect(turns.waiting).toBe(0);
  });

  it("lets nobody overtake those who wait", async () => {
    const clock = new WorkClock();
    const turns = new JoinTurns(clock);
    const done: string[] = [];
    const step = (name: string) => () => {
      clock.work(JOINING_PER_TURN_MS);
      done.push(name);
    };
    turns.run(step("first"));
    turns.run(step("waits"));
    await turn();
    expect(done).toEqual(["first", "waits"]);
    expect(turns.isFree).toBe(false);
    turns.run(step("later"));
    expect(done).toHaveLength(2);
    await turn();
    expect(done).toEqual(["first", "waits", "later"]);
    await turn();
    expect(turns.isFree).toBe(true);
  });

  it("counts what a step leaves to promises as its turn", async () => {
    const clock = new WorkClock();
    const turns = new JoinTurns(clock);
    let joined = 0;
    const join = async () => {
      expect(await turns.enter()).toBe(true);
      clock.work(JOINING_PER_TURN_MS);
      joined++;
    };
    const joins: Promise<void>[] = [];
    for (let i = 0; i < 5; i++) {
      joins.push(join());
      // As between two requests: what waits for promises only goes on, the turn does not end.
      for (let n = 0; n < 5; n++) await Promise.resolve();
    }
    expect(joined).toBe(1);
    for (let i = 2; i <= 5; i++) {
      await turn();
      expect(joined).toBe(i);
    }
    await Promise.all(joins);
  });

  it("refuses what is too much, and takes steps again afterwards", async () => {
    const clock = new WorkClock();
    const turns = new JoinTurns(clock, 2);
    let done = 0;
    const step = () => {
      clock.work(JOINING_PER_TURN_MS);
      done++;
    };
    expect([turns.run(step), turns.run(step), turns.run(step)]).toEqual([true, true, true]);
    expect(turns.run(step)).toBe(false);
    expect(await turns.enter()).toBe(false);
    await turn();
    expect(turns.run(step)).toBe(true);
    for (let i = 0; i < 4; i++) await turn();
    expect(done).toBe(4);
  });
});
