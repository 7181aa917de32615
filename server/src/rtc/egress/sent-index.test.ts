import { describe, expect, it } from "vitest";
import { SentIndex } from "./sent-index.ts";

describe("SentIndex", () => {
  it("finds the frame of every sequence number, also after the ring went round", () => {
    const index = new SentIndex(128);
    let sequence = 1000;
    for (let frame = 0; frame < 1000; frame++) {
      index.note(sequence, frame, frame * 3000, frame & 3);
      sequence += 1 + (frame % 5);
    }
    // Frame 872 is the oldest of the last 128.
    let at = 1000;
    for (let frame = 0; frame < 1000; frame++) {
      const packets = 1 + (frame % 5);
      for (const wanted of [at, at + packets - 1]) {
        const slot = index.find(wanted);
        if (frame < 872) {
          expect(slot).toBe(-1);
        } else {
          expect(index.frameNumber(slot)).toBe(frame);
          expect(index.firstSequence(slot)).toBe(at);
          expect(index.ticks(slot)).toBe(frame * 3000);
          expect(index.flags(slot)).toBe(frame & 3);
        }
      }
      at += packets;
    }
  });

  it("finds nothing while it is empty", () => {
    expect(new SentIndex(64).find(5)).toBe(-1);
  });
});
