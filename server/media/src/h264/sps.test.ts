import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BitReader, BitWriter } from "../bits/index.ts";
import { ProtocolError } from "../error/index.ts";
import { spsFixtures } from "./fixtures.ts";
import { insertEmulationPrevention, removeEmulationPrevention } from "./nal.ts";
import { maxFrameSidePx, maxSpsBytes, parseSps } from "./sps.ts";

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));

interface Made {
  readonly profile?: number;
  readonly constraints?: number;
  readonly id?: number;
  readonly pictureOrderType?: number;
  readonly widthMbs?: number;
  readonly heightMbs?: number;
  readonly crop?: readonly [number, number, number, number];
  readonly reorder?: readonly [number, number];
}

/** A sequence parameter set of a profile without chroma format. */
function makeSps(made: Made): Uint8Array {
  const bits = new BitWriter();
  bits.bits(made.profile ?? 77, 8);
  bits.bits(made.constraints ?? 0, 8);
  bits.bits(30, 8);
  bits.ue(made.id ?? 0);
  if (made.profile === 100) for (const value of [1, 0, 0]) bits.ue(value);
  if (made.profile === 100) bits.bits(0, 2);
  bits.ue(0);
  const type = made.pictureOrderType ?? 0;
  bits.ue(type);
  if (type === 0) bits.ue(0);
  if (type === 1) {
    bits.bits(0, 1);
    for (const value of [-1, 5]) bits.se(value);
    bits.ue(2);
    for (const value of [100, -100]) bits.se(value);
  }
  bits.ue(4);
  bits.bits(0, 1);
  bits.ue((made.widthMbs ?? 40) - 1);
  bits.ue((made.heightMbs ?? 30) - 1);
  bits.bits(0b11, 2);
  bits.flag(made.crop !== undefined);
  for (const value of made.crop ?? []) bits.ue(value);
  bits.flag(made.reorder !== undefined);
  if (made.reorder !== undefined) {
    bits.bits(0, 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1);
    bits.bits(0b11, 2);
    for (const value of [0, 0, 0, 0, ...made.reorder]) bits.ue(value);
  }
  bits.rbspTrailingBits();
  return Uint8Array.of(0x67, ...insertEmulationPrevention(bits.bytes()));
}

function codeOf(nal: Uint8Array): string | undefined {
  try {
    parseSps(nal);
    return undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
}

describe("parseSps", () => {
  it.each(spsFixtures)("reads $name", ({ sps, expected }) => {
    const parsed = parseSps(hex(sps));
    const { bitDepth, frameRate, ...same } = expected;
    expect(parsed).toMatchObject(same);
    expect(parsed.bitDepthLuma).toBe(bitDepth);
    expect(parsed.bitDepthChroma).toBe(bitDepth);
    const rate = parsed.vui?.frameRate;
    expect(rate && [rate.numerator, rate.denominator]).toEqual(frameRate);
  });

  it("reads the sample aspect ratio, by table and written out", () => {
    const [, , , , , , , odd] = spsFixtures;
    expect(parseSps(hex(odd?.sps ?? "")).vui?.sampleAspectRatio).toEqual({
      numerator: 212,
      denominator: 303,
    });
    const main = spsFixtures[1]?.sps ?? "";
    expect(parseSps(hex(main)).vui?.sampleAspectRatio).toEqual({ numerator: 1, denominator: 1 });
  });

  it("keeps coded size and cropped size apart", () => {
    const parsed = parseSps(makeSps({ crop: [1, 2, 3, 4] }));
    expect(parsed).toMatchObject({ codedWidth: 640, codedHeight: 480, width: 634, height: 466 });
  });

  it("knows the reorder depth only where the bit stream says it", () => {
    expect(parseSps(makeSps({ profile: 77 })).reorderDepth).toBeUndefined();
    expect(parseSps(makeSps({ profile: 100 })).reorderDepth).toBeUndefined();
    expect(parseSps(makeSps({ profile: 66 })).reorderDepth).toBe(0);
    expect(parseSps(makeSps({ pictureOrderType: 2 })).reorderDepth).toBe(0);
    expect(parseSps(makeSps({ pictureOrderType: 1 })).reorderDepth).toBeUndefined();
    expect(parseSps(makeSps({ profile: 100, constraints: 0x10 })).reorderDepth).toBe(0);
    expect(parseSps(makeSps({ profile: 77, constraints: 0x10 })).reorderDepth).toBeUndefined();
    expect(parseSps(makeSps({ reorder: [3, 4] })).reorderDepth).toBe(3);
    expect(parseSps(makeSps({ reorder: [0, 1] })).reorderDepth).toBe(0);
  });

  it("ignores a VUI that breaks off or is impossible", () => {
    const whole = parseSps(makeSps({ reorder: [2, 16] }));
    expect(whole.vui?.maxReorderFrames).toBe(2);
    expect(parseSps(makeSps({ reorder: [2, 17] })).vui).toBeUndefined();
    expect(parseSps(makeSps({ reorder: [5, 4] })).vui).toBeUndefined();
    const cut = hex(spsFixtures[1]?.sps.slice(0, 30) ?? "");
    expect(parseSps(cut)).toMatchObject({ width: 320, height: 240, vui: undefined });
  });

  it("holds its limits", () => {
    const side = maxFrameSidePx / 16;
    expect(codeOf(makeSps({ widthMbs: side, heightMbs: side }))).toBeUndefined();
    expect(codeOf(makeSps({ widthMbs: side + 1 }))).toBe("H264_SPS_INVALID");
    expect(codeOf(makeSps({ heightMbs: side + 1 }))).toBe("H264_SPS_INVALID");
    expect(codeOf(makeSps({ id: 31 }))).toBeUndefined();
    expect(codeOf(makeSps({ id: 32 }))).toBe("H264_SPS_INVALID");
    expect(codeOf(makeSps({ pictureOrderType: 3 }))).toBe("H264_SPS_INVALID");
    expect(codeOf(makeSps({ crop: [319, 0, 0, 0] }))).toBeUndefined();
    expect(codeOf(makeSps({ crop: [320, 0, 0, 0] }))).toBe("H264_SPS_INVALID");
    const sps = makeSps({});
    const padded = (size: number): Uint8Array => {
      const out = new Uint8Array(size);
      out.set(sps);
      return out;
    };
    expect(codeOf(padded(maxSpsBytes))).toBeUndefined();
    expect(codeOf(padded(maxSpsBytes + 1))).toBe("H264_SPS_TOO_LARGE");
    expect(codeOf(Uint8Array.of(0x68, 1, 2, 3))).toBe("H264_SPS_TYPE");
    expect(codeOf(new Uint8Array(0))).toBe("H264_SPS_TYPE");
    expect(codeOf(sps.subarray(0, 6))).toBe("BITS_EXHAUSTED");
  });

  it("gives a result or a ProtocolError for any bytes", () => {
    const profile = fc.constantFrom(66, 77, 100, 122, 244);
    fc.assert(
      fc.property(profile, fc.uint8Array({ maxLength: 80 }), (idc, rest) => {
        codeOf(Uint8Array.of(0x67, idc, ...rest));
      }),
      { numRuns: 2000 },
    );
  });

  it("gives a result or a ProtocolError for a damaged real one", () => {
    const real = fc.constantFrom(...spsFixtures.map((fixture) => hex(fixture.sps)));
    fc.assert(
      fc.property(real, fc.nat(), fc.nat(255), (sps, at, value) => {
        const damaged = sps.slice();
        damaged[1 + (at % (sps.byteLength - 1))] = value;
        codeOf(damaged);
      }),
      { numRuns: 2000 },
    );
  });

  it("makes fixtures that its own reader understands", () => {
    const bits = new BitReader(removeEmulationPrevention(makeSps({ id: 7 }).subarray(1)));
    bits.skip(24);
    expect(bits.ue()).toBe(7);
  });
});
