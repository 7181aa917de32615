import { describe, expect, test } from "vitest";
import { FrameQueue } from "./frame-queue.ts";
import { silentLog } from "./log.ts";
import { audioInfo, frameAt, videoInfo } from "./test-frames.ts";
import { Track } from "./track.ts";

const cacheLimits = { maxBytes: 1e6, maxUs: 1e7 };
const video = new Track("video", videoInfo(), cacheLimits, silentLog);
const audio = new Track("audio", audioInfo(), cacheLimits, silentLog);

describe("FrameQueue", () => {
  test("hands out frames in order", () => {
    const queue = new FrameQueue({ maxBytes: 1e6, maxUs: 1e6 });
    for (let ms = 0; ms < 600; ms++) queue.push(video, frameAt(ms));
    for (let ms = 0; ms < 600; ms++) expect(queue.shift()?.frame.dtsUs).toBe(ms * 1000);
    expect(queue.shift()).toBeUndefined();
    expect(queue.sizeBytes).toBe(0);
  });

  test("full by bytes: drops everything and goes on at the next key frame", () => {
    const queue = new FrameQueue({ maxBytes: 300, maxUs: 1e6 });
    expect(queue.push(video, frameAt(0, { key: true }))).toBe(true);
    expect(queue.push(video, frameAt(1))).toBe(true);
    expect(queue.push(audio, frameAt(2, { key: true }))).toBe(true);
    expect(queue.push(video, frameAt(3))).toBe(false);
    expect(queue.length).toBe(0);
    expect(queue.push(audio, frameAt(4, { key: true }))).toBe(false);
    expect(queue.push(video, frameAt(5))).toBe(false);
    expect(queue.push(video, frameAt(6, { key: true }))).toBe(true);
    expect(queue.droppedFrames).toBe(6);
    expect(queue.shift()?.frame.dtsUs).toBe(6000);
  });

  test("full by time", () => {
    const queue = new FrameQueue({ maxBytes: 1e6, maxUs: 1_000_000 });
    queue.push(video, frameAt(0, { key: true }));
    expect(queue.push(video, frameAt(1000))).toBe(true);
    expect(queue.push(video, frameAt(1001))).toBe(false);
    expect(queue.length).toBe(0);
  });

  test("a key frame that overflows the queue is where the viewer goes on", () => {
    const queue = new FrameQueue({ maxBytes: 250, maxUs: 1e6 });
    queue.push(video, frameAt(0, { key: true }));
    queue.push(video, frameAt(1));
    expect(queue.push(video, frameAt(2, { key: true }))).toBe(true);
    expect(queue.droppedFrames).toBe(2);
    expect(queue.shift()?.frame.dtsUs).toBe(2000);
  });

  test("sound alone goes on with the newest frame", () => {
    const queue = new FrameQueue({ maxBytes: 250, maxUs: 1e6 });
    for (let ms = 0; ms < 3; ms++) queue.push(audio, frameAt(ms, { key: true }));
    expect(queue.shift()?.frame.dtsUs).toBe(2000);
    expect(queue.droppedFrames).toBe(2);
  });

  test("a frame larger than the whole queue is dropped", () => {
    const queue = new FrameQueue({ maxBytes: 50, maxUs: 1e6 });
    expect(queue.push(video, frameAt(0, { key: true }))).toBe(false);
    expect(queue.sizeBytes).toBe(0);
  });
});
