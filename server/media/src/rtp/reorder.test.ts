import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ReorderBuffer, type ReorderLimits } from "./reorder.ts";

interface Packet {
  readonly sequence: number;
}

const packet = (sequence: number): Packet => ({ sequence: sequence & 0xffff });

function drain(buffer: ReorderBuffer<Packet>): number[] {
  const out: number[] = [];
  for (let next = buffer.shift(); next !== undefined; next = buffer.shift())
    out.push(next.sequence);
  return out;
}

function make(limits: Partial<ReorderLimits> = {}): ReorderBuffer<Packet> {
  return new ReorderBuffer<Packet>({ maxDelayMs: 50, maxPackets: 10, ...limits });
}

function feed(buffer: ReorderBuffer<Packet>, sequences: readonly number[], nowMs = 0): number[] {
  const out: number[] = [];
  for (const sequence of sequences) {
    buffer.push(packet(sequence), nowMs);
    out.push(...drain(buffer));
  }
  return out;
}

describe("ReorderBuffer", () => {
  it("passes on at once what comes in order, over the wrap", () => {
    const buffer = make();
    for (const sequence of [65_534, 65_535, 0, 1])
      expect(feed(buffer, [sequence])).toEqual([sequence]);
    expect(buffer.deadlineMs).toBeUndefined();
    expect(buffer.counters).toEqual({ lost: 0, late: 0, duplicates: 0, reordered: 0, restarts: 0 });
  });

  it("puts in order what comes out of order", () => {
    const buffer = make();
    expect(feed(buffer, [65_534, 1, 0])).toEqual([65_534]);
    expect(buffer.heldPackets).toBe(2);
    expect(feed(buffer, [65_535])).toEqual([65_535, 0, 1]);
    expect(buffer.counters).toMatchObject({ lost: 0, reordered: 2 });
  });

  it("gives a gap up after the delay, counted from the first packet behind it", () => {
    const buffer = make();
    feed(buffer, [1]);
    expect(feed(buffer, [5], 100)).toEqual([]);
    expect(feed(buffer, [4], 140)).toEqual([]);
    expect(buffer.deadlineMs).toBe(150);
    buffer.expire(149);
    expect(drain(buffer)).toEqual([]);
    buffer.expire(150);
    expect(drain(buffer)).toEqual([4, 5]);
    expect(buffer.counters.lost).toBe(2);
    expect(buffer.deadlineMs).toBeUndefined();
  });

  it("waits for each of several gaps by its own time", () => {
    const buffer = make();
    feed(buffer, [1]);
    feed(buffer, [3], 10);
    feed(buffer, [5], 30);
    expect(buffer.deadlineMs).toBe(60);
    buffer.expire(60);
    expect(drain(buffer)).toEqual([3]);
    expect(buffer.deadlineMs).toBe(80);
    expect(feed(buffer, [4], 70)).toEqual([4, 5]);
    expect(buffer.counters).toMatchObject({ lost: 1 });
  });

  it("gives gaps up on arrival of another packet too", () => {
    const buffer = make();
    feed(buffer, [1, 3]);
    expect(feed(buffer, [4], 60)).toEqual([3, 4]);
  });

  it("counts what comes too late and what comes twice", () => {
    const buffer = make();
    expect(feed(buffer, [10, 10, 9, 12, 12])).toEqual([10]);
    expect(buffer.counters).toMatchObject({ late: 2, duplicates: 1 });
    buffer.expire(50);
    expect(drain(buffer)).toEqual([12]);
    expect(feed(buffer, [11])).toEqual([]);
    expect(buffer.counters).toMatchObject({ late: 3, lost: 1 });
  });

  it("holds at most its limit of packets", () => {
    const buffer = make({ maxPackets: 10 });
    const ten = Array.from({ length: 10 }, (_, i) => i + 2);
    expect(feed(buffer, [0, ...ten])).toEqual([0]);
    expect(buffer.heldPackets).toBe(10);
    expect(feed(buffer, [12])).toEqual([...ten, 12]);
    expect(buffer.counters.lost).toBe(1);
  });

  it("gives way to a packet far ahead", () => {
    const buffer = make({ maxPackets: 10 });
    expect(feed(buffer, [0, 2, 4])).toEqual([0]);
    expect(feed(buffer, [1000])).toEqual([2, 4, 1000]);
    expect(buffer.counters).toMatchObject({ lost: 2 + 995, restarts: 0 });
  });

  it("takes two packets in a row with far other numbers for a restart of the sender", () => {
    for (const far of [30_000, 40_000, 3000 + 100, -3100]) {
      const buffer = make();
      expect(feed(buffer, [99, 101])).toEqual([99]);
      expect(feed(buffer, [far])).toEqual([]);
      expect(feed(buffer, [far + 1])).toEqual([101, (far + 1) & 0xffff]);
      expect(feed(buffer, [far + 2])).toEqual([(far + 2) & 0xffff]);
      expect(buffer.counters).toMatchObject({ restarts: 1, late: 1 });
    }
  });

  it("does not take late packets in a row for a restart", () => {
    const buffer = make();
    feed(buffer, [1000]);
    expect(feed(buffer, [500, 501, 502])).toEqual([]);
    expect(feed(buffer, [1001])).toEqual([1001]);
    expect(buffer.counters).toMatchObject({ late: 3, restarts: 0 });
  });

  it("gives all out at the end", () => {
    const buffer = make();
    feed(buffer, [1, 3, 5]);
    buffer.flush();
    expect(drain(buffer)).toEqual([3, 5]);
    expect(buffer.counters.lost).toBe(2);
    buffer.flush();
    expect(drain(buffer)).toEqual([]);
  });

  it("refuses limits that it cannot keep", () => {
    expect(() => make({ maxPackets: 0 })).toThrow(RangeError);
    expect(() => make({ maxPackets: 3000 })).toThrow(RangeError);
    expect(make({ maxPackets: 2999 }).heldPackets).toBe(0);
  });

  it("restores any order that stays within its limits", () => {
    const list = fc.nat(65_535).chain((start) =>
      fc
        .array(fc.nat(8), { minLength: 1, maxLength: 80 })
        .map((shifts) => shifts.map((shift, i) => ({ sequence: start + i, key: i + shift, i })))
        .map((all) => all.sort((a, b) => (a.i === 0 ? -1 : b.i === 0 ? 1 : a.key - b.key))),
    );
    fc.assert(
      fc.property(list, (shuffled) => {
        const buffer = make({ maxPackets: 20 });
        const out = feed(
          buffer,
          shuffled.map(({ sequence }) => sequence),
        );
        const first = shuffled[0]?.sequence ?? 0;
        expect(out).toEqual(shuffled.map((_, i) => (first + i) & 0xffff));
        expect(buffer.counters).toMatchObject({ lost: 0, late: 0, duplicates: 0 });
      }),
    );
  });

  it("never goes back, never repeats and accounts for every packet, whatever comes", () => {
    const step = fc.record({
      jump: fc.oneof(fc.integer({ min: -6, max: 6 }), fc.integer({ min: -40_000, max: 40_000 })),
      afterMs: fc.nat(30),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const buffer = make({ maxPackets: 7 });
        let sequence = 0;
        let nowMs = 0;
        let taken = 0;
        for (const { jump, afterMs } of steps) {
          sequence = (sequence + jump) & 0xffff;
          nowMs += afterMs;
          buffer.push(packet(sequence), nowMs);
          taken += drain(buffer).length;
          expect(buffer.heldPackets).toBeLessThanOrEqual(7);
          expect(buffer.deadlineMs ?? nowMs + 1).toBeGreaterThan(nowMs);
        }
        buffer.flush();
        taken += drain(buffer).length;
        const { late, duplicates } = buffer.counters;
        expect(taken + late + duplicates).toBe(steps.length);
      }),
    );
  });
});
