import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { writeRemb } from "./remb.ts";
import { parseRtcp } from "./rtcp-parse.ts";

const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

function bitrateOf(bytes: Uint8Array): number {
  const [remb] = parseRtcp(bytes);
  if (remb?.type !== "remb") throw new Error("no REMB");
  return remb.bitrateBps;
}

describe("writeRemb", () => {
  it.each([
    [0, "00000000"],
    [1, "00000001"],
    [262_143, "0003ffff"],
    [262_144, "00060000"],
    [1_600_000, "000f0d40"],
    [2.9, "00000002"],
  ])("writes %i bit/s", (bitrateBps, word) => {
    expect(toHex(writeRemb(1, bitrateBps, []))).toBe(`8fce0004000000010000000052454d42${word}`);
  });

  it("names its sources", () => {
    const bytes = writeRemb(1, 1_600_000, [5, 0xffff_fffe]);
    expect(toHex(bytes)).toBe("8fce0006000000010000000052454d42020f0d4000000005fffffffe");
    expect(parseRtcp(bytes)).toEqual([
      { type: "remb", senderSsrc: 1, bitrateBps: 1_600_000, ssrcs: [5, 0xffff_fffe] },
    ]);
  });

  it("never says more than it was told, and hardly less", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), (bitrateBps) => {
        const said = bitrateOf(writeRemb(1, bitrateBps, []));
        expect(said).toBeLessThanOrEqual(bitrateBps);
        expect(said).toBeGreaterThan(bitrateBps * (1 - 2 ** -17) - 1);
      }),
    );
  });

  it("refuses what cannot be said", () => {
    for (const bitrateBps of [-1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      expect(() => writeRemb(1, bitrateBps, [])).toThrow(RangeError);
    }
    const ssrcs = Array.from({ length: 255 }, (_, i) => i);
    expect(parseRtcp(writeRemb(1, 5, ssrcs))).toMatchObject([{ ssrcs }]);
    expect(() => writeRemb(1, 5, [...ssrcs, 1])).toThrow(RangeError);
  });
});
