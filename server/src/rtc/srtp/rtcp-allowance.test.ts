import { expect, test } from "vitest";
import { maxRtcpPerSecond, RtcpAllowance } from "./rtcp-allowance.ts";

const secondUs = 1_000_000;

function taken(allowance: RtcpAllowance, attempts: number, nowUs: number): number {
  let count = 0;
  for (let i = 0; i < attempts; i++) if (allowance.take(nowUs)) count++;
  return count;
}

test("a burst at the limit passes, one more does not, and time gives more", () => {
  const allowance = new RtcpAllowance();
  expect(taken(allowance, maxRtcpPerSecond + 100, secondUs)).toBe(maxRtcpPerSecond);
  expect(taken(allowance, 100, 1.1 * secondUs)).toBe(maxRtcpPerSecond / 10);
  expect(taken(allowance, 10_000, 100 * secondUs)).toBe(maxRtcpPerSecond);
});

test("a steady rate below the limit always passes", () => {
  const allowance = new RtcpAllowance();
  for (let ms = 0; ms < 10_000; ms += 4) expect(allowance.take(ms * 1000)).toBe(true);
});

test("a clock that stands still or goes back gives nothing", () => {
  const allowance = new RtcpAllowance(2);
  expect(taken(allowance, 5, secondUs)).toBe(2);
  expect(taken(allowance, 5, 0)).toBe(0);
});
