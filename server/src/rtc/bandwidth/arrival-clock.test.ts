import { describe, expect, it } from "vitest";
import { ArrivalClock, referenceRangeUs } from "./arrival-clock.ts";

const half = referenceRangeUs / 2;
/** As of a reference time of 24 signed bits. */
const signed = (us: number) =>
  ((((us + half) % referenceRangeUs) + referenceRangeUs) % referenceRangeUs) - half;

describe("arrival clock", () => {
  it("goes on where the 24-bit reference time begins anew, signed or not", () => {
    for (const wrap of [signed, (us: number) => us % referenceRangeUs]) {
      for (const start of [half, referenceRangeUs]) {
        const clock = new ArrivalClock();
        const first = clock.unwrap(wrap(start - 64_000));
        expect(clock.unwrap(wrap(start + 250)) - first).toBe(64_250);
        expect(clock.unwrap(wrap(start - 250)) - first).toBe(63_750);
        expect(clock.unwrap(wrap(start + 128_000)) - first).toBe(192_000);
      }
    }
  });

  it("goes on through several rounds", () => {
    const clock = new ArrivalClock();
    const stepUs = referenceRangeUs / 4;
    for (let i = 0; i < 20; i++) expect(clock.unwrap(signed(i * stepUs))).toBe(i * stepUs);
  });
});
