import { readChunk, writeChunk } from "@millrace/media/fmp4";
import { describe, expect, it } from "vitest";
import { audioInfo, frameAt, videoInfo } from "../../core/test-frames.ts";
import { defaultFmp4Limits, type Fmp4Limits } from "./limits.ts";
import { type CutPart, PartCutter } from "./part-cutter.ts";
import { prepareAudio, prepareVideo } from "./prepared.ts";

const video = prepareVideo(videoInfo(), frameAt(0, { key: true }));
const audio = prepareAudio(audioInfo());

function open(
  tracks: { video?: typeof video; audio?: typeof audio } = { video, audio },
  limits: Partial<Fmp4Limits> = {},
): { cutter: PartCutter; parts: CutPart[] } {
  const parts: CutPart[] = [];
  const cutter = new PartCutter({ ...defaultFmp4Limits, ...limits }, (part) => parts.push(part));
  cutter.configure({ video: tracks.video, audio: tracks.audio });
  return { cutter, parts };
}

/** Pictures every `stepMs`, the first one a key frame. */
function pictures(cutter: PartCutter, fromMs: number, toMs: number, stepMs: number): void {
  for (let at = fromMs; at < toMs; at += stepMs)
    cutter.pushVideo(frameAt(at, { key: at === fromMs }));
}

const sound = (cutter: PartCutter, fromMs: number, toMs: number): void => {
  for (let at = fromMs; at < toMs; at += 21.333)
    cutter.pushAudio(frameAt(at, { key: true, size: 10 }));
};

const spans = (parts: readonly CutPart[]): string[] =>
  parts.map(({ startUs, durationUs }) => `${startUs / 1000}+${Math.round(durationUs / 1000)}`);
const samplesOf = (part: CutPart | undefined, id: number) =>
  readChunk(writeChunk(1, part?.runs ?? [])).runs.find(({ trackId }) => trackId === id)?.samples ??
  [];

describe("where parts end", () => {
  it.each([
    [40, ["0+200", "200+200", "400+200"]],
    [50, ["0+200", "200+200", "400+200"]],
    [42, ["0+210", "210+210", "420+210"]],
    [100, ["0+200", "200+200", "400+200"]],
    [150, ["0+150", "150+150", "300+150", "450+150"]],
    [400, ["0+400", "400+400"]],
    [1000, ["0+1000"]],
  ])("pictures every %d ms", (stepMs, expected) => {
    const { cutter, parts } = open({ video });
    pictures(cutter, 0, stepMs >= 400 ? stepMs * 2.5 : 660, stepMs);
    expect(spans(parts).slice(0, expected.length)).toEqual(expected);
  });

  it("before every key frame", () => {
    const { cutter, parts } = open({ video });
    pictures(cutter, 0, 280, 40);
    pictures(cutter, 280, 660, 40);
    expect(spans(parts)).toEqual(["0+200", "200+80", "280+200"]);
    expect(parts.map(({ independent }) => independent)).toEqual([true, false, true]);
  });

  it("sound goes with the part of its time, or with the next when it is late", () => {
    const { cutter, parts } = open();
    cutter.pushVideo(frameAt(0, { key: true }));
    for (const at of [0, 21, 43, 230]) cutter.pushAudio(frameAt(at, { key: true }));
    for (let at = 40; at <= 400; at += 40) cutter.pushVideo(frameAt(at));
    expect(parts.map((part) => samplesOf(part, 2).length)).toEqual([3, 1]);
    const { cutter: late, parts: lateParts } = open();
    late.pushVideo(frameAt(0, { key: true }));
    for (let at = 40; at <= 200; at += 40) late.pushVideo(frameAt(at));
    late.pushAudio(frameAt(150, { key: true }));
    for (let at = 240; at <= 400; at += 40) late.pushVideo(frameAt(at));
    expect(lateParts.map((part) => samplesOf(part, 2).length)).toEqual([0, 1]);
  });

  it("when video stops, sound goes on, and video joins again where it begins", () => {
    const { cutter, parts } = open();
    pictures(cutter, 0, 80, 40);
    sound(cutter, 0, 3000);
    expect(parts.length).toBeGreaterThan(6);
    expect(samplesOf(parts[0], 1)).toHaveLength(2);
    expect(parts.slice(1).every(({ durationUs }) => durationUs <= 210_000)).toBe(true);
    expect(parts.slice(1).every(({ independent }) => !independent)).toBe(true);
    pictures(cutter, 3000, 3300, 40);
    const last = parts.at(-1);
    expect(last).toMatchObject({ independent: true, discontinuous: false, startUs: 3_000_000 });
  });

  it("what waits for a frame that does not come is given out", () => {
    const { cutter, parts } = open({ video });
    pictures(cutter, 0, 120, 40);
    cutter.idle(1499);
    expect(parts).toEqual([]);
    cutter.idle(1);
    expect(spans(parts)).toEqual(["0+120"]);
    cutter.idle(5000);
    cutter.flush();
    expect(parts).toHaveLength(1);
    cutter.pushVideo(frameAt(2000));
    cutter.flush();
    expect(spans(parts)[1]).toBe("2000+1000");
    expect(parts[1]?.discontinuous).toBe(false);
  });

  it("has limits in bytes and in frames", () => {
    const big = open({ video }, { maxPartBytes: 1000 });
    for (let at = 0; at < 5; at++) big.cutter.pushVideo(frameAt(at, { key: at === 0, size: 600 }));
    expect(big.parts.map((part) => samplesOf(part, 1).length)).toEqual([2, 2]);
    const many = open({ video, audio }, { maxPartFrames: 4 });
    many.cutter.pushVideo(frameAt(0, { key: true }));
    for (let at = 0; at < 9; at++) many.cutter.pushAudio(frameAt(at * 22, { key: true }));
    expect(many.parts.map((part) => samplesOf(part, 2).length)).toEqual([3, 4]);
  });
});

describe("times", () => {
  it("B-frames keep their order: decoding times in the run, presentation times by offsets", () => {
    const { cutter, parts } = open({ video });
    const order = [
      [0, 80],
      [40, 200],
      [80, 120],
      [120, 160],
      [160, 320],
      [200, 240],
    ] as const;
    for (const [dts, ptsMs] of order) cutter.pushVideo(frameAt(dts, { ptsMs, key: dts === 0 }));
    expect(spans(parts)).toEqual(["80+200"]);
    const [run] = readChunk(writeChunk(1, parts[0]?.runs ?? [])).runs;
    expect(run?.decodeTime).toBe(0);
    expect(run?.samples.map(({ compositionOffset }) => compositionOffset / 90)).toEqual([
      ...[80, 160, 40, 40, 160],
    ]);
    expect(run?.samples.every(({ duration }) => duration === 3600)).toBe(true);
  });

  it("a jump is a discontinuity, and what came before it has its own length", () => {
    const { cutter, parts } = open();
    pictures(cutter, 0, 80, 40);
    cutter.pushAudio(frameAt(10_000, { key: true }));
    pictures(cutter, 10_000, 10_300, 40);
    expect(parts[0]).toMatchObject({ startUs: 0, durationUs: 80_000 });
    expect(parts.slice(1).map(({ discontinuous }) => discontinuous)).toEqual([true]);
    expect(parts[1]?.startUs).toBe(10_000_000);
  });

  it("frames that come at the same time stay apart", () => {
    const { cutter, parts } = open({ video });
    for (let us = 0; us < 5; us++) {
      const frame = { ...frameAt(0, { key: us === 0 }), dtsUs: us, ptsUs: us };
      cutter.pushVideo(frame);
    }
    cutter.flush();
    expect(samplesOf(parts[0], 1).every(({ duration }) => duration >= 1)).toBe(true);
  });

  it("frames before the stream began are moved to its beginning, such sound is left out", () => {
    const { cutter, parts } = open();
    cutter.pushVideo(frameAt(-100, { key: true }));
    cutter.pushAudio(frameAt(-90, { key: true }));
    pictures(cutter, 0, 280, 40);
    expect(cutter.dropped).toBe(1);
    expect(readChunk(writeChunk(1, parts[0]?.runs ?? [])).runs[0]?.decodeTime).toBe(0);
    expect(parts[0]?.startUs).toBe(0);
  });

  it("sound that cannot be read is left out", () => {
    const info = audioInfo({ codec: "opus", config: new Uint8Array(0) });
    const { cutter } = open({ audio: prepareAudio(info) });
    cutter.pushAudio({ ...frameAt(0, { key: true }), payload: [new Uint8Array(0)] });
    expect(cutter.dropped).toBe(1);
  });

  it("begin anew: only with a key frame", () => {
    const { cutter, parts } = open({ video });
    pictures(cutter, 0, 120, 40);
    cutter.restart();
    cutter.pushVideo(frameAt(500));
    expect(cutter.dropped).toBe(1);
    pictures(cutter, 600, 1000, 40);
    expect(parts.map(({ discontinuous }) => discontinuous)).toEqual([false, true]);
  });
});
