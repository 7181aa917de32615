import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProtocolError } from "../error/index.ts";
import { hasBSlice, parseSliceStart, startsAccessUnit } from "./slice-type.ts";

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));
const starts = (text: string): Uint8Array[] => text.split(" ").map(hex);

/** The first bytes of the slices of x264 and GStreamer streams, with ffprobe's pict_type in coded order. */
const streams = [
  {
    name: "main with B-frames",
    slices:
      "6588840057d4 419a236c467f 419e4178853f 019e62442dff 419a6634a4c1 419e8445112c 019ea5442dff 419aa834a4c2 019ec7442dff 419ac93d1304",
    types: "IPBBPBBPBP",
  },
  {
    name: "interlaced with B-frames",
    slices: "6588820b057f 419a225e421f 419e415f88ef 019e60df4429 019e61dc429f 419a62db4a44",
    types: "IPBBBP",
  },
];

describe("parseSliceStart", () => {
  it.each(streams)("reads $name", ({ slices, types }) => {
    expect(
      starts(slices)
        .map((nal) => parseSliceStart(nal)?.type)
        .join(""),
    ).toBe(types);
    expect(starts(slices).map((nal) => parseSliceStart(nal)?.firstMb)).toEqual(
      [...types].map(() => 0),
    );
  });

  it("reads the first macroblock of each of several slices", () => {
    const slices = starts("65888419ff1b 651222106783 419a3b119fe8 411268ec467f");
    expect(slices.map(parseSliceStart)).toEqual([
      { firstMb: 0, type: "I" },
      { firstMb: 8, type: "I" },
      { firstMb: 0, type: "P" },
      { firstMb: 8, type: "P" },
    ]);
  });

  it("is undefined for what is no slice", () => {
    for (const nal of ["6742c00d", "68ce3c80", "0605", "09f0", "03aa", "04aa", ""]) {
      expect(parseSliceStart(hex(nal))).toBeUndefined();
    }
  });

  it("refuses slice types above 9 and slices that end in their header", () => {
    const refuse = (text: string, code: string): void => {
      expect(() => parseSliceStart(hex(text))).toThrow(expect.objectContaining({ code }));
    };
    refuse("418b", "H264_SLICE_TYPE"); // 1 0001011: first_mb 0, slice_type 10
    refuse("4100", "BITS_EXHAUSTED");
    refuse("41", "BITS_EXHAUSTED");
    refuse("41000000000000", "BITS_EXP_GOLOMB");
  });

  it("gives a result or a ProtocolError for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          parseSliceStart(Uint8Array.of(0x41, ...bytes));
        } catch (error) {
          if (!(error instanceof ProtocolError)) throw error;
        }
      }),
    );
  });
});

describe("hasBSlice", () => {
  it("looks at all slices", () => {
    expect(hasBSlice(starts("09f0 419a236c467f"))).toBe(false);
    expect(hasBSlice(starts("09f0 419a236c467f 019e62442dff"))).toBe(true);
  });
});

describe("startsAccessUnit", () => {
  it("cuts a stream of several slices per picture", () => {
    const stream = starts(
      "6742 68ce 0605 65888419ff1b 651222106783 419a3b119fe8 411268ec467f 09f0 0605 419a3b119fe8 6742 68ce 65888419",
    );
    let afterVcl = false;
    const cuts = stream.map((nal) => {
      const isStart = startsAccessUnit(nal, afterVcl);
      if (isStart) afterVcl = false;
      const type = (nal[0] as number) & 0x1f;
      if (type === 1 || type === 5) afterVcl = true;
      return isStart ? 1 : 0;
    });
    expect(cuts.join("")).toBe("0000010100100");
  });

  it("does not cut at partitions B and C, filler and end of sequence", () => {
    for (const nal of ["03ff", "04ff", "0cff", "0a", "13ff"]) {
      expect(startsAccessUnit(hex(nal), true)).toBe(false);
    }
  });
});
