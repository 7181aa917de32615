import { readChunk } from "@millrace/media/fmp4";
import { describe, expect, it } from "vitest";
import type { Fmp4Part } from "./index.ts";
import { FragmentRig, NotingListener } from "./test-rig.ts";

const ends = (parts: readonly Fmp4Part[]): number[] =>
  parts.map(({ startUs, durationUs }) => startUs + durationUs);
const trackIds = (part: Fmp4Part | undefined): number[] =>
  readChunk(part?.bytes ?? new Uint8Array(0)).runs.map(({ trackId }) => trackId);

describe("shared fragments", () => {
  it("begin at once with the cached group of pictures, then go on live", () => {
    const rig = new FragmentRig().announce().play(1500);
    const { output } = rig.outputs.lease(rig.stream, "native");
    expect(output.parts.map(({ startUs }) => startUs)).toEqual([1_000_000, 1_200_000]);
    expect(output.parts[0]).toMatchObject({ independent: true, discontinuous: false, sequence: 0 });
    expect(output.parts[1]?.independent).toBe(false);
    expect(output.parts[0]?.init).toMatchObject({
      id: 1,
      mime: 'video/mp4; codecs="avc1.42e01f, mp4a.40.2"',
      codecs: ["avc1.42e01f", "mp4a.40.2"],
      width: 1280,
      height: 720,
    });
    const listener = new NotingListener();
    output.listen(listener);
    rig.play(1000);
    const { parts } = listener;
    expect(parts.map(({ startUs }) => startUs / 1000)).toEqual([1400, 1600, 1800, 2000, 2200]);
    expect(parts.map(({ independent }) => independent)).toEqual([false, false, false, true, false]);
    expect(parts.map(({ sequence }) => sequence)).toEqual([2, 3, 4, 5, 6]);
    expect(parts.every(({ init }) => init === output.parts[0]?.init)).toBe(true);
    expect(parts.every((part) => trackIds(part).join() === "1,2")).toBe(true);
    expect(output.nextSequence).toBe(7);
    rig.outputs.close();
  });

  it("lose no frame and no time: durations and decoding times join", () => {
    const rig = new FragmentRig().announce();
    rig.play(40);
    const { output } = rig.outputs.lease(rig.stream, "native");
    rig.play(6000, { groupMs: 2000 });
    const next = new Map<number, number>();
    const counts = new Map<number, number>();
    for (const part of output.parts) {
      for (const { trackId, decodeTime, samples } of readChunk(part.bytes).runs) {
        expect(decodeTime).toBe(next.get(trackId) ?? decodeTime);
        const length = samples.reduce((sum, { duration }) => sum + duration, 0);
        next.set(trackId, decodeTime + length);
        counts.set(trackId, (counts.get(trackId) ?? 0) + samples.length);
      }
    }
    const last = output.parts.at(-1);
    const endUs = (last?.startUs ?? 0) + (last?.durationUs ?? 0);
    expect(ends(output.parts).slice(0, -1)).toEqual(output.parts.slice(1).map((p) => p.startUs));
    expect(next.get(1)).toBe((endUs * 90) / 1000);
    expect(counts.get(1)).toBe(endUs / 40_000);
    expect(counts.get(2)).toBeGreaterThan((endUs * 48) / 1_024_000 - 3);
    rig.outputs.close();
  });

  it("tell when the first frame of a part was captured", () => {
    const rig = new FragmentRig().announce().play(1500);
    const { output } = rig.outputs.lease(rig.stream, "native");
    const began = rig.stream.startedWallMs;
    expect(output.parts.map(({ captureWallMs }) => captureWallMs - began)).toEqual([1000, 1200]);
    rig.outputs.close();
  });

  it("are one for all users of a stream, and linger after the last", () => {
    const rig = new FragmentRig().announce().play(500);
    const first = rig.outputs.lease(rig.stream, "native");
    const second = rig.outputs.lease(rig.stream, "native");
    expect(second.output).toBe(first.output);
    expect(rig.outputs.lease(rig.stream, "aac").output).not.toBe(first.output);
    first.release();
    first.release();
    rig.clock.advance(10_000);
    expect(rig.stream.track("video")?.sinkCount).toBe(2);
    second.release();
    rig.clock.advance(4999);
    expect(rig.outputs.lease(rig.stream, "native").output).toBe(first.output);
    expect(rig.outputs.size).toBe(2);
    rig.outputs.close();
    rig.outputs.close();
    expect(rig.stream.track("video")?.sinkCount).toBe(0);
  });

  it("number their parts on when they are made again", () => {
    const rig = new FragmentRig().announce().play(1500);
    const { release, output } = rig.outputs.lease(rig.stream, "native");
    release();
    rig.clock.advance(5000);
    expect(rig.outputs.size).toBe(0);
    const before = output.nextSequence;
    expect(before).toBe(3);
    const again = rig.outputs.lease(rig.stream, "native").output;
    expect(again.parts[0]?.sequence).toBe(before);
    expect(again.parts[0]?.init.id).toBe(2);
    rig.outputs.close();
  });

  it("end with their stream, with all that was there", () => {
    const rig = new FragmentRig({}, { graceMs: 0 }).announce().play(1500);
    const { output } = rig.outputs.lease(rig.stream, "native");
    const listener = new NotingListener();
    output.listen(listener);
    const { stream } = rig;
    rig.publisher.close("PUBLISHER_GONE");
    expect(listener.codes).toEqual(["STREAM_ENDED"]);
    expect(ends(listener.parts)).toEqual([1_520_000]);
    expect(rig.outputs.size).toBe(0);
    const late = new NotingListener();
    output.listen(late);
    expect(late.codes).toEqual(["STREAM_ENDED"]);
    expect(() => rig.outputs.lease(stream, "native")).toThrow(
      expect.objectContaining({ code: "STREAM_NOT_FOUND", status: 404 }),
    );
    expect(rig.clock.timers).toBe(0);
  });

  it("refuse a stream without tracks, and any stream after the close", () => {
    const rig = new FragmentRig();
    const code = (expected: string) => expect.objectContaining({ code: expected, status: 503 });
    expect(() => rig.outputs.lease(rig.stream, "aac")).toThrow(code("STREAM_NOT_READY"));
    rig.announce();
    rig.outputs.close();
    expect(() => rig.outputs.lease(rig.stream, "aac")).toThrow(code("SHUTTING_DOWN"));
  });

  it("go on when a listener throws", () => {
    const rig = new FragmentRig().announce().play(1000);
    const { output } = rig.outputs.lease(rig.stream, "native");
    let told = 0;
    output.listen({
      part() {
        told++;
        throw new Error("bug");
      },
      ended() {},
    });
    const listener = new NotingListener();
    output.listen(listener);
    rig.play(1000);
    expect(told).toBe(1);
    expect(listener.parts.length).toBeGreaterThan(3);
    output.unlisten(listener);
    const before = listener.parts.length;
    rig.play(1000);
    expect(listener.parts.length).toBe(before);
    rig.outputs.close();
  });
});
