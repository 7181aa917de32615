import type { Frame } from "@millrace/media/frame";
import { audioTrackInfoForOpus } from "@millrace/media/opus";
import { describe, expect, test } from "vitest";
import { audioInfo } from "../core/test-frames.ts";
import { SilenceFill } from "./silence-fill.ts";

const opus = audioTrackInfoForOpus(2);
/** Config 11, wideband SILK of 20 ms. */
const voice = Uint8Array.of(0x48, 1, 2, 3, 4);
const endsInDtx = Uint8Array.of(0x48);
const silence = "f8fffe";
/** The local clock is this far ahead of the stream's. */
const clockAheadMs = 7_000;

/** Lets time pass in steps of 20 ms, with packets at the times of the stream that `sends` says. */
class Run {
  readonly fill = new SilenceFill(opus, 1000);
  /** Times in milliseconds of what the codec gets, with `s` in front where it stands for nothing. */
  readonly pushed: string[] = [];
  readonly payloads: string[] = [];
  #nowMs = 0;

  lateMs: number;

  constructor(lateMs = 30) {
    this.lateMs = lateMs;
  }

  until(toMs: number, packet: (ms: number) => Uint8Array | undefined): void {
    for (; this.#nowMs < toMs; this.#nowMs += 10) {
      const us = this.#nowMs * 1000;
      const localUs = us + clockAheadMs * 1000;
      // A packet is complete 20 ms after its time, and comes late.
      const sentMs = this.#nowMs - 20 - this.lateMs;
      const payload = sentMs >= 0 && sentMs % 20 === 0 ? packet(sentMs) : undefined;
      if (payload !== undefined) {
        const frame = { ptsUs: sentMs * 1000, dtsUs: sentMs * 1000, key: true, payload: [payload] };
        if (this.fill.take(frame, localUs)) this.#note("", frame);
      }
      if (this.#nowMs % 100 === 0)
        this.fill.advance(us, localUs, (frame) => this.#note("s", frame));
    }
  }

  #note(mark: string, frame: Frame): void {
    this.pushed.push(`${mark}${frame.ptsUs / 1000}`);
    this.payloads.push(Buffer.from(frame.payload[0] ?? []).toString("hex"));
  }

  get times(): number[] {
    return this.pushed.map((text) => Number(text.replace("s", "")));
  }
}

/** Where one does not go on where the other ended. */
const seams = (times: readonly number[]): number[] =>
  times.filter((ms, at) => at > 0 && ms - (times[at - 1] ?? 0) !== 20);

describe("SilenceFill", () => {
  test("adds nothing to sound that comes, however late", () => {
    for (const lateMs of [0, 30, 400, 2000]) {
      const run = new Run(lateMs);
      run.until(6000, () => voice);
      // Before it was seen how late sound comes, silence may have stood for it.
      expect(run.pushed.slice(-50).filter((text) => text.startsWith("s"))).toEqual([]);
      expect(seams(run.times.slice(-50))).toEqual([]);
    }
  });

  test("goes on while nothing comes, a fixed time behind the clock, and leaves room for sound again", () => {
    const run = new Run(30);
    run.until(20_000, (ms) => (ms < 3000 || ms >= 13_000 ? voice : undefined));
    const filled = run.pushed.filter((text) => text.startsWith("s"));
    // Up to 110 ms behind the clock, which is told every 100 ms.
    expect(filled.length).toBeGreaterThan((10_000 - 230) / 20);
    expect(filled.length).toBeLessThanOrEqual(500);
    expect(run.fill.lateFrames).toBe(0);
    // The one hole that is left ends where sound begins: that is where the framer puts samples.
    expect(seams(run.times)).toEqual([13_000]);
    expect(new Set(run.payloads.filter((_, at) => run.pushed[at]?.startsWith("s")))).toEqual(
      new Set([silence]),
    );
  });

  test("never has more than the clock allows, over an hour of silence", () => {
    const run = new Run(30);
    run.until(3_600_000, (ms) => (ms < 1000 ? voice : undefined));
    const last = run.times.at(-1) ?? 0;
    expect(last).toBeLessThanOrEqual(3_600_000 - 110 - 20);
    expect(last).toBeGreaterThan(3_600_000 - 110 - 20 - 130);
    expect(seams(run.times)).toEqual([]);
  });

  test("goes on with noise after the end that DTX makes, for half a second", () => {
    const run = new Run(30);
    run.until(4000, (ms) => (ms < 2000 ? voice : ms === 2000 ? endsInDtx : undefined));
    const hole = run.payloads.filter((_, at) => run.pushed[at]?.startsWith("s"));
    expect(hole.slice(0, 25)).toEqual(Array.from({ length: 25 }, () => "48"));
    expect(new Set(hole.slice(25))).toEqual(new Set([silence]));
  });

  test("leaves out sound that comes after silence was put in its place, and knows better then", () => {
    const run = new Run(30);
    run.until(3000, (ms) => (ms < 2000 ? voice : undefined));
    const { filledFrames } = run.fill;
    expect(filledFrames).toBeGreaterThan(0);
    // From here on everything comes 300 ms later.
    run.lateMs = 330;
    run.until(9000, () => voice);
    expect(run.fill.lateFrames).toBeGreaterThan(0);
    expect(run.fill.lateFrames).toBeLessThan(40);
    expect(seams(run.times.slice(-200))).toEqual([]);
    expect(run.pushed.slice(-200).filter((text) => text.startsWith("s"))).toEqual([]);
    expect(run.times).toEqual([...run.times].sort((a, b) => a - b));
  });

  test("begins with silence where a track has no sound at all", () => {
    const run = new Run();
    run.until(2000, () => undefined);
    expect(run.pushed[0]).toBe("s80");
    expect(seams(run.times)).toEqual([]);
    expect(run.times.at(-1)).toBeGreaterThan(1700);
  });

  test("does not fill what passed while nothing ran or nobody published", () => {
    const fill = new SilenceFill(opus, 1000);
    const pushed: number[] = [];
    const tell = (ms: number): void =>
      fill.advance(ms * 1000, ms * 1000, (frame) => pushed.push(frame.ptsUs / 1000));
    tell(0);
    tell(100);
    tell(200);
    const before = pushed.length;
    tell(451);
    expect(pushed.length).toBe(before);
    tell(551);
    expect(pushed.length).toBeGreaterThan(before);
    expect(seams(pushed)).toEqual([]);
    tell(20_000);
    tell(20_100);
    expect(pushed.filter((ms) => ms > 600)).toEqual([19_980]);
  });

  test("is not for other codecs, and looks into no packet of theirs", () => {
    const fill = new SilenceFill(audioInfo({ codec: "g711a" }), 1000);
    const frame = { ptsUs: 0, dtsUs: 0, key: true, payload: [Uint8Array.of(3)] };
    const pushed: Frame[] = [];
    for (let us = 0; us < 3_000_000; us += 100_000) fill.advance(us, us, (one) => pushed.push(one));
    expect(fill.take(frame, 0)).toBe(true);
    fill.reconfigure(opus);
    // A packet that makes no sense is the codec's to refuse.
    expect(fill.take(frame, 0)).toBe(true);
    expect(pushed).toEqual([]);
  });
});
