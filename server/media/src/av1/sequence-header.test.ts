import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BitWriter } from "../bits/index.ts";
import { ProtocolError } from "../error/index.ts";
import {
  av1CFixedBytes,
  maxAv1SequenceHeaderBytes,
  parseAv1SequenceHeader,
  parseObu,
  videoTrackInfoFromAv1C,
  writeAv1C,
} from "./index.ts";

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
}

/** What ffmpeg's muxer writes into av1C for frames of these encoders, and the codec string. */
const records = [
  ["libaom 4:2:0", "81000c000a0a00000002aff79b5f2008", 64, 48, "av01.0.00M.08"],
  ["libaom 10 bits", "81004c000a0a000000032c1c4daf9404", 66, 50, "av01.0.00M.10"],
  ["libaom BT.709", "81000c000a0d00000002aff79b5f2202020208", 64, 48, "av01.0.00M.08"],
  ["libaom 4:2:2 10 bits", "814048000a0a40000002aff79b5f2810", 64, 48, "av01.2.00M.10"],
  ["libaom 4:4:4 12 bits", "814060000a0a40000002aff79b5f2c08", 64, 48, "av01.2.00M.12"],
  ["libaom 4:4:4", "812000000a0a20000002aff79b5f2040", 64, 48, "av01.1.00M.08"],
  ["libaom RGB", "812000000a0d20000002aff79b5f2404340080", 64, 48, "av01.1.00M.08"],
  ["libaom monochrome", "81001c000a0a00000002aff79b5f2540", 64, 48, "av01.0.00M.08"],
  ["libaom still picture", "81000c000a0618157fbda008", 64, 48, "av01.0.00M.08"],
  ["rav1e with timing", "811f0c000a0e000000fa1e7fde210a88101010a0", 320, 240, "av01.0.31M.08"],
  ["SVT-AV1 10 bits", "81084c000a0b00000042abbfc3700be101", 1920, 1080, "av01.0.08M.10"],
  ["Chromium", "81000c000a0a00000003b4fdf0068020", 160, 96, "av01.0.00M.08"],
] as const;

describe("sequence header and av1C", () => {
  it.each(records)("of %s", (_, text, width, height, codecString) => {
    const config = hex(text);
    const obu = parseObu(config.subarray(av1CFixedBytes));
    const sequence = parseAv1SequenceHeader(obu.payload);
    expect(sequence).toMatchObject({ width, height });
    expect(toHex(writeAv1C(sequence, obu))).toBe(text);
    expect(videoTrackInfoFromAv1C(config, width, height)).toEqual({
      kind: "video",
      codec: "av1",
      config,
      codecString,
      width,
      height,
      reorderDepth: 0,
    });
  });

  it("reads timing, a decoder model, display delays and several operating points", () => {
    const bits = new BitWriter();
    bits.bits(0, 3);
    bits.bits(0, 2);
    bits.bits(1, 1); // timing
    bits.bits(1, 32);
    bits.bits(60, 32);
    bits.bits(1, 1);
    bits.ue(3);
    bits.bits(1, 1); // decoder model
    bits.bits(9, 5);
    bits.bits(1, 32);
    bits.bits(7, 5);
    bits.bits(8, 5);
    bits.bits(1, 1); // display delays
    bits.bits(1, 5); // two operating points
    for (const [level, tier] of [
      [13, 1],
      [4, undefined],
    ] as const) {
      bits.bits(0x303, 12);
      bits.bits(level, 5);
      if (tier !== undefined) bits.bits(tier, 1);
      bits.bits(1, 1);
      bits.bits(1000, 10);
      bits.bits(20, 10);
      bits.bits(1, 1);
      bits.bits(1, 1);
      bits.bits(9, 4);
    }
    bits.bits(10, 4);
    bits.bits(9, 4);
    bits.bits(1279, 11);
    bits.bits(719, 10);
    bits.bits(1, 1); // frame identifiers
    bits.bits(0x3f, 7);
    bits.bits(0, 3);
    bits.bits(0, 4);
    bits.bits(0, 1); // no order hint
    bits.bits(0, 1); // screen content tools told for all frames
    bits.bits(1, 1);
    bits.bits(0, 1);
    bits.bits(1, 1);
    bits.bits(0, 3);
    bits.bits(0, 1);
    bits.bits(0, 1);
    bits.bits(0, 1);
    bits.bits(0, 1);
    bits.bits(2, 2); // chroma_sample_position
    expect(parseAv1SequenceHeader(bits.bytes())).toEqual({
      profile: 0,
      level: 13,
      tier: 1,
      reducedStillPicture: false,
      width: 1280,
      height: 720,
      color: {
        bitDepth: 8,
        monochrome: false,
        subsamplingX: true,
        subsamplingY: true,
        samplePosition: 2,
      },
    });
  });

  it("is refused when it is cut off anywhere before its colours", () => {
    const whole = hex("00000003b4fdf0068020");
    expect(codeOf(() => parseAv1SequenceHeader(whole))).toBeUndefined();
    for (let size = 0; size < whole.byteLength - 1; size += 1) {
      expect(codeOf(() => parseAv1SequenceHeader(whole.subarray(0, size)))).toBe("BITS_EXHAUSTED");
    }
  });

  it("is refused in a reserved profile and above its size limit", () => {
    expect(codeOf(() => parseAv1SequenceHeader(hex("60000003b4fdf0068020")))).toBe(
      "AV1_SEQUENCE_INVALID",
    );
    const long = new Uint8Array(maxAv1SequenceHeaderBytes + 1);
    long.set(hex("00000003b4fdf0068020"));
    expect(codeOf(() => parseAv1SequenceHeader(long))).toBe("AV1_SEQUENCE_INVALID");
    expect(codeOf(() => parseAv1SequenceHeader(long.subarray(1)))).not.toBe("AV1_SEQUENCE_INVALID");
    expect(parseAv1SequenceHeader(long.subarray(0, -1)).width).toBe(160);
  });

  it("takes arbitrary bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        codeOf(() => parseAv1SequenceHeader(bytes));
      }),
    );
  });

  it.each(["", "81000c", "01000c00"])("refuses an av1C of %s", (text) => {
    expect(codeOf(() => videoTrackInfoFromAv1C(hex(text), 0, 0))).toBe("AV1_CONFIG_INVALID");
  });
});
