import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BitWriter } from "../bits/index.ts";
import { ProtocolError } from "../error/index.ts";
import { isPlainVp9Inter, parseVp9FrameHeader } from "./index.ts";

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));

function codeOf(bytes: Uint8Array): string | undefined {
  try {
    parseVp9FrameHeader(bytes);
    return undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
}

/** From frame_marker on; fields as [value, bits]. */
function header(...fields: readonly (readonly [number, number])[]): Uint8Array {
  const bits = new BitWriter();
  for (const [value, count] of fields) bits.bits(value, count);
  return bits.bytes();
}

/** Frames of libvpx as ffmpeg asked for them; see config.test.ts for what its muxer says of them. */
const keyFrames = [
  ["4:2:0", "824983420003f002f60638241c", 0, 8, 0, false, true, true, 64, 48],
  ["4:2:2", "a249834208007e005ec0c70483", 1, 8, 0, false, true, false, 64, 48],
  ["4:4:0", "a249834204007e005ec0c70483", 1, 8, 0, false, false, true, 64, 48],
  ["4:4:4", "a249834200007e005ec0c70483", 1, 8, 0, false, false, false, 64, 48],
  ["RGB", "a2498342e003f002f60838241c", 1, 8, 7, true, false, false, 64, 48],
  ["10 bits", "924983420001f8017b041c120e", 2, 10, 0, false, true, true, 64, 48],
  ["12 bits 4:4:4", "b124c1a140001f8017b041c120e0", 3, 12, 0, false, false, false, 64, 48],
  ["BT.709 full range", "82498342504ff02cf60638241c18", 0, 8, 2, true, true, true, 1280, 720],
  ["Chromium", "824983420009f005f40238241c18", 0, 8, 0, false, true, true, 160, 96],
] as const;

describe("parseVp9FrameHeader", () => {
  it.each(keyFrames)("reads a key frame, %s", (_, text, profile, ...rest) => {
    const [bitDepth, colorSpace, fullRange, subsamplingX, subsamplingY, width, height] = rest;
    expect(parseVp9FrameHeader(hex(text))).toEqual({
      profile,
      key: true,
      shown: true,
      reference: true,
      width,
      height,
      color: { bitDepth, colorSpace, fullRange, subsamplingX, subsamplingY },
    });
  });

  it.each([
    // frame_marker, profile, show_existing, frame_type, show_frame, error_resilient, then what follows.
    ["inter frame", header([2, 2], [0, 2], [0, 1], [1, 1], [1, 1], [0, 1]), true, true],
    [
      "resilient frame that refreshes",
      header([2, 2], [0, 2], [0, 1], [1, 1], [1, 1], [1, 1], [4, 8]),
      true,
      true,
    ],
    [
      "resilient frame that refreshes nothing",
      header([2, 2], [0, 2], [0, 1], [1, 1], [1, 1], [1, 1], [0, 8]),
      true,
      false,
    ],
    [
      "hidden resilient frame that refreshes nothing",
      header([2, 2], [0, 2], [0, 1], [1, 1], [0, 1], [1, 1], [0, 1], [0, 8]),
      false,
      false,
    ],
    [
      "intra-only frame",
      header([2, 2], [0, 2], [0, 1], [1, 1], [0, 1], [1, 1], [1, 1], [0, 8]),
      false,
      true,
    ],
    ["frame shown again", header([2, 2], [0, 2], [1, 1], [5, 3]), true, true],
    [
      "inter frame of profile 3",
      header([2, 2], [3, 2], [0, 1], [0, 1], [3, 2], [0, 1]),
      true,
      true,
    ],
  ])("reads an %s", (_, bytes, shown, reference) => {
    expect(parseVp9FrameHeader(bytes)).toMatchObject({
      key: false,
      shown,
      reference,
      width: 0,
      height: 0,
      color: undefined,
    });
  });

  it("tells plain inter frames by their first byte", () => {
    const rest = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    for (let first = 0; first < 256; first += 1) {
      if (!isPlainVp9Inter(first)) continue;
      expect(parseVp9FrameHeader(Uint8Array.of(first, ...rest))).toMatchObject({
        key: false,
        reference: true,
      });
    }
    expect(isPlainVp9Inter(0x86)).toBe(true);
    // Key, shown again, error resilient, without marker, profile 3.
    for (const first of [0x82, 0x8c, 0x87, 0x46, 0xb6]) expect(isPlainVp9Inter(first)).toBe(false);
  });

  it.each([
    ["no marker", hex("4249834200"), "VP9_FRAME_INVALID"],
    ["no sync code", hex("8249834300"), "VP9_FRAME_INVALID"],
    ["reserved profile", header([2, 2], [3, 2], [1, 1]), "VP9_FRAME_INVALID"],
    ["RGB in profile 0", hex("82498342e003f002f6"), "VP9_FRAME_INVALID"],
    ["reserved bit of RGB", hex("a2498342f003f002f6"), "VP9_FRAME_INVALID"],
    ["reserved bit of 4:4:4", hex("a249834202007e005e"), "VP9_FRAME_INVALID"],
    ["nothing", hex(""), "BITS_EXHAUSTED"],
  ])("refuses %s", (_, bytes, code) => {
    expect(codeOf(bytes)).toBe(code);
  });

  it("refuses a key frame that is cut off before its size", () => {
    const whole = hex("824983420003f002f6");
    expect(codeOf(whole)).toBeUndefined();
    for (let size = 0; size < whole.byteLength; size += 1) {
      expect(codeOf(whole.subarray(0, size))).toBe("BITS_EXHAUSTED");
    }
  });

  it("takes arbitrary bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 24 }), (bytes) => {
        codeOf(bytes);
        if (bytes.byteLength > 4) bytes.set([0x82, 0x49, 0x83, 0x42]);
        codeOf(bytes);
      }),
    );
  });
});
