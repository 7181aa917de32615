import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inspectVp9Payload, parseVp9Descriptor } from "./vp9-payload.ts";

const hex = (text: string): Uint8Array =>
  new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));

const none = { begins: false, key: false, reference: true, width: 0, height: 0 };
const start = { ...none, begins: true };
const key = { ...start, key: true, width: 160, height: 96 };
const keyFrame = "824983420009f005f0 38";
const interFrame = "86004092";
/** Error resilient, refreshes nothing. */
const needlessFrame = "870040";

/** RFC 9628 section 4.2: descriptors and their size. */
const descriptors = [
  ["nothing optional", "0c", 1],
  ["short picture id", "8c 11", 2],
  ["long picture id", "8c 9b2d", 3],
  ["layer indices, not flexible", "2c 10 05", 3],
  ["layer indices, flexible", "3c 10", 2],
  ["no reference indices without P", "9c 9b2d", 3],
  ["one reference index", "dc 9b2e 02", 4],
  ["two reference indices", "dc 9b2e 0304", 5],
  ["three reference indices", "dc 9b2e 030504", 6],
  ["structure without anything", "0e 00", 2],
  ["structure with one size", "0e 10 00a0 0060", 6],
  ["structure with three sizes", "0e 50 0050 0030 00a0 0060 0140 00c0", 14],
  ["structure with a group", "0e 08 03 00 04 01 08 0201", 9],
  ["structure with sizes and a group", "0e 18 00a0 0060 01 0c 030201", 11],
  ["everything (flexible)", "fe 9b2e 10 0304 18 00a0 0060 02 04 01 00", 15],
] as const;

describe("VP9 payload descriptors", () => {
  it.each(descriptors)("with %s", (_, text, size) => {
    const descriptor = hex(text);
    expect(parseVp9Descriptor(hex(`${text} ff`))?.bytes).toBe(size);
    for (let cut = 0; cut <= descriptor.byteLength; cut += 1) {
      expect(parseVp9Descriptor(descriptor.subarray(0, cut))).toBeUndefined();
    }
  });

  it("tell what the frame is", () => {
    expect(parseVp9Descriptor(hex("9b 9b2d 10 00a0 0060 82"))).toEqual({
      bytes: 8,
      begins: true,
      ends: false,
      predicted: false,
      spatialLayer: 0,
      width: 160,
      height: 96,
    });
    expect(parseVp9Descriptor(hex("f5 9b2d 54 02 82"))).toEqual({
      bytes: 5,
      begins: false,
      ends: true,
      predicted: true,
      spatialLayer: 2,
      width: 0,
      height: 0,
    });
  });

  it("tell the size of the highest spatial layer", () => {
    const structure = parseVp9Descriptor(hex("0e 50 0050 0030 00a0 0060 0140 00c0 82"));
    expect(structure).toMatchObject({ width: 320, height: 192 });
  });

  it("refuse a fourth reference index", () => {
    expect(parseVp9Descriptor(hex("dc 9b2e 03050704 ffffff"))).toBeUndefined();
  });

  it("take a group of as many pictures as the byte can say", () => {
    const bytes = new Uint8Array(3 + 255 * 4 + 1).fill(0x0c);
    bytes.set([0x0e, 0x08, 255]);
    expect(parseVp9Descriptor(bytes)?.bytes).toBe(3 + 255 * 4);
    expect(parseVp9Descriptor(bytes.subarray(0, -1))).toBeUndefined();
  });
});

describe("inspectVp9Payload", () => {
  it.each([
    ["Chromium, key", `9b 9b2d 10 00a0 0060 ${keyFrame}`, key],
    ["key frame without structure", `9b 9b2d 00 ${keyFrame}`, key],
    [
      "structure's size before the frame's",
      `0e 10 0140 00c0 ${keyFrame}`,
      { ...key, width: 320, height: 192 },
    ],
    ["structure of no size", `0e 10 0000 00c0 ${keyFrame}`, key],
    ["Chromium, inter", `dd 9b2e 02 ${interFrame}`, start],
    [
      "inter frame that nobody needs",
      `dd 9b2e 02 ${needlessFrame}`,
      { ...start, reference: false },
    ],
    // ffmpeg sets the P bit of no frame.
    ["inter frame without P", `0c ${interFrame}`, start],
    ["key frame with P", `4c ${keyFrame}`, start],
    ["intra-only frame without P", "0c 8580", start],
    ["rest of a key frame", `91 9b2d ${keyFrame}`, none],
    ["higher spatial layer of a key frame", `2c 03 05 ${keyFrame}`, none],
    ["first layer of a key frame", `2c 01 05 ${keyFrame}`, key],
    ["key frame cut off in its header", "0c 824983420009f005", none],
    ["no VP9", "0c 424983420009f005f0", none],
    ["nothing", "", none],
    ["nothing behind the descriptor", "0c", none],
  ])("reads %s", (_, text, wanted) => {
    expect(inspectVp9Payload(hex(text))).toEqual(wanted);
  });

  it("takes arbitrary bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.boolean(), (bytes, isLikely) => {
        if (isLikely && bytes.byteLength > 6) bytes.set([0x0c, 0x82, 0x49, 0x83, 0x42]);
        const found = inspectVp9Payload(bytes);
        if (found.key) expect(found.begins && found.width > 0 && found.height > 0).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});
