import { afterEach, expect, test } from "vitest";
import { eventually } from "../fallback/test-everything.ts";
import { Day } from "./test-day.ts";
import { StreamedViewer } from "./test-http-viewers.ts";
import { RtcViewer } from "./test-rtc-viewer.ts";

const warmUp = 40;
/** A leak is in each of them; what V8 compiles meanwhile, which counts as memory too, is not. */
const batches = 4;
const rounds = 125;
/** Joined at once in each round. */
const rtcJoins = 5;
const addresses = [".flv", ".sse", ".sse?media=1", ".poll?media=1&hold=0", ".aac"];
/** What one viewer may leave behind: less than the least that one holds. */
const maxBytesPerViewer = 250;

let day: Day | undefined;
afterEach(async () => {
  await day?.close();
  day = undefined;
});

/** Viewers come over WebRTC and HTTP, are sent something and leave. */
async function round(at: Day, number: number): Promise<void> {
  const path = `/live/day${addresses[number % addresses.length]}`;
  const [viewers, http] = [
    Array.from({ length: rtcJoins }, () => new RtcViewer(at.rtc, at.stream)),
    await StreamedViewer.open(at.door, path),
  ];
  await at.run(1);
  for (const viewer of viewers) {
    expect(viewer.video.packets).toBeGreaterThan(0);
    viewer.answer();
    viewer.close();
  }
  for (let wait = 0; http.bytes === 0 && !http.ended; wait++) {
    expect(wait, path).toBeLessThan(20);
    await at.run(1);
  }
  http.close();
}

async function settled(at: Day): Promise<{ bytes: number; timers: number }> {
  // Sessions of those who ask are over some time after they asked last.
  await at.run(30);
  await eventually(() => at.stream.viewers.size === 0);
  return { bytes: await at.memory(), timers: at.clock.timers };
}

test("thousands of viewers of one stream leave nothing behind", async () => {
  day = new Day();
  await day.listen();
  await day.run(10);
  for (let number = 0; number < warmUp; number++) await round(day, number);
  const first = await settled(day);
  const kept: number[] = [];
  let last = first;
  for (let batch = 0; batch < batches; batch++) {
    for (let number = 0; number < rounds; number++) await round(day, number);
    const after = await settled(day);
    kept.push((after.bytes - last.bytes) / (rounds * (rtcJoins + 1)));
    last = after;
  }
  expect(day.rtc.outputs.size).toBe(0);
  expect(day.rtc.wheel.size).toBe(0);
  expect(day.transcoder.running).toBe(0);
  expect(last.timers).toBe(first.timers);
  expect(Math.min(...kept)).toBeLessThan(maxBytesPerViewer);
}, 240_000);
