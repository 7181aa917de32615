import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProtocolError } from "../error/index.ts";
import { BitReader, BitWriter } from "./index.ts";

function reader(...bits: string[]): BitReader {
  const text = bits.join("").padEnd(Math.ceil(bits.join("").length / 8) * 8, "0");
  return new BitReader(
    Uint8Array.from({ length: text.length / 8 }, (_, i) =>
      Number.parseInt(text.slice(i * 8, i * 8 + 8), 2),
    ),
  );
}

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
}

describe("BitReader", () => {
  it("reads fields across byte boundaries", () => {
    const bits = reader("101", "00000000111", "1111111111111111111111111111111111");
    expect(bits.bits(3)).toBe(5);
    expect(bits.bits(11)).toBe(7);
    expect(bits.bits(32)).toBe(0xffff_ffff);
    expect(bits.position).toBe(46);
    expect(bits.bits(0)).toBe(0);
  });

  it("reads the codes of ITU-T H.264 table 9-2", () => {
    const codes = ["1", "010", "011", "00100", "00101", "00110", "00111", "0001000", "0001001"];
    const unsigned = reader(...codes);
    expect(codes.map(() => unsigned.ue())).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    const signed = reader(...codes);
    expect(codes.map(() => signed.se())).toEqual([0, 1, -1, 2, -2, 3, -3, 4, -4]);
  });

  it("reads the largest code of 31 leading zeros and refuses 32", () => {
    expect(reader("0".repeat(31), "1", "1".repeat(31)).ue()).toBe(2 ** 32 - 2);
    expect(reader("0".repeat(31), "1", "1".repeat(31)).se()).toBe(-(2 ** 31 - 1));
    expect(codeOf(() => reader("0".repeat(32), "1", "1".repeat(32)).ue())).toBe("BITS_EXP_GOLOMB");
  });

  it("refuses to read past the end and stays where it was", () => {
    const bits = reader("00001111");
    bits.skip(3);
    expect(codeOf(() => bits.bits(6))).toBe("BITS_EXHAUSTED");
    expect(codeOf(() => bits.skip(6))).toBe("BITS_EXHAUSTED");
    expect(bits.bits(5)).toBe(15);
    expect(bits.bitsLeft).toBe(0);
    expect(codeOf(() => bits.bit())).toBe("BITS_EXHAUSTED");
    const cut = reader("00000001");
    expect(codeOf(() => cut.ue())).toBe("BITS_EXHAUSTED");
    expect(cut.position).toBe(0);
  });

  it("aligns to byte boundaries", () => {
    const bits = reader("1010101011110000");
    bits.align();
    expect(bits.position).toBe(0);
    bits.skip(1);
    bits.align();
    expect(bits.bits(4)).toBe(15);
  });

  it("takes more than 32 bits at once for a bug of the caller", () => {
    expect(() => reader("1").bits(33)).toThrow(RangeError);
  });
});

describe("BitWriter", () => {
  it("refuses what does not fit", () => {
    const bits = new BitWriter();
    expect(() => bits.bits(4, 2)).toThrow(RangeError);
    expect(() => bits.bits(-1, 8)).toThrow(RangeError);
    expect(() => bits.bits(0, 33)).toThrow(RangeError);
    expect(() => bits.ue(2 ** 32 - 1)).toThrow(RangeError);
    expect(() => bits.se(2 ** 31)).toThrow(RangeError);
    expect(bits.position).toBe(0);
  });

  it("ends an RBSP with a one and zeros", () => {
    const bits = new BitWriter();
    bits.bits(0b101, 3);
    bits.rbspTrailingBits();
    expect(bits.bytes()).toEqual(Uint8Array.of(0b1011_0000));
    bits.rbspTrailingBits();
    expect(bits.bytes()).toEqual(Uint8Array.of(0b1011_0000, 0x80));
  });

  it("gives a copy", () => {
    const bits = new BitWriter();
    bits.bits(255, 8);
    const first = bits.bytes();
    bits.bits(1, 8);
    expect(first).toEqual(Uint8Array.of(255));
  });

  const field = fc.oneof(
    fc.integer({ min: 0, max: 32 }).chain((count) =>
      fc.record({
        kind: fc.constant("bits" as const),
        count: fc.constant(count),
        value: fc.integer({ min: 0, max: 2 ** count - 1 }),
      }),
    ),
    fc.record({
      kind: fc.constant("ue" as const),
      value: fc.integer({ min: 0, max: 2 ** 32 - 2 }),
    }),
    fc.record({
      kind: fc.constant("se" as const),
      value: fc.integer({ min: 1 - 2 ** 31, max: 2 ** 31 - 1 }),
    }),
  );

  it("writes what the reader reads", () => {
    fc.assert(
      fc.property(fc.array(field, { maxLength: 60 }), (fields) => {
        const writer = new BitWriter();
        for (const f of fields) {
          if (f.kind === "bits") writer.bits(f.value, f.count);
          else if (f.kind === "ue") writer.ue(f.value);
          else writer.se(f.value);
        }
        const bits = new BitReader(writer.bytes());
        for (const f of fields) {
          const value =
            f.kind === "bits" ? bits.bits(f.count) : f.kind === "ue" ? bits.ue() : bits.se();
          expect(value).toBe(f.value);
        }
        expect(bits.position).toBe(writer.position);
      }),
    );
  });
});
