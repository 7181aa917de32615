import { describe, expect, it } from "vitest";
import { RetransmissionQueue } from "./retransmission-queue.ts";

describe("RetransmissionQueue", () => {
  it("gives packets in the order in which they were asked for", () => {
    const queue = new RetransmissionQueue();
    for (const sequence of [5, 3, 9]) expect(queue.request(sequence, 0, 60_000)).toBe(true);
    expect([1, 2, 3, 4].map(() => queue.shift(0))).toEqual([5, 3, 9, -1]);
  });

  it("has a packet once, however long it waits, and again only some time after it was sent", () => {
    const queue = new RetransmissionQueue();
    queue.request(5, 0, 60_000);
    expect(queue.request(5, 900_000, 60_000)).toBe(false);
    expect(queue.size).toBe(1);
    queue.shift(1_000_000);
    queue.request(5, 1_059_999, 60_000);
    expect(queue.size).toBe(0);
    expect(queue.suppressed).toBe(2);
    expect(queue.request(5, 1_060_000, 60_000)).toBe(false);
    expect(queue.size).toBe(1);
  });

  it("holds 512 and drops the rest, which may be asked for again at once", () => {
    const queue = new RetransmissionQueue();
    for (let i = 0; i < 513; i++) expect(queue.request(i, 0, 60_000)).toBe(true);
    expect(queue.size).toBe(512);
    expect(queue.dropped).toBe(1);
    queue.shift(0);
    expect(queue.request(512, 0, 60_000)).toBe(false);
    expect(queue.size).toBe(512);
  });

  it("forgets everything on clear", () => {
    const queue = new RetransmissionQueue();
    queue.request(5, 0, 60_000);
    queue.clear();
    expect(queue.shift(0)).toBe(-1);
    expect(queue.request(5, 0, 60_000)).toBe(true);
  });
});
