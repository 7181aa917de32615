import { describe, expect, it } from "vitest";
import { PacketState, SentHistory } from "./sent-history.ts";

describe("sent history", () => {
  it("finds packets by their 16-bit number across the wrap", () => {
    const history = new SentHistory(2e6, 1024);
    for (let i = 65_530; i < 65_545; i++) history.note(i, 100 + (i - 65_530), i * 10, 0);
    expect(history.extend(65_535)).toBe(65_535);
    expect(history.extend(3)).toBe(65_539);
    const slot = history.find(history.extend(3));
    expect(history.bytes(slot)).toBe(109);
    expect(history.sentUs(slot)).toBe(655_390);
    expect(history.state(slot)).toBe(PacketState.pending);
  });

  it("does not know what was never sent", () => {
    const history = new SentHistory(2e6, 1024);
    expect(history.find(history.extend(5))).toBe(-1);
    history.note(100, 50, 0, 0);
    history.note(200, 50, 0, 0);
    for (const sequence of [99, 101, 201, 40_000]) {
      expect(history.find(history.extend(sequence))).toBe(-1);
    }
    expect(history.find(100)).not.toBe(-1);
    expect(history.find(200)).not.toBe(-1);
  });

  it("grows while packets are young, up to its limit", () => {
    const history = new SentHistory(2e6, 1024);
    for (let i = 0; i < 5_000; i++) history.note(i, 100, i * 100, 7);
    expect(history.capacity).toBe(1024);
    expect(history.find(5_000 - 1024)).not.toBe(-1);
    expect(history.find(5_000 - 1025)).toBe(-1);
    for (let i = 5_000 - 1024; i < 5_000; i++) {
      const slot = history.find(i);
      expect(history.sentUs(slot)).toBe(i * 100);
      expect(history.probe(slot)).toBe(7);
    }
  });

  it("does not grow for packets that are old", () => {
    const history = new SentHistory(2e6, 1024);
    for (let i = 0; i < 5_000; i++) history.note(i, 100, i * 20_000, 0);
    expect(history.capacity).toBe(256);
    history.setState(history.find(4_999), PacketState.lost);
    expect(history.state(history.find(4_999))).toBe(PacketState.lost);
  });

  it("wants numbers that increase", () => {
    const history = new SentHistory(2e6, 1024);
    history.note(10, 100, 0, 0);
    expect(() => history.note(10, 100, 0, 0)).toThrow("increase");
    expect(() => history.note(9, 100, 0, 0)).toThrow("increase");
  });
});
