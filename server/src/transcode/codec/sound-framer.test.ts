import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import { aacFrameSamples, type FramerGrid, opusFrameSamples, SoundFramer } from "./sound-framer.ts";

interface Cut {
  readonly ptsUs: number;
  readonly samples: Float32Array;
}

const opusGrid: FramerGrid = {
  frameSamples: opusFrameSamples,
  fillFromUs: Number.POSITIVE_INFINITY,
  maxSilenceUs: 1_000_000,
};

function framerInto(
  cuts: Cut[],
  from?: ConstructorParameters<typeof SoundFramer>[2],
  grid = opusGrid,
): SoundFramer {
  const emit = (ptsUs: number, samples: Float32Array): void => {
    cuts.push({ ptsUs, samples: samples.slice() });
  };
  return new SoundFramer(grid, emit, from);
}

/** Such that 10 million samples are exact in 32 bits and none is louder than the limit. */
const scale = 2 ** 22;

function sampleIndex(cut: Cut): number {
  return Math.round((cut.samples[0] as number) * scale);
}

function expectSame(cut: Cut | undefined, samples: Float32Array): void {
  const found = cut?.samples ?? new Float32Array(0);
  expect(Buffer.from(found.buffer).equals(Buffer.from(samples.buffer))).toBe(true);
}

/** Stereo samples `from` … `from + count` of a ramp of which every sample is known; right is negative. */
function ramp(from: number, count: number): Float32Array {
  const samples = new Float32Array(count * 2);
  for (let index = 0; index < count; index++) {
    samples[index * 2] = (from + index) / scale;
    samples[index * 2 + 1] = -(from + index) / scale;
  }
  return samples;
}

const aacUs = (index: number): number => Math.round((index * 1024e6) / 48_000);
const toMs = (us: number): number => Math.floor(us / 1000) * 1000;

describe("SoundFramer", () => {
  it("cuts frames of 960 samples and loses none", () => {
    const cuts: Cut[] = [];
    const framer = framerInto(cuts);
    for (let index = 0; index < 150; index++) {
      framer.push(5_000_000 + aacUs(index), ramp(index * 1024, 1024), 1024);
    }
    expect(cuts).toHaveLength(160);
    expect(cuts.map((cut) => cut.ptsUs)).toEqual(cuts.map((_, at) => 5_000_000 + at * 20_000));
    for (const [at, cut] of cuts.entries()) {
      expectSame(cut, ramp(at * 960, 960));
    }
  });

  it("is not disturbed by times in whole milliseconds", () => {
    const cuts: Cut[] = [];
    const framer = framerInto(cuts);
    for (let index = 0; index < 3000; index++) {
      framer.push(toMs(aacUs(index)), ramp(index * 1024, 1024), 1024);
    }
    expect(cuts).toHaveLength(3200);
    expectSame(cuts.at(-1), ramp(3199 * 960, 960));
    expect(framer.resyncs).toBe(0);
  });

  it("follows a clock that drifts, without jumps and within 3 ms", () => {
    for (const drift of [200e-6, -200e-6]) {
      const cuts: Cut[] = [];
      const framer = framerInto(cuts);
      for (let index = 0; index < 8000; index++) {
        const ptsUs = toMs(aacUs(index) * (1 + drift));
        framer.push(ptsUs, ramp(index * 1024, 1024), 1024);
      }
      const last = cuts.at(-1) as Cut;
      const trueUs = (sampleIndex(last) / 48_000) * 1e6 * (1 + drift);
      expect(Math.abs(last.ptsUs - trueUs)).toBeLessThan(3000);
      const steps = new Set(cuts.slice(1).map((cut, at) => cut.ptsUs - (cuts[at]?.ptsUs ?? 0)));
      expect([...steps]).toEqual([20_000]);
      expect(framer.resyncs).toBe(0);
    }
  });

  it("stretches so gently that a ramp stays a ramp", () => {
    const cuts: Cut[] = [];
    const framer = framerInto(cuts);
    for (let index = 0; index < 700; index++) {
      framer.push(aacUs(index) + (index < 100 ? 0 : 40_000), ramp(index * 1024, 1024), 1024);
    }
    const all = cuts.flatMap((cut) => [...cut.samples].filter((_, at) => at % 2 === 0));
    const steps = all.slice(1).map((value, at) => (value - (all[at] as number)) * scale);
    expect(steps.filter((step) => step < 0.9 || step > 1.1)).toEqual([]);
    const last = cuts.at(-1) as Cut;
    const sampleUs = (sampleIndex(last) * 1e6) / 48_000;
    expect(Math.abs(last.ptsUs - (sampleUs + 40_000))).toBeLessThan(3000);
  });

  it("begins anew at a gap of more than 60 ms, on the input's time, and loses no sample before it", () => {
    const cuts: Cut[] = [];
    const framer = framerInto(cuts);
    framer.push(0, ramp(1, 1024), 1024);
    framer.push(1_000_000, ramp(5000, 1024), 1024);
    expect(cuts.map((cut) => cut.ptsUs)).toEqual([0, 20_000, 1_000_000]);
    const padded = cuts[1]?.samples ?? new Float32Array(0);
    expect(padded.subarray(0, 128)).toEqual(ramp(961, 64));
    expect(padded.subarray(128).every((value) => value === 0)).toBe(true);
    expect(cuts[2]?.samples).toEqual(ramp(5000, 960));
    expect(framer.resyncs).toBe(1);
  });

  it("takes up a gap of 60 ms without a jump", () => {
    const cuts: Cut[] = [];
    const framer = framerInto(cuts);
    framer.push(0, ramp(0, 960), 960);
    for (let index = 0; index < 2000; index++) {
      framer.push(80_000 + index * 20_000, ramp(0, 960), 960);
    }
    expect(framer.resyncs).toBe(0);
    expect(new Set(cuts.slice(1).map((cut, at) => cut.ptsUs - (cuts[at]?.ptsUs ?? 0)))).toEqual(
      new Set([20_000]),
    );
    expect(Math.abs((cuts.at(-1)?.ptsUs ?? 0) - (80_000 + 1999 * 20_000))).toBeLessThan(23_000);
  });

  it("leaves out what overlaps, such as a burst that is given one time, and is then exact", () => {
    const cuts: Cut[] = [];
    const framer = framerInto(cuts);
    for (let index = 0; index < 10; index++) {
      framer.push(200_000 + index, ramp(index * 1024, 1024), 1024);
    }
    for (let index = 10; index < 60; index++) {
      framer.push(200_000 + aacUs(index - 9), ramp(index * 1024, 1024), 1024);
    }
    const steps = cuts.slice(1).map((cut, at) => cut.ptsUs - (cuts[at]?.ptsUs ?? 0));
    expect(steps.every((step) => step === 20_000)).toBe(true);
    const last = cuts.at(-1) as Cut;
    const sample = sampleIndex(last);
    expect(Math.abs(last.ptsUs - (200_000 + (sample / 48 - 9 * (1024 / 48)) * 1000))).toBeLessThan(
      50,
    );
    expect(framer.overlapSamples).toBeGreaterThan(0);
  });

  it("makes silence of what is no number", () => {
    const cuts: Cut[] = [];
    const framer = framerInto(cuts);
    framer.push(0, new Float32Array(1920).fill(Number.NaN), 480);
    framer.push(10_000, new Float32Array(1920).fill(Number.POSITIVE_INFINITY), 480);
    expect(cuts[0]?.samples.every((value) => value === 0)).toBe(true);
  });

  it("never lets times run backwards or overlap, whatever comes", () => {
    const input = fc.array(
      fc.record({
        stepUs: fc.oneof(
          fc.integer({ min: -200_000, max: 200_000 }),
          fc.constant(21_333),
          fc.constant(0),
        ),
        count: fc.integer({ min: 0, max: 3000 }),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(input, (pushes) => {
        const cuts: Cut[] = [];
        const framer = framerInto(cuts);
        let ptsUs = 0;
        for (const { stepUs, count } of pushes) {
          ptsUs += stepUs;
          framer.push(ptsUs, new Float32Array(6000), count);
        }
        for (const [at, cut] of cuts.entries()) {
          if (at > 0) expect(cut.ptsUs - (cuts[at - 1]?.ptsUs ?? 0)).toBeGreaterThanOrEqual(20_000);
        }
      }),
    );
  });

  it("goes on elsewhere from a checkpoint with the same grid and, after the first frame, the same sound", () => {
    const input = (index: number): [number, Float32Array, number] => {
      const gapUs = index >= 70 ? 300_000 : 0;
      return [toMs(aacUs(index) * 1.0003) + gapUs, ramp(index * 1024, 1024), 1024];
    };
    const all: Cut[] = [];
    const framer = framerInto(all);
    const states = [framer.state];
    for (let index = 0; index < 200; index++) {
      framer.push(...input(index));
      states.push(framer.state);
    }
    for (const from of [1, 2, 20, 64, 69, 70, 71, 150]) {
      const state = parseCheckpoint(writeCheckpoint(states[from] as (typeof states)[0]));
      const cuts: Cut[] = [];
      const other = framerInto(cuts, state);
      for (let index = from; index < 200; index++) other.push(...input(index));
      const expected = all.slice(all.length - cuts.length);
      expect(cuts.map((cut) => cut.ptsUs)).toEqual(expected.map((cut) => cut.ptsUs));
      for (let at = 2; at < cuts.length; at++) {
        expectSame(cuts[at], expected[at]?.samples as Float32Array);
      }
    }
  });
});

describe("SoundFramer with holes that are filled", () => {
  const grid = { frameSamples: aacFrameSamples, fillFromUs: 8_000, maxSilenceUs: 1_000_000 };
  const packet = (framer: SoundFramer, us: number): void => {
    framer.push(us, ramp(1, 960), 960);
  };

  it("cuts frames of 1024 samples whose times do not drift", () => {
    const cuts: Cut[] = [];
    const framer = framerInto(cuts, undefined, grid);
    for (let index = 0; index < 9_600; index++) packet(framer, 7 + index * 20_000);
    expect(cuts).toHaveLength(9_000);
    expect(cuts.map((cut) => cut.ptsUs)).toEqual(cuts.map((_, at) => 7 + aacUs(at)));
    expect(cuts.every((cut) => cut.samples.length === 2048)).toBe(true);
  });

  it("fills holes between the two limits and begins anew above them", () => {
    const holes = [
      [8_000, 0, 0],
      [8_001, 384, 0],
      [1_000_000, 48_000, 0],
      [1_000_001, 0, 1],
    ] as const;
    for (const [holeUs, filled, resyncs] of holes) {
      const cuts: Cut[] = [];
      const framer = framerInto(cuts, undefined, grid);
      for (let index = 0; index < 10; index++) packet(framer, index * 20_000);
      for (let index = 10; index < 200; index++) packet(framer, index * 20_000 + holeUs);
      expect([framer.filledSamples, framer.resyncs]).toEqual([filled, resyncs]);
      const onGrid = cuts.every((cut, at) => cut.ptsUs === aacUs(at));
      expect(onGrid).toBe(resyncs === 0);
    }
  });

  it("puts silence where the hole is", () => {
    const cuts: Cut[] = [];
    const framer = framerInto(cuts, undefined, grid);
    packet(framer, 0);
    packet(framer, 40_000);
    packet(framer, 60_000);
    const all = cuts.flatMap((cut) => [...cut.samples]).filter((_, at) => at % 2 === 0);
    const silent = all.flatMap((value, at) => (value === 0 ? [at] : []));
    expect([silent[0], silent.at(-1), silent.length]).toEqual([960, 1919, 960]);
  });

  it("takes another limit from the next sound on", () => {
    const framer = framerInto([], undefined, grid);
    packet(framer, 0);
    framer.setFillFrom(60_000);
    packet(framer, 60_000);
    expect(framer.filledSamples).toBe(0);
    packet(framer, 150_000);
    expect(framer.filledSamples).toBeGreaterThan(0);
  });
});

describe("checkpoints", () => {
  it("are nothing when they have another size", () => {
    expect(parseCheckpoint(new Uint8Array(0))).toBeUndefined();
    expect(parseCheckpoint(new Uint8Array(41))).toBeUndefined();
  });
});
