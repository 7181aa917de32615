import { describe, expect, it } from "vitest";
import { FakeClock } from "../../core/fake-clock.ts";
import { silentLog } from "../../core/index.ts";
import { NodeEgressCore } from "./node-core.ts";
import { type Paced, PacerDriver, type Replayer } from "./pacer-driver.ts";

function open(limits = {}) {
  const clock = new FakeClock();
  const core = new NodeEgressCore(clock);
  return { clock, driver: new PacerDriver({ clock, core, log: silentLog, limits }) };
}

/** Has `turns` turns to take and notes what it was allowed. */
class TestPaced implements Paced {
  readonly allowed: number[] = [];
  readonly turns: number;

  constructor(turns: number) {
    this.turns = turns;
  }

  pace(_nowUs: number, maxPackets: number): boolean {
    this.allowed.push(maxPackets);
    return this.allowed.length < this.turns;
  }

  failed(error: unknown): void {
    throw error;
  }
}

class TestReplayer implements Replayer {
  grants = 0;

  granted(): void {
    this.grants++;
  }
}

describe("PacerDriver", () => {
  it("has one timer for everybody, and none when nobody has work", () => {
    const { clock, driver } = open();
    expect(clock.timers).toBe(0);
    const few = new TestPaced(2);
    const many = new TestPaced(5);
    driver.add(few);
    driver.add(many);
    driver.add(many);
    expect(clock.timers).toBe(1);
    clock.advance(100);
    expect(few.allowed).toHaveLength(2);
    expect(many.allowed).toHaveLength(5);
    expect(clock.timers).toBe(0);
  });

  it("shares the packets of a turn, and leaves everybody some", () => {
    const { clock, driver } = open({ maxPacketsPerTick: 200 });
    const first = new TestPaced(3);
    driver.add(first);
    clock.advance(4);
    const others = Array.from({ length: 9 }, () => new TestPaced(1));
    for (const other of others) driver.add(other);
    clock.advance(4);
    for (let i = 0; i < 990; i++) driver.add(new TestPaced(1));
    clock.advance(4);
    expect(first.allowed).toEqual([200, 20, 4]);
  });

  it("goes on when one of them fails", () => {
    const { clock, driver } = open();
    const good = new TestPaced(3);
    let failures = 0;
    driver.add({
      pace() {
        throw new Error("bug");
      },
      failed: () => void failures++,
    });
    driver.add(good);
    clock.advance(50);
    expect(good.allowed).toHaveLength(3);
    expect(failures).toBe(1);
    expect(clock.timers).toBe(0);
  });

  it("stops its timer with the last who leaves, and on close", () => {
    const { clock, driver } = open();
    const paced = new TestPaced(9);
    driver.add(paced);
    driver.remove(paced);
    expect(clock.timers).toBe(0);
    driver.add(paced);
    driver.close();
    driver.close();
    expect(clock.timers).toBe(0);
  });

  it("grants as many replays as it may and the others in their order", () => {
    const { driver } = open({ maxReplays: 2 });
    const [a, b, c, d] = [1, 2, 3, 4].map(() => new TestReplayer()) as [
      TestReplayer,
      TestReplayer,
      TestReplayer,
      TestReplayer,
    ];
    expect([a, b, c, d].map((replayer) => driver.request(replayer))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(driver.request(a)).toBe(true);
    driver.release(d);
    driver.release(a);
    driver.release(a);
    expect([a, b, c, d].map((replayer) => replayer.grants)).toEqual([0, 0, 1, 0]);
    expect(driver.replays).toEqual({ running: 2, waiting: 0 });
  });
});
