import { afterEach, expect, test } from "vitest";
import { Day, newSight } from "./test-day.ts";

const dayMs = 86_400_000;
/** Bits of FLV's and RTMP's timestamps. */
const roundMs = 2 ** 32;
/** Before the round is over: longer than all viewers take to come. */
const beforeMs = 60_000;
const afterSeconds = 90;

let day: Day | undefined;
afterEach(async () => {
  await day?.close();
  day = undefined;
});

test("a stream of 49.7 days goes on in every way to watch", async () => {
  day = new Day({ picturesPerSecond: 2 });
  // An encoder that is on all the time, in steps that its 32 bits do not mistake.
  for (const ms of [24 * dayMs, 20 * dayMs, roundMs - 44 * dayMs - beforeMs]) {
    await day.run(2);
    day.sleep(ms - 2000);
  }
  await day.open();
  day.sight = newSight();
  await day.run(afterSeconds);
  const { flv, hls, sse, poll, sight, rtcViewers } = day;
  expect(day.stream.nowUs() / 1000).toBeGreaterThan(roundMs);
  expect(day.encoder.publisher.timelineJumps).toBe(0);
  expect([flv?.timeWraps, flv?.faults, flv?.ended, sse?.ended]).toEqual([1, 0, false, false]);
  expect(flv?.pictures).toBeGreaterThan(2 * afterSeconds);
  expect(sight.flvDelay.max - sight.flvDelay.min).toBeLessThan(3);
  const sequence = hls?.sequence ?? 0;
  await day.run(20);
  expect(hls?.sequence).toBeGreaterThanOrEqual(sequence + 8);
  expect(await hls?.segment()).toBeGreaterThan(2 * 3500);
  expect(poll?.resets).toBe(0);
  const [viewer] = rtcViewers;
  expect([viewer?.video.faults, viewer?.audio.faults, viewer?.failed]).toEqual([0, 0, undefined]);
  expect(sight.videoLag.max).toBeLessThan(50);
  expect(sight.audioLag.max).toBeLessThan(3);
}, 120_000);
