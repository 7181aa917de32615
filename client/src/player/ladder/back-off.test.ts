import { expect, it } from "vitest";
import { BackOff, firstBackOffMs, hurryGapMs, maxBackOffMs } from "./back-off.ts";

it("doubles from 5 s to 5 min, and stays there", () => {
  const backOff = new BackOff();
  const waits = Array.from({ length: 100 }, () => {
    backOff.failed("webrtc", 1000);
    return backOff.dueMs("webrtc") - 1000;
  });
  expect(waits.slice(0, 8)).toEqual([
    5000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000,
  ]);
  expect(waits.at(-1)).toBe(maxBackOffMs);
  expect(backOff.failures("webrtc")).toBe(100);
});

it("starts anew for a rung that played for long, and for all in another network", () => {
  const backOff = new BackOff();
  backOff.failed("webrtc", 0);
  backOff.failed("ws-flv", 0);
  backOff.settled("webrtc");
  expect(backOff.failures("webrtc")).toBe(0);
  expect(backOff.dueMs("webrtc")).toBe(Number.NEGATIVE_INFINITY);
  expect(backOff.failures("ws-flv")).toBe(1);
  backOff.forget();
  expect(backOff.failures("ws-flv")).toBe(0);
});

it("is cut short, but leaves a gap since the last try and remembers the failures", () => {
  const backOff = new BackOff();
  backOff.tried("webrtc", 0);
  for (let turn = 0; turn < 5; turn++) backOff.failed("webrtc", 1000);
  backOff.hurryAll(2000);
  expect(backOff.dueMs("webrtc")).toBe(hurryGapMs);
  backOff.hurryAll(60_000);
  expect(backOff.dueMs("webrtc")).toBe(hurryGapMs);
  backOff.failed("webrtc", 60_000);
  backOff.hurry("webrtc", 70_000);
  expect(backOff.dueMs("webrtc")).toBe(70_000);
  expect(backOff.failures("webrtc")).toBe(6);
});

it("waits once, without blame, for a rung that gave way", () => {
  const backOff = new BackOff();
  backOff.postponed("webrtc", 1000);
  expect(backOff.dueMs("webrtc")).toBe(1000 + firstBackOffMs);
  expect(backOff.failures("webrtc")).toBe(0);
});
