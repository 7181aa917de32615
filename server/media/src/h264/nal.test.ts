import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  hasIdr,
  insertEmulationPrevention,
  isVcl,
  NalType,
  nalRefIdc,
  nalType,
  removeEmulationPrevention,
} from "./nal.ts";

const of = (...bytes: number[]): Uint8Array => Uint8Array.of(...bytes);

describe("NAL header", () => {
  it("is taken apart", () => {
    expect([nalType(of(0x65, 1)), nalRefIdc(of(0x65, 1))]).toEqual([NalType.idr, 3]);
    expect([nalType(of(0x01)), nalRefIdc(of(0x01))]).toEqual([NalType.slice, 0]);
    expect([nalType(of()), nalRefIdc(of())]).toEqual([0, 0]);
  });

  it("tells slices and key frames", () => {
    expect([0, 1, 5, 6, 7].map((type) => isVcl(of(type)))).toEqual([
      false,
      true,
      true,
      false,
      false,
    ]);
    expect(hasIdr([of(0x67), of(0x41), of(0x65)])).toBe(true);
    expect(hasIdr([of(0x67), of(0x41)])).toBe(false);
  });
});

describe("emulation prevention", () => {
  it.each([
    [of(0, 0, 0), of(0, 0, 3, 0, 3)],
    [of(0, 0, 1), of(0, 0, 3, 1)],
    [of(0, 0, 2, 0, 0, 3), of(0, 0, 3, 2, 0, 0, 3, 3)],
    [of(0, 0, 0, 0, 0, 1), of(0, 0, 3, 0, 0, 3, 0, 1)],
    [of(7, 0, 0), of(7, 0, 0, 3)],
  ])("protects %s", (plain, protectedBytes) => {
    expect(insertEmulationPrevention(plain)).toEqual(protectedBytes);
  });

  it.each([
    [of(0, 0, 3, 1), of(0, 0, 1)],
    [of(0, 0, 3), of(0, 0)],
    [of(9, 0, 0, 3, 0, 0, 3, 2), of(9, 0, 0, 0, 0, 2)],
    [of(0, 0, 0, 3), of(0, 0, 0)],
    [of(0, 3, 0, 0, 3, 3), of(0, 3, 0, 0, 3)],
  ])("unprotects %s", (protectedBytes, plain) => {
    expect(removeEmulationPrevention(protectedBytes)).toEqual(plain);
  });

  it("copies nothing when nothing is to do", () => {
    const bytes = of(0, 0, 4, 0, 3, 0, 1);
    expect(insertEmulationPrevention(bytes)).toBe(bytes);
    expect(removeEmulationPrevention(bytes)).toBe(bytes);
  });

  const mostlyZeros = fc.array(fc.oneof(fc.constant(0), fc.constant(0), fc.nat(4)), {
    maxLength: 40,
  });

  it("round trips whatever ends in its trailing bit", () => {
    fc.assert(
      fc.property(mostlyZeros, (bytes) => {
        const plain = of(...bytes, 0x80);
        const nal = insertEmulationPrevention(plain);
        expect(removeEmulationPrevention(nal)).toEqual(plain);
        for (let i = 2; i < nal.byteLength; i += 1) {
          const isStartCode = nal[i - 2] === 0 && nal[i - 1] === 0 && (nal[i] as number) < 3;
          expect(isStartCode).toBe(false);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
