import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FakeClock } from "../../core/fake-clock.ts";
import { FlushPlan } from "./flush-plan.ts";
import { Pace } from "./pace.ts";

const limits = { maxFlushMs: 33, promptViewers: 50, busyViewers: 200 };

test.each([
  [0, 0],
  [50, 0],
  [125, 16_500],
  [200, 33_000],
  [5000, 33_000],
])("with %d viewers writes are %d µs apart", (viewers, restUs) => {
  const pace = new Pace(limits);
  pace.viewers = viewers;
  expect(pace.restUs).toBe(restUs);
});

describe("a flush", () => {
  function start(viewers: number) {
    const clock = new FakeClock();
    const pace = new Pace(limits);
    pace.viewers = viewers;
    const times: number[] = [];
    const plan = new FlushPlan(clock, pace, () => times.push(clock.nowUs() / 1000));
    clock.advance(1000);
    return { clock, plan, times };
  }
  const turn = () => Promise.resolve();

  test("comes in the same turn, once for all that came together", async () => {
    const { plan, times } = start(1);
    plan.request(false);
    plan.request(true);
    expect(times).toEqual([]);
    await turn();
    expect(times).toEqual([1000]);
    plan.request(true);
    await turn();
    expect(times).toEqual([1000, 1000]);
  });

  test("with many viewers is at most every 33 ms, the first one at once", async () => {
    const { clock, plan, times } = start(1000);
    for (let ms = 0; ms < 100; ms += 10) {
      plan.request(false);
      await turn();
      clock.advance(10);
    }
    expect(times).toEqual([1000, 1033, 1066, 1099]);
  });

  test("of sound waits for the picture, which then goes at once", async () => {
    const { clock, plan, times } = start(1000);
    plan.request(false);
    await turn();
    clock.advance(40);
    plan.request(true);
    await turn();
    clock.advance(15);
    expect(times).toEqual([1000]);
    plan.request(false);
    await turn();
    expect(times).toEqual([1000, 1055]);
    plan.request(true);
    await turn();
    clock.advance(33);
    expect(times).toEqual([1000, 1055, 1088]);
    expect(clock.timers).toBe(0);
  });

  test.each([0, 1, 33, 100])(
    "never lets anything wait longer than a limit of %d ms",
    async (maxFlushMs) => {
      const gaps = fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.boolean()), {
        maxLength: 40,
      });
      await fc.assert(
        fc.asyncProperty(gaps, fc.integer({ min: 0, max: 400 }), async (arrivals, viewers) => {
          const clock = new FakeClock();
          const pace = new Pace({ ...limits, maxFlushMs });
          pace.viewers = viewers;
          let waitingUs: number | undefined;
          let longestUs = 0;
          const plan = new FlushPlan(clock, pace, () => {
            longestUs = Math.max(longestUs, clock.nowUs() - (waitingUs ?? clock.nowUs()));
            waitingUs = undefined;
          });
          for (const [gapMs, patient] of arrivals) {
            for (let ms = 0; ms < gapMs; ms++) clock.advance(1);
            waitingUs ??= clock.nowUs();
            plan.request(patient);
            await turn();
          }
          clock.advance(maxFlushMs + 1);
          expect(waitingUs).toBeUndefined();
          // Timers of a millisecond.
          expect(longestUs).toBeLessThanOrEqual(pace.restUs + 1000);
          plan.close();
        }),
        { numRuns: 50 },
      );
    },
  );

  test("that was planned does not come after the end", async () => {
    const { clock, plan, times } = start(1000);
    plan.request(false);
    plan.close();
    await turn();
    plan.request(false);
    clock.advance(100);
    expect([times, clock.timers]).toEqual([[], 0]);
    plan.close();
  });
});
