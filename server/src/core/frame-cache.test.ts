import { describe, expect, test } from "vitest";
import { AudioCache, GopCache } from "./frame-cache.ts";
import { frameAt } from "./test-frames.ts";

const limits = { maxBytes: 1000, maxUs: 2_000_000 };

describe("GopCache", () => {
  test("holds the frames since the last key frame", () => {
    const cache = new GopCache(limits);
    cache.push(frameAt(0));
    expect(cache.frames).toHaveLength(0);
    cache.push(frameAt(10, { key: true }));
    cache.push(frameAt(20));
    expect(cache.frames.map((frame) => frame.dtsUs)).toEqual([10_000, 20_000]);
    cache.push(frameAt(30, { key: true }));
    expect(cache.frames.map((frame) => frame.dtsUs)).toEqual([30_000]);
    expect(cache.sizeBytes).toBe(100);
  });

  test("takes exactly its byte limit and gives up one byte above until the next key frame", () => {
    const cache = new GopCache(limits);
    cache.push(frameAt(0, { key: true, size: 500 }));
    cache.push(frameAt(10, { size: 500 }));
    expect(cache.frames).toHaveLength(2);
    cache.push(frameAt(20, { size: 1 }));
    expect(cache).toMatchObject({ frames: [], sizeBytes: 0, overflows: 1, startUs: undefined });
    cache.push(frameAt(30));
    expect(cache.frames).toHaveLength(0);
    cache.push(frameAt(40, { key: true }));
    expect(cache.frames).toHaveLength(1);
  });

  test("takes exactly its time limit and gives up above", () => {
    const cache = new GopCache(limits);
    cache.push(frameAt(0, { key: true, size: 1 }));
    cache.push(frameAt(2000, { size: 1 }));
    expect(cache.frames).toHaveLength(2);
    cache.push(frameAt(2001, { size: 1 }));
    expect(cache.frames).toHaveLength(0);
  });

  test("a reader's list is not changed by the next group", () => {
    const cache = new GopCache(limits);
    cache.push(frameAt(0, { key: true }));
    const held = cache.frames;
    cache.push(frameAt(33, { key: true }));
    expect(held.map((frame) => frame.dtsUs)).toEqual([0]);
  });
});

describe("AudioCache", () => {
  test("forgets what is older than its limits or the group of pictures", () => {
    const cache = new AudioCache(limits);
    for (let ms = 0; ms <= 3000; ms += 100) cache.push(frameAt(ms, { key: true, size: 10 }));
    expect(cache.startUs).toBe(1_000_000);
    cache.dropBefore(2_500_000);
    expect(cache.frames.map((frame) => frame.dtsUs / 1000)).toEqual([
      2500, 2600, 2700, 2800, 2900, 3000,
    ]);
    expect(cache.sizeBytes).toBe(60);
  });

  test("stays under its byte limit", () => {
    const cache = new AudioCache(limits);
    for (let ms = 0; ms < 100; ms++) {
      cache.push(frameAt(ms, { key: true, size: 300 }));
      expect(cache.sizeBytes).toBeLessThanOrEqual(1000);
    }
    expect(cache.frames).toHaveLength(3);
  });
});
