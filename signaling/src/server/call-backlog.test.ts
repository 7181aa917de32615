import * as fc from "fast-check";
import { expect, test } from "vitest";
import { FakeClock } from "../session/testing/index.ts";
import { CallBacklog } from "./call-backlog.ts";

const keepMs = 25_000;

function backlog(maxSize = 1000): { clock: FakeClock; kept: CallBacklog; add(n?: number): number } {
  const clock = new FakeClock();
  const kept = new CallBacklog(clock, maxSize, keepMs);
  return { clock, kept, add: (length = 0) => kept.add("call-candidate", {}, length).seq };
}

const seqsOf = (pushed: readonly { seq: number }[] | undefined): number[] | undefined =>
  pushed?.map(({ seq }) => seq);

test("gives what came after a message, in order", () => {
  const { kept, add } = backlog();
  expect([add(), add(), add()]).toEqual([1, 2, 3]);
  expect(seqsOf(kept.after(0))).toEqual([1, 2, 3]);
  expect(seqsOf(kept.after(2))).toEqual([3]);
  expect(seqsOf(kept.after(3))).toEqual([]);
  expect(seqsOf(kept.after(99))).toEqual([]);
});

test("keeps as much as it may, and knows what is missing", () => {
  const { kept, add } = backlog(3 * 200);
  for (let n = 0; n < 3; n += 1) add(72);
  expect([kept.size, seqsOf(kept.after(0))]).toEqual([600, [1, 2, 3]]);
  add(72);
  expect(kept.size).toBe(600);
  expect(kept.after(0)).toBeUndefined();
  expect(seqsOf(kept.after(1))).toEqual([2, 3, 4]);
});

test("one message that is larger than all that may be kept is missing at once", () => {
  const { kept, add } = backlog(100);
  add(100);
  expect([kept.size, kept.after(0)]).toEqual([0, undefined]);
  expect(seqsOf(kept.after(1))).toEqual([]);
});

test("forgets what is older than any connection that could miss it", () => {
  const { clock, kept, add } = backlog();
  add();
  clock.advance(10_000);
  add();
  clock.advance(15_000);
  expect(seqsOf(kept.after(0))).toEqual([2]);
  clock.advance(9_999);
  expect(kept.size).toBe(128);
  clock.advance(1);
  expect([kept.size, clock.timers]).toEqual([0, 0]);
  expect(seqsOf(kept.after(0))).toEqual([]);
  expect(add()).toBe(3);
});

test("cleared, it goes on counting", () => {
  const { clock, kept, add } = backlog(128);
  add();
  add();
  kept.clear();
  kept.clear();
  expect([clock.timers, kept.size, seqsOf(kept.after(0))]).toEqual([0, 0, []]);
  expect(add()).toBe(3);
});

test("whatever is added: bounded, and never with a gap", () => {
  const step = fc.record({ length: fc.nat(500), passMs: fc.nat(20_000) });
  const property = fc.property(fc.array(step, { maxLength: 60 }), fc.nat(60), (steps, received) => {
    const { clock, kept, add } = backlog();
    let last = 0;
    for (const { length, passMs } of steps) {
      last = add(length);
      clock.advance(passMs);
      expect(kept.size).toBeLessThanOrEqual(1000);
    }
    const seqs = seqsOf(kept.after(received)) ?? [];
    seqs.forEach((seq, at) => {
      expect(seq).toBe(last - seqs.length + 1 + at);
    });
    clock.advance(keepMs);
    expect([kept.size, clock.timers]).toEqual([0, 0]);
  });
  void fc.assert(property);
});
