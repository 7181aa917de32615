import { afterEach, expect, test } from "vitest";
import { Day, newSight } from "./test-day.ts";

const hour = 3600;
/** What caches and tables of their full size may differ by. */
const slackBytes = 1.5e6;
/** As much as a frame of the clocks' resolution: RTMP's milliseconds, and what 200 ppm make of two seconds. */
const jitterMs = 3;
/** The longest that the pacer takes for one picture here. */
const pacedMs = 50;

let day: Day | undefined;
afterEach(async () => {
  await day?.close();
  day = undefined;
});

test("25 hours of an encoder with a wrong clock: no wrap, drift or restart is seen, nothing grows", async () => {
  // Its timestamps go over 2^32 in the fourth hour.
  const encoder = { firstMs: 2 ** 32 - 3.5 * hour * 1000, drift: -200 };
  day = new Day({ picturesPerSecond: 0.25, groupSeconds: 8, pictureBytes: 10_000, encoder });
  await day.openRtc();
  await day.run(hour);
  const first = day.sight;
  await day.run(5 * hour);
  const quarterBytes = await day.memory();
  const quarterTimers = day.clock.timers;
  // From 0 on, over 2^24 ms.
  await day.restart(8, { drift: 200 });
  await day.run(10 * hour);
  await day.restart(20, { firstMs: 77_777_777, drift: 200 });
  await day.run(8 * hour);
  day.sight = newSight();
  await day.run(hour);
  const last = day.sight;
  const [viewer] = day.rtcViewers;
  const { video, audio } = viewer ?? expect.fail();
  expect(viewer?.failed).toBeUndefined();
  expect(video.sequenceWraps).toBeGreaterThanOrEqual(3);
  // 25 hours are 1.9 rounds of a clock of 90 kHz, and one of 48 kHz.
  expect(video.timeWraps).toBeGreaterThanOrEqual(1);
  expect(audio.timeWraps).toBeGreaterThanOrEqual(1);
  expect([video.faults, video.lost, audio.faults]).toEqual([0, 0, 0]);
  expect(video.recovered).toBeGreaterThan(500);
  expect(video.missing).toBeLessThan(2);
  for (const { videoLag, audioLag } of [first, last]) {
    expect(videoLag.min).toBeGreaterThan(-jitterMs);
    // So slow a stream is paced over some time.
    expect(videoLag.max).toBeLessThan(pacedMs);
    expect(audioLag.min).toBeGreaterThan(-jitterMs);
    expect(audioLag.max).toBeLessThan(jitterMs);
  }
  expect(last.videoLag.max).toBeLessThan(first.videoLag.max + jitterMs);
  // As far from each other as in the first hour.
  expect(last.apart.min).toBeGreaterThan(first.apart.min - jitterMs);
  expect(last.apart.max).toBeLessThan(first.apart.max + jitterMs);
  expect(day.clock.timers).toBe(quarterTimers);
  expect(await day.memory()).toBeLessThan(quarterBytes + slackBytes);
}, 240_000);

test("every way to watch is the same after half an hour", async () => {
  day = new Day({ encoder: { drift: 200 } });
  await day.open();
  await day.run(hour / 8);
  const first = day.sight;
  const quarterBytes = await day.memory();
  day.sight = newSight();
  await day.restart(8, { firstMs: 2 ** 32 - 60_000, drift: -200 });
  await day.run((hour * 3) / 8);
  const last = day.sight;
  expect(last.flvDelay.max - first.flvDelay.max).toBeLessThan(jitterMs);
  expect(last.flvDelay.min - first.flvDelay.min).toBeGreaterThan(-jitterMs);
  const { flv, hls, poll, sse } = day;
  expect([flv?.faults, flv?.ended, sse?.ended]).toEqual([0, false, false]);
  expect(flv?.pictures).toBeGreaterThan(1790);
  // Segments of two seconds; as many listed as at the beginning.
  expect(hls?.sequence).toBeGreaterThan(850);
  expect(hls?.listed).toBeLessThan(20);
  expect(hls?.playlistBytes).toBeLessThan(4000);
  expect(await hls?.segment()).toBeGreaterThan(2 * 3500);
  expect(poll?.resets).toBe(0);
  expect(await day.memory()).toBeLessThan(quarterBytes + slackBytes);
}, 240_000);
