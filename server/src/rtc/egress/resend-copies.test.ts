import { expect, test } from "vitest";
import { ResendCopies } from "./resend-copies.ts";

function drain(copies: ResendCopies, nowUs: number): number[] {
  const out: number[] = [];
  for (let next = copies.shift(nowUs); next >= 0; next = copies.shift(nowUs)) out.push(next);
  return out;
}

test("a retransmission is followed by one copy 12 ms later", () => {
  const copies = new ResendCopies();
  copies.add(7, 1_000_000);
  expect(drain(copies, 1_011_999)).toEqual([]);
  expect(drain(copies, 1_012_000)).toEqual([7]);
  expect(copies.size).toBe(0);
});

test.each([
  [0.02, 1],
  [0.05, 2],
  [0.2, 0],
])("with %f of the packets lost there are %i copies", (share, expected) => {
  const copies = new ResendCopies();
  copies.count(1000, 1000 * share, 2_000_000);
  expect(copies.lossShare).toBe(share);
  copies.add(9, 3_000_000);
  expect(drain(copies, 4_000_000)).toHaveLength(expected);
});

test("the share forgets what is over", () => {
  const copies = new ResendCopies();
  copies.count(1000, 300, 2_000_000);
  copies.count(1000, 0, 3_000_000);
  expect(copies.lossShare).toBe(0);
});

test("at most 64 copies wait", () => {
  const copies = new ResendCopies();
  for (let i = 0; i < 100; i++) copies.add(i, 0);
  expect(copies.size).toBe(64);
  copies.clear();
  expect(drain(copies, 1e9)).toEqual([]);
});
