import { describe, expect, it } from "vitest";
import type { Fmp4Init, Fmp4Part } from "../fmp4/index.ts";
import { defaultHlsLimits, type HlsLimits } from "./limits.ts";
import { SegmentWindow, type WindowNumbering } from "./segment-window.ts";

const initOf = (id: number): Fmp4Init => ({
  ...{ id, mime: "", codecs: [], width: 0, height: 0 },
  bytes: new Uint8Array(0),
});

/** A window into which parts of 200 ms and 1000 bytes go. */
class Feed {
  readonly numbering: WindowNumbering = { nextMsn: 5, discontinuitySequence: 0 };
  readonly window: SegmentWindow;
  #sequence = 0;
  #init = initOf(1);

  constructor(plan: { targetS: number; keyUs: number }, limits: Partial<HlsLimits> = {}) {
    const { numbering } = this;
    this.window = new SegmentWindow({
      ...{ ...plan, numbering },
      limits: { ...defaultHlsLimits, ...limits },
    });
  }

  /** Groups of so many parts. */
  groups(...lengths: readonly number[]): this {
    for (const length of lengths) {
      for (let at = 0; at < length; at++) this.part({ independent: at === 0 });
    }
    return this;
  }

  part(change: Partial<Fmp4Part>): this {
    const sequence = this.#sequence++;
    this.window.push({
      ...{ sequence, init: this.#init, independent: false, discontinuous: false, captureWallMs: 0 },
      ...{ startUs: sequence * 200_000, durationUs: 200_000, bytes: new Uint8Array(1000) },
      ...change,
    });
    return this;
  }

  changeInit(): this {
    this.#init = initOf(this.#init.id + 1);
    return this;
  }

  get lengths(): number[] {
    return this.window.segments.map(({ parts }) => parts.length);
  }
}

describe("segments", () => {
  it.each([
    ["2 s", { targetS: 2, keyUs: 2_000_000 }, [10, 10, 10], [10, 10, 10]],
    ["1 s: two groups each", { targetS: 2, keyUs: 1_000_000 }, [5, 5, 5, 5, 5], [10, 10, 5]],
    ["1.4 s", { targetS: 2, keyUs: 1_400_000 }, [7, 7, 7], [7, 7, 7]],
    ["3 s", { targetS: 3, keyUs: 3_000_000 }, [15, 15], [15, 15]],
    ["20 s", { targetS: 20, keyUs: 20_000_000 }, [100, 100, 3], [100, 100, 3]],
    ["2 s with a scene cut", { targetS: 2, keyUs: 2_000_000 }, [2, 8, 10], [10, 10]],
  ])("key frames every %s", (_name, plan, groups, segments) => {
    const feed = new Feed(plan).groups(...groups);
    expect(feed.lengths).toEqual(segments);
    expect(feed.window.segments.map(({ parts }) => parts[0]?.independent)).toEqual(
      segments.map(() => true),
    );
    expect(feed.window.segments.map(({ complete }) => complete)).toEqual(
      segments.map((_, index) => index < segments.length - 1),
    );
  });

  it("are never longer than the target duration, whatever the publisher does", () => {
    const feed = new Feed({ targetS: 2, keyUs: 2_000_000 }).groups(40, 10);
    expect(feed.lengths).toEqual([12, 12, 12, 4, 10]);
    expect(feed.window.segments.map(({ parts }) => parts[0]?.independent)).toEqual([
      ...[true, false, false, false, true],
    ]);
  });

  it("end at the next key frame after one that was ended early", () => {
    const feed = new Feed({ targetS: 2, keyUs: 2_000_000 }).groups(3);
    feed.window.complete();
    feed.window.complete();
    for (let at = 0; at < 2; at++) feed.part({});
    feed.groups(10, 1);
    expect(feed.lengths).toEqual([3, 2, 10, 1]);
  });

  it("end where another configuration or a discontinuity begins", () => {
    const feed = new Feed({ targetS: 2, keyUs: 2_000_000 }).groups(3).changeInit().groups(4);
    feed.part({ discontinuous: true });
    expect(feed.lengths).toEqual([3, 4, 1]);
    const { segments } = feed.window;
    expect(segments.map(({ discontinuity }) => discontinuity)).toEqual([false, true, true]);
    expect(feed.window.init(1)).toBe(segments[0]?.init);
    expect(feed.window.init(2)).toBe(segments[1]?.init);
    expect(feed.window.init(3)).toBeUndefined();
  });

  it("leave when there are enough of them, and stay a while for those with an older list", () => {
    const feed = new Feed({ targetS: 2, keyUs: 2_000_000 }, { windowMs: 6000, retiredSegments: 2 });
    feed.groups(10).changeInit().groups(10, 10, 10, 10, 10, 10, 1);
    const { window } = feed;
    expect(window.segments.map(({ msn }) => msn)).toEqual([9, 10, 11, 12]);
    expect(window.discontinuitySequence).toBe(1);
    expect([6, 7, 8, 9].map((msn) => window.segment(msn)?.msn)).toEqual([undefined, 7, 8, 9]);
    expect(window.segment(12)).toBeUndefined();
    expect(window.part(19)).toBeUndefined();
    expect(window.part(20)).toBeDefined();
    expect(window.sizeBytes).toBe(51_000);
    expect([window.currentMsn, window.currentParts]).toEqual([12, 1]);
  });

  it("count a discontinuity when it leaves the list, not while it is the first entry", () => {
    const feed = new Feed({ targetS: 2, keyUs: 2_000_000 }, { windowMs: 6000 });
    feed.groups(10).changeInit().groups(10, 10, 10, 1);
    expect(feed.window.segments[0]).toMatchObject({ msn: 6, discontinuity: true });
    expect(feed.window.discontinuitySequence).toBe(0);
    feed.groups(10, 1);
    expect(feed.window.segments[0]?.msn).toBe(7);
    expect(feed.window.discontinuitySequence).toBe(1);
  });

  it("have a limit in bytes, but one complete segment stays", () => {
    const feed = new Feed({ targetS: 2, keyUs: 2_000_000 }, { maxWindowBytes: 24_999 });
    feed.groups(10, 10, 10, 5);
    expect(feed.lengths).toEqual([10, 5]);
    expect(feed.window.sizeBytes).toBe(15_000);
    const huge = new Feed({ targetS: 2, keyUs: 2_000_000 }, { maxWindowBytes: 1 }).groups(
      10,
      10,
      1,
    );
    expect(huge.lengths).toEqual([10, 1]);
  });
});
