import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseVp8FrameHeader, vp8KeyHeaderBytes } from "./index.ts";

const hex = (text: string): Uint8Array =>
  new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));

describe("parseVp8FrameHeader", () => {
  it.each([
    ["Chromium, key", "b02300 9d012a 8000 4800", true, true, 285, 128, 72],
    ["libvpx, key", "501a00 9d012a 4000 3000", true, true, 210, 64, 48],
    ["GStreamer, inter", "b10900", false, true, 77, 0, 0],
    ["not shown", "a10900", false, false, 77, 0, 0],
    ["first partition of 19 bits", "f1ffff", false, true, 0x7_ffff, 0, 0],
    ["scaled for display", "b02300 9d012a 8040 48c0", true, true, 285, 128, 72],
    ["largest", "b02300 9d012a ff3f ff3f", true, true, 285, 16_383, 16_383],
  ])("reads %s", (_, text, key, shown, firstPartitionBytes, width, height) => {
    const header = { key, shown, firstPartitionBytes, width, height };
    expect(parseVp8FrameHeader(hex(text))).toEqual(header);
    expect(parseVp8FrameHeader(hex(`${text} ffff`))).toEqual(header);
  });

  it.each([
    ["nothing", ""],
    ["two bytes", "b109"],
    ["wrong start code", "b02300 9d012b 8000 4800"],
    ["no width", "b02300 9d012a 0000 4800"],
    ["no height", "b02300 9d012a 8000 0040"],
  ])("gives nothing for %s", (_, text) => {
    expect(parseVp8FrameHeader(hex(text))).toBeUndefined();
  });

  it("gives nothing for a key frame that is cut off anywhere in its header", () => {
    const whole = hex("b02300 9d012a 8000 4800");
    expect(whole.byteLength).toBe(vp8KeyHeaderBytes);
    for (let size = 0; size < whole.byteLength; size += 1) {
      expect(parseVp8FrameHeader(whole.subarray(0, size))).toBeUndefined();
    }
  });

  it("takes arbitrary bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
        const header = parseVp8FrameHeader(bytes);
        if (header?.key === true) expect(header.width * header.height).toBeGreaterThan(0);
      }),
    );
  });
});
