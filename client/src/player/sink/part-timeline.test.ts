import fc from "fast-check";
import { expect, it } from "vitest";
import { CaptureMap, maxCapturePoints } from "./capture-map.ts";
import { trackKinds } from "./media-source.ts";
import { MseQueue } from "./mse-queue.ts";
import { maxSeamUs, PartTimeline } from "./part-timeline.ts";

const part = (sequence: number, startUs: number, independent = true) => ({
  type: "part" as const,
  sequence,
  independent,
  discontinuous: false,
  init: 1,
  startUs,
  durationUs: 500_000,
  wallMs: undefined,
});

it("lets small seams be, up to the limit, and closes larger ones", () => {
  const timeline = new PartTimeline();
  expect(timeline.place(part(1, 9_000_000))?.startSeconds).toBe(0);
  expect(timeline.place(part(2, 9_500_000 + maxSeamUs))?.startSeconds).toBe(0.6);
  expect(timeline.place(part(3, 10_100_000 + maxSeamUs + 1))?.startSeconds).toBe(1.1);
  expect(timeline.place(part(4, 2_000_000))?.startSeconds).toBe(1.6);
});

it("lays whatever comes behind what was there, without a hole", () => {
  const parts = fc.array(
    fc.record({
      sequence: fc.nat(30),
      startUs: fc.nat(100_000_000),
      independent: fc.boolean(),
      gap: fc.boolean(),
    }),
  );
  fc.assert(
    fc.property(parts, (list) => {
      const timeline = new PartTimeline();
      let end: number | undefined;
      for (const { sequence, startUs, independent, gap } of list) {
        if (gap) timeline.gap();
        const needs = timeline.needsIndependent;
        const place = timeline.place(part(sequence, startUs, independent));
        if (place === undefined) continue;
        expect(needs && !independent).toBe(false);
        const seam = place.startSeconds - (end ?? 0);
        expect(Math.abs(seam)).toBeLessThanOrEqual(maxSeamUs / 1e6 + 1e-6);
        end = place.endSeconds;
      }
    }),
  );
});

it("keeps so many capture points and forgets what is placed anew", () => {
  const map = new CaptureMap();
  expect(map.wallMs(1)).toBeUndefined();
  for (let index = 0; index <= maxCapturePoints; index++) map.add(index, index * 1000 + 7);
  expect(map.wallMs(0)).toBe(7);
  expect(map.wallMs(3.5)).toBe(3507);
  map.add(2, 90_000);
  expect(map.wallMs(5)).toBe(93_000);
  map.add(Number.NaN, 1);
  map.add(3, Number.POSITIVE_INFINITY);
  expect(map.wallMs(5)).toBe(93_000);
  map.clear();
  expect(map.wallMs(5)).toBeUndefined();
});

it("tells kinds of tracks by their codecs", () => {
  expect(trackKinds('video/mp4; codecs="avc1.42e01f,mp4a.40.2"')).toBe("va");
  expect(trackKinds('video/mp4; codecs="Opus, vp09.00.10.08"')).toBe("va");
  expect(trackKinds('audio/mp4; codecs="opus"')).toBe("a");
  expect(trackKinds("video/mp4")).toBe("");
});

it("keeps the bytes that wait at their limit, and the init", () => {
  const queue = new MseQueue({ maxBytes: 10 });
  const bytes = (size: number) => ({ bytes: new Uint8Array(size) });
  const init = { type: "init" as const, id: 1, mime: "", width: 0, height: 0, ...bytes(2) };
  queue.push(init);
  queue.push({ ...part(1, 0), ...bytes(8) });
  expect(queue.length).toBe(2);
  queue.push({ ...part(2, 0, false), ...bytes(1) });
  expect([queue.shift()?.type, queue.shift()?.type, queue.shift()?.type]).toEqual([
    "init",
    "gap",
    "part",
  ]);
});
