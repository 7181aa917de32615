import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProtocolError } from "../error/index.ts";
import { annexBSizeBytes, splitAnnexB, writeAnnexB } from "./annexb.ts";
import { avccSizeBytes, type NalLengthSize, putAvcc, splitAvcc, writeAvcc } from "./avcc.ts";
import { tinyAnnexB } from "./fixtures.ts";
import { insertEmulationPrevention, nalType } from "./nal.ts";

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));
const of = (...bytes: number[]): Uint8Array => Uint8Array.of(...bytes);

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
}

const nal = fc
  .uint8Array({ minLength: 1, maxLength: 50 })
  .map((bytes) => insertEmulationPrevention(of(0x41, ...bytes, 0x80)));
const nals = fc.array(nal, { maxLength: 8 });

describe("Annex B", () => {
  it("splits what x264 writes", () => {
    const found = splitAnnexB(hex(tinyAnnexB));
    expect(found.map(nalType)).toEqual([7, 8, 5, 1, 1]);
    expect(found.map((unit) => unit.byteLength)).toEqual([21, 5, 173, 6, 6]);
    expect(found[4]).toEqual(hex("419a5405b960"));
  });

  it("leaves out zeros around NAL units and what stands before the first start code", () => {
    expect(splitAnnexB(hex("ffee0000000000010000000165aa000000000168bb0000"))).toEqual([
      hex("65aa"),
      hex("68bb"),
    ]);
    for (const empty of ["", "00", "000001", "00000001", "0000000000", "6588"]) {
      expect(splitAnnexB(hex(empty))).toEqual([]);
    }
  });

  it("holds its limit", () => {
    const two = writeAnnexB([of(1), of(2)]);
    expect(splitAnnexB(two, { maxNals: 2 })).toHaveLength(2);
    expect(codeOf(() => splitAnnexB(two, { maxNals: 1 }))).toBe("ANNEXB_TOO_MANY_NALS");
  });

  it("reads what it writes", () => {
    fc.assert(
      fc.property(nals, (list) => {
        const bytes = writeAnnexB(list);
        expect(bytes.byteLength).toBe(annexBSizeBytes(list));
        expect(splitAnnexB(bytes)).toEqual(list);
      }),
    );
  });

  it("never throws anything but its limit for any bytes", () => {
    const bytes = fc.array(fc.nat(2), { maxLength: 100 }).map((list) => of(...list));
    fc.assert(fc.property(bytes, (list) => void codeOf(() => splitAnnexB(list))));
  });
});

describe("length-prefixed NAL units", () => {
  it.each([
    [1, "02658803419a01"],
    [2, "000265880003419a01"],
    [4, "00000002658800000003419a01"],
  ] as const)("splits lengths of %i bytes", (size, text) => {
    expect(splitAvcc(hex(text), size)).toEqual([hex("6588"), hex("419a01")]);
  });

  it("leaves out empty NAL units", () => {
    expect(splitAvcc(hex("00000000000000026588"), 4)).toEqual([hex("6588")]);
    expect(splitAvcc(of(), 4)).toEqual([]);
  });

  it("refuses lengths past the end", () => {
    for (const [text, size] of [
      ["000000", 4],
      ["00000003aabb", 4],
      ["ffffffffaabb", 4],
      ["0003aabb", 2],
      ["05aabb", 1],
    ] as const) {
      expect(codeOf(() => splitAvcc(hex(text), size))).toBe("AVCC_NAL_TRUNCATED");
    }
  });

  it("holds its limit", () => {
    const two = writeAvcc([of(1), of(2)]);
    expect(splitAvcc(two, 4, { maxNals: 2 })).toHaveLength(2);
    expect(codeOf(() => splitAvcc(two, 4, { maxNals: 1 }))).toBe("AVCC_TOO_MANY_NALS");
  });

  it("writes at an offset of a larger buffer", () => {
    const out = new Uint8Array(20).fill(0xee);
    const list = [of(1, 2), of(3)];
    expect(putAvcc(out, 5, list)).toBe(5 + avccSizeBytes(list));
    expect(out.subarray(4, 17)).toEqual(hex("ee0000000201020000000103ee").subarray(0, 13));
  });

  it("reads what it writes", () => {
    fc.assert(
      fc.property(nals, (list) => {
        expect(splitAvcc(writeAvcc(list), 4)).toEqual(list);
      }),
    );
  });

  it("gives a result or a ProtocolError for any bytes", () => {
    const sizes = fc.constantFrom<NalLengthSize[]>(1, 2, 4);
    const bytes = fc.array(fc.oneof(fc.nat(4), fc.nat(255)), { maxLength: 60 });
    fc.assert(
      fc.property(sizes, bytes, (size, list) => void codeOf(() => splitAvcc(of(...list), size))),
    );
  });
});
