import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defaultLiveEdgeLimits, type EdgeView, LiveEdge } from "./live-edge.ts";

const limits = defaultLiveEdgeLimits;
const tick = 100;

/** An element that plays what arrives, with its time in ticks. */
class Playing {
  nowMs = 0;
  position = 0;
  ranges: [number, number][];
  hidden = false;
  playing = true;
  /** Seconds of media that come per tick, in lumps of so many ticks. */
  lumpTicks = 1;
  arrives = true;
  #pending = 0;
  readonly seeks: number[] = [];
  readonly rates: number[] = [];
  stalls = 0;
  readonly edge: LiveEdge;
  #starved = false;

  constructor(edge: LiveEdge, buffered: number) {
    this.edge = edge;
    this.ranges = [[0, buffered]];
  }

  get ahead(): number {
    return (this.ranges.at(-1)?.[1] ?? 0) - this.position;
  }

  view(): EdgeView {
    const { nowMs, position, ranges, playing, hidden } = this;
    return { nowMs, position, ranges, playing, seeking: false, starved: this.#starved, hidden };
  }

  run(ms: number): void {
    for (let passed = 0; passed < ms; passed += tick) {
      this.#pending += this.arrives ? 1 : 0;
      const last = this.ranges.at(-1);
      if (last !== undefined && this.#pending >= this.lumpTicks) {
        last[1] += (this.#pending * tick) / 1000;
        this.#pending = 0;
      }
      const { rate, seekTo } = this.edge.update(this.view());
      this.rates.push(rate);
      if (seekTo !== undefined) {
        this.seeks.push(seekTo);
        this.position = seekTo;
      }
      const step = this.playing ? Math.min((rate * tick) / 1000, Math.max(0, this.ahead)) : 0;
      this.position += step;
      const starved = this.ahead < 0.001;
      if (starved && !this.#starved) this.stalls++;
      this.#starved = starved;
      this.nowMs += tick;
    }
  }
}

describe("at the start", () => {
  it("jumps once, after the first picture, to where the live edge is", () => {
    const element = new Playing(new LiveEdge(), 2);
    element.run(limits.firstJumpMs);
    expect(element.seeks).toEqual([]);
    element.run(5000);
    expect(element.seeks).toHaveLength(1);
    expect(element.ahead).toBeGreaterThan(0.3);
    expect(element.ahead).toBeLessThan(0.75);
    expect(element.stalls).toBe(0);
  });

  it("leaves a small buffer as it is", () => {
    const element = new Playing(new LiveEdge(), 0.5);
    element.run(5000);
    expect(element.seeks).toEqual([]);
    expect(new Set(element.rates)).toEqual(new Set([1]));
  });

  it("goes to media that begins behind the position", () => {
    const element = new Playing(new LiveEdge(), 0);
    element.ranges = [[0.08, 0.6]];
    element.run(tick);
    expect(element.seeks).toEqual([expect.closeTo(0.09, 5)]);
  });

  it("does nothing without media", () => {
    const edge = new LiveEdge();
    const view = { ...new Playing(edge, 0).view(), ranges: [] };
    expect(edge.update(view)).toEqual({ rate: 1, seekTo: undefined });
  });
});

describe("in the middle", () => {
  const settled = (options?: Partial<typeof limits>, canChase = true) => {
    const element = new Playing(new LiveEdge(options, canChase), 0.5);
    element.run(6000);
    element.seeks.length = 0;
    element.rates.length = 0;
    return element;
  };
  const late = (element: Playing, seconds: number) => {
    const last = element.ranges.at(-1);
    if (last !== undefined) last[1] += seconds;
  };

  it("chases a little faster until it is back, and no faster than allowed", () => {
    const element = settled();
    late(element, 1.2);
    element.run(40_000);
    expect(element.seeks).toEqual([]);
    expect(Math.max(...element.rates)).toBe(limits.maxRate);
    expect(element.rates.at(-1)).toBe(1);
    expect(element.ahead).toBeLessThan(0.75);
    expect(element.ahead).toBeGreaterThan(0.3);
    expect(element.stalls).toBe(0);
  });

  it("jumps when chasing would take too long", () => {
    const element = settled();
    late(element, limits.jumpSeconds + 0.5);
    element.run(5000);
    expect(element.seeks).toHaveLength(1);
    expect(element.ahead).toBeLessThan(0.8);
  });

  it("only jumps where the rate cannot be changed", () => {
    const element = settled({}, false);
    late(element, 1.5);
    element.run(5000);
    expect(element.seeks).toHaveLength(1);
    expect(new Set(element.rates)).toEqual(new Set([1]));
  });

  it("slows down when it came too close to the edge", () => {
    const element = settled({ targetSeconds: 1 });
    element.position += 0.6;
    element.run(2000);
    expect(Math.min(...element.rates)).toBeGreaterThanOrEqual(limits.minRate);
    expect(Math.min(...element.rates)).toBeLessThan(1);
    element.run(30_000);
    expect(element.rates.at(-1)).toBe(1);
    expect(element.ahead).toBeGreaterThan(0.8);
  });

  it("stays so far behind that lumps do not run dry", () => {
    const element = new Playing(new LiveEdge({ targetSeconds: 0.3 }), 1.2);
    element.lumpTicks = 10;
    element.run(60_000);
    element.stalls = 0;
    element.run(30_000);
    expect(element.stalls).toBe(0);
    expect(element.seeks.length).toBeLessThanOrEqual(2);
  });

  it("plays further behind after a stall and comes back when it is calm", () => {
    const element = settled();
    const before = element.edge.targetSeconds;
    element.arrives = false;
    element.run(1000);
    expect(element.stalls).toBe(1);
    element.arrives = true;
    element.run(6000);
    expect(element.edge.targetSeconds).toBeGreaterThan(before + 0.2);
    element.run(limits.calmMs + 6000);
    expect(element.edge.targetSeconds).toBeLessThan(before + 0.1);
  });

  it("goes over a hole only when what is before it was played", () => {
    const element = settled();
    const [last] = element.ranges;
    const end = last?.[1] ?? 0;
    element.ranges.push([end + 0.4, end + 1]);
    element.run(200);
    expect(element.seeks).toEqual([]);
    element.run(500);
    expect(element.seeks[0]).toBeCloseTo(end + 0.41, 5);
  });

  it("comes back when its media was cut away", () => {
    const element = settled();
    element.position = (element.ranges[0]?.[1] ?? 0) + 5;
    element.run(tick);
    expect(element.seeks).toHaveLength(1);
    expect(element.ahead).toBeGreaterThan(0);
  });
});

describe("in a hidden page", () => {
  it("lets the element be until it is very late, and catches up when the page is seen", () => {
    const element = new Playing(new LiveEdge(), 0.5);
    element.run(6000);
    element.hidden = true;
    element.playing = true;
    const last = element.ranges[0];
    if (last !== undefined) last[1] += 5;
    element.rates.length = 0;
    element.run(3000);
    expect(element.seeks).toEqual([]);
    expect(new Set(element.rates)).toEqual(new Set([1]));
    element.hidden = false;
    element.run(1000);
    expect(element.seeks).toHaveLength(1);
    expect(element.ahead).toBeLessThan(0.8);
  });

  it("bounds what is kept while nobody looks", () => {
    const element = new Playing(new LiveEdge(), 0.5);
    element.playing = false;
    element.hidden = true;
    element.run(60_000);
    expect(element.ahead).toBeLessThan(limits.hiddenJumpSeconds + 1);
  });
});

it("asks for rates and places in bounds, whatever it is shown", () => {
  const view = fc.record({
    nowMs: fc.nat(100_000),
    position: fc.double({ min: 0, max: 100, noNaN: true }),
    lengths: fc.array(fc.tuple(fc.double({ min: 0.1, max: 9, noNaN: true }), fc.nat(5)), {
      maxLength: 4,
    }),
    playing: fc.boolean(),
    seeking: fc.boolean(),
    starved: fc.boolean(),
    hidden: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(view, { maxLength: 40 }), (views) => {
      const edge = new LiveEdge();
      let nowMs = 0;
      for (const { lengths, ...shown } of views) {
        let at = 0;
        const ranges = lengths.map(([length, gap]): [number, number] => {
          const start = at + gap + 0.2;
          at = start + length;
          return [start, at];
        });
        nowMs += shown.nowMs;
        const { rate, seekTo } = edge.update({ ...shown, nowMs, ranges });
        expect(rate).toBeGreaterThanOrEqual(limits.minRate);
        expect(rate).toBeLessThanOrEqual(limits.maxRate);
        if (seekTo === undefined) continue;
        expect(ranges.some(([start, end]) => start <= seekTo && seekTo <= end)).toBe(true);
      }
    }),
  );
});
