import { expect, test } from "vitest";
import { ClockDrift } from "./clock-drift.ts";

const secondUs = 1_000_000;

/** 30 pictures a second of an encoder whose clock is off by `ppm`; the network adds up to `noiseUs`. */
function feed(
  drift: ClockDrift,
  options: { seconds: number; ppm: number; fromUs?: number; noiseUs?: number; stallAt?: number },
): void {
  const { seconds, ppm, fromUs = 0, noiseUs = 0, stallAt } = options;
  let random = 1;
  for (let frame = 0; frame < seconds * 30; frame++) {
    const sentUs = fromUs + (frame * secondUs) / 30;
    random = (random * 48_271) % 2_147_483_647;
    const stalls = stallAt !== undefined && Math.floor(frame / 30) === stallAt;
    const delayUs = (random / 2_147_483_647) * noiseUs + (stalls ? 900_000 : 0);
    const encoderUs = sentUs * (1 + ppm / 1e6);
    drift.push(sentUs + delayUs - encoderUs, sentUs + delayUs);
  }
}

test.each([0, 50, -50, 300, -2000, 20_000])("a clock that is off by %i ppm", (ppm) => {
  const drift = new ClockDrift();
  feed(drift, { seconds: 120, ppm, noiseUs: 30_000 });
  expect(Math.abs((drift.ppm ?? Number.NaN) - ppm)).toBeLessThan(15);
});

test("says nothing before 40 seconds, nor of another time line", () => {
  const drift = new ClockDrift();
  feed(drift, { seconds: 39, ppm: 100 });
  expect(drift.ppm).toBeUndefined();
  feed(drift, { seconds: 10, ppm: 100, fromUs: 39 * secondUs });
  expect(drift.ppm).toBe(100);
  drift.restart();
  expect(drift.ppm).toBeUndefined();
});

test("is not moved by a stall, nor by a delay that stays", () => {
  const drift = new ClockDrift();
  feed(drift, { seconds: 100, ppm: 100, stallAt: 55 });
  expect(drift.ppm).toBe(100);
  const stepped = new ClockDrift();
  feed(stepped, { seconds: 200, ppm: 0 });
  for (let second = 200; second < 220; second++) {
    stepped.push(300_000, second * secondUs);
  }
  expect(Math.abs(stepped.ppm ?? Number.NaN)).toBeLessThan(100);
});

test("follows a clock that changes, within five minutes", () => {
  const drift = new ClockDrift();
  feed(drift, { seconds: 300, ppm: 500 });
  let delayUs = -150_000;
  for (let second = 300; second < 620; second++) {
    delayUs += 200;
    drift.push(delayUs, second * secondUs);
  }
  expect(drift.ppm).toBe(-200);
});
