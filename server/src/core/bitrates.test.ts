import { expect, test } from "vitest";
import { Bitrates, sampleMs } from "./bitrates.ts";
import { FakeClock } from "./fake-clock.ts";

test("a rate is that of the last seconds, and nothing is said too early", () => {
  const clock = new FakeClock();
  const bitrates = new Bitrates(clock);
  let bytes = 0;
  const meter = bitrates.meter(() => bytes);
  clock.advance(499);
  expect(meter.bitrateBps).toBeUndefined();
  bytes = 1000;
  clock.advance(1);
  expect(meter.bitrateBps).toBe(16_000);
  for (let step = 0; step < 120; step++) {
    bytes += 100;
    clock.advance(100);
  }
  expect(meter.bitrateBps).toBe(8000);
  clock.advance(2 * sampleMs);
  expect(meter.bitrateBps).toBe(0);
});

test("one timer serves all, and none is left when nobody is metered", () => {
  const clock = new FakeClock();
  const bitrates = new Bitrates(clock);
  const meters = Array.from({ length: 100 }, () => bitrates.meter(() => 0));
  expect([clock.timers, bitrates.size]).toEqual([1, 100]);
  clock.advance(10 * sampleMs);
  for (const meter of meters) meter.close();
  for (const meter of meters) meter.close();
  expect([clock.timers, bitrates.size]).toEqual([0, 0]);
});
