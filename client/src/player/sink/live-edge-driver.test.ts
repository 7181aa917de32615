import { expect, it } from "vitest";
import { FakeScheduler } from "../fake-scheduler.ts";
import { FakeVideo } from "./fake-media.ts";
import { LiveEdge } from "./live-edge.ts";
import { bufferedAhead, canChaseSmoothly, edgeTickMs, LiveEdgeDriver } from "./live-edge-driver.ts";

it("moves the element and leaves it at its own pace", async () => {
  const scheduler = new FakeScheduler();
  const video = new FakeVideo();
  const driver = new LiveEdgeDriver(video, new LiveEdge(), scheduler, () => false);
  video.ranges = [[0, 4]];
  driver.look();
  expect(video.currentTime).toBe(0);
  driver.start();
  driver.start();
  expect(video.preservesPitch).toBe(true);
  await scheduler.advance(10 * edgeTickMs);
  expect(bufferedAhead(video)).toBeCloseTo(0.5, 1);
  for (let second = 0; second < 6; second++) {
    video.currentTime += 1;
    video.ranges = [[0, video.currentTime + 1.5]];
    await scheduler.advance(1000);
  }
  expect(video.playbackRate).toBeGreaterThan(1);
  driver.close();
  driver.close();
  expect([video.playbackRate, scheduler.pending]).toEqual([1, 0]);
});

it("looks from anew at another timeline", async () => {
  const scheduler = new FakeScheduler();
  const video = new FakeVideo();
  const driver = new LiveEdgeDriver(video, new LiveEdge(), scheduler, () => false);
  driver.start();
  video.ranges = [[0, 4]];
  await scheduler.advance(5000);
  driver.restart();
  video.currentTime = 0;
  await scheduler.advance(2 * edgeTickMs);
  expect(video.currentTime).toBe(0);
  await scheduler.advance(500);
  expect(video.currentTime).toBeCloseTo(3.5, 1);
  driver.close();
});

it("knows where the rate must stay", () => {
  expect(canChaseSmoothly("Apple Computer, Inc.")).toBe(false);
  expect(canChaseSmoothly("Google Inc.")).toBe(true);
  expect(canChaseSmoothly("")).toBe(true);
});

it("nothing buffered is nothing ahead", () => {
  expect(bufferedAhead(new FakeVideo())).toBe(0);
});
