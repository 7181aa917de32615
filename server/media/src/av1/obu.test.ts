import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProtocolError } from "../error/index.ts";
import {
  isAv1KeyFrame,
  leb128SizeBytes,
  ObuType,
  obuSizeBytes,
  obuType,
  parseObu,
  putLeb128,
  putObu,
  readLeb128,
} from "./index.ts";

const hex = (text: string): Uint8Array =>
  new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
}

describe("leb128", () => {
  it.each([
    ["00", 0],
    ["7f", 127],
    ["8001", 128],
    ["e58e26", 624_485],
    ["ffffffff0f", 2 ** 32 - 1],
  ])("%s is %i", (text, value) => {
    const bytes = hex(text);
    expect(readLeb128(bytes, 0)).toEqual({ value, end: bytes.byteLength });
    expect(leb128SizeBytes(value)).toBe(bytes.byteLength);
    const out = new Uint8Array(bytes.byteLength);
    expect(putLeb128(out, 0, value)).toBe(bytes.byteLength);
    expect(out).toEqual(bytes);
  });

  it("reads what is longer than necessary, up to 8 bytes", () => {
    expect(readLeb128(hex("ff 8500"), 1)).toEqual({ value: 5, end: 3 });
    expect(readLeb128(hex("8180808080808000"), 0)).toEqual({ value: 1, end: 8 });
  });

  it.each(["", "80", "808080", "818080808080808000", "8080808010"])("refuses %s", (text) => {
    expect(readLeb128(hex(text), 0)).toBeUndefined();
  });

  it("reads what it wrote", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (value) => {
        const out = new Uint8Array(8);
        const end = putLeb128(out, 2, value);
        expect(end).toBe(2 + leb128SizeBytes(value));
        expect(readLeb128(out, 2)).toEqual({ value, end });
      }),
    );
  });
});

describe("OBUs", () => {
  it("are read with and without a size field and written with one", () => {
    const sized = hex("0a03 aabbcc");
    const plain = hex("08 aabbcc");
    for (const bytes of [sized, plain]) {
      const obu = parseObu(bytes);
      expect(obu.type).toBe(ObuType.sequenceHeader);
      expect(obu.payload).toEqual(hex("aabbcc"));
      expect(obuSizeBytes(obu)).toBe(5);
      const out = new Uint8Array(7);
      expect(putObu(out, 1, obu)).toBe(6);
      expect(out).toEqual(hex("00 0a03aabbcc 00"));
    }
  });

  it("keep their extension byte", () => {
    for (const text of ["34 48 aabb", "36 48 02 aabb"]) {
      const obu = parseObu(hex(text));
      expect(obu).toMatchObject({ type: ObuType.frame, payload: hex("aabb") });
      const out = new Uint8Array(obuSizeBytes(obu));
      putObu(out, 0, obu);
      expect(out).toEqual(hex("36 48 02 aabb"));
    }
  });

  it("may be empty", () => {
    expect(parseObu(hex("1200"))).toMatchObject({ type: ObuType.temporalDelimiter });
    expect(parseObu(hex("10")).payload.byteLength).toBe(0);
  });

  it.each([
    ["nothing", ""],
    ["forbidden bit", "8a00"],
    ["extension cut off", "34"],
    ["size cut off", "0a80"],
    ["size too large", "0a04 aabbcc"],
    ["bytes after the size", "0a02 aabbcc"],
  ])("are refused: %s", (_, text) => {
    expect(codeOf(() => parseObu(hex(text)))).toBe("AV1_OBU_INVALID");
  });

  it("tell their type even when cut off", () => {
    expect(obuType(hex("32"))).toBe(ObuType.frame);
    expect(obuType(hex(""))).toBe(0);
    expect(obuType(hex("b2"))).toBe(0);
  });

  it.each([
    // libaom: a key frame, the frame after it; Chromium: without size fields.
    ["32021403", true],
    ["320230c0", false],
    ["301040", true],
    ["3030c0", false],
    ["1810", true],
    ["1890", false],
    ["1850", false],
    ["2010", false],
    ["30", false],
  ])("%s begins a key frame: %s", (text, key) => {
    expect(isAv1KeyFrame(parseObu(hex(text)))).toBe(key);
  });

  it("take arbitrary bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        codeOf(() => {
          const obu = parseObu(bytes);
          const out = new Uint8Array(obuSizeBytes(obu));
          expect(putObu(out, 0, obu)).toBe(out.byteLength);
          expect(parseObu(out)).toMatchObject({ type: obu.type, payload: obu.payload });
        });
      }),
    );
  });
});
