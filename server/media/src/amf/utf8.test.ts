import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";

describe("UTF-8", () => {
  it("writes any text as the platform does", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(encodeUtf8(text)).toEqual(new TextEncoder().encode(text));
        expect(decodeUtf8(encodeUtf8(text))).toBe(text);
      }),
    );
  });

  it("replaces what is not UTF-8: cut off, overlong, surrogates, out of range", () => {
    const bytes = (...values: number[]): string => decodeUtf8(Uint8Array.from(values));
    expect(bytes(0x61, 0xe2, 0x82)).toBe("a\ufffd\ufffd");
    expect(bytes(0xc0, 0x80)).toBe("\ufffd\ufffd");
    expect(bytes(0xed, 0xa0, 0x80)).toBe("\ufffd\ufffd\ufffd");
    expect(bytes(0xf4, 0x90, 0x80, 0x80)).toBe("\ufffd".repeat(4));
    expect(encodeUtf8("\ud800")).toEqual(Uint8Array.of(0xef, 0xbf, 0xbd));
  });

  it("reads every valid text in arbitrary bytes that the platform accepts", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (input) => {
        let expected: string | undefined;
        try {
          expected = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(input);
        } catch {
          expect(decodeUtf8(input)).toContain("\ufffd");
          return;
        }
        expect(decodeUtf8(input)).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });
});
