import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inspectAv1Payload, maxAv1Elements, parseAv1Payload } from "./av1-payload.ts";

const hex = (text: string): Uint8Array =>
  new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

const none = { begins: false, key: false, reference: true, width: 0, height: 0 };
const start = { ...none, begins: true };
const key = { ...start, key: true };
const sequence = "08 00000003b4fdf0068020";

describe("parseAv1Payload", () => {
  it.each([
    ["W=1", "10 30aabb", ["30aabb"]],
    ["W=2", "20 02 18aa 30bbcc", ["18aa", "30bbcc"]],
    ["W=3", "30 02 18aa 01 20 30bb", ["18aa", "20", "30bb"]],
    ["W=0", "00 02 18aa 03 30bbcc", ["18aa", "30bbcc"]],
    ["W=0, four elements", "00 01 18 01 20 01 20 01 20", ["18", "20", "20", "20"]],
    ["an empty element", "20 00 30aa", ["", "30aa"]],
    ["a long size", "20 8200 18aa 30bb", ["18aa", "30bb"]],
  ])("reads elements with %s", (_, text, elements) => {
    expect(parseAv1Payload(hex(text))?.elements.map(toHex)).toEqual(elements);
  });

  it("reads the flags", () => {
    const flags = { continues: false, continued: false, newSequence: false };
    expect(parseAv1Payload(hex("10 30"))).toMatchObject(flags);
    expect(parseAv1Payload(hex("90 30"))).toMatchObject({ ...flags, continues: true });
    expect(parseAv1Payload(hex("50 30"))).toMatchObject({ ...flags, continued: true });
    expect(parseAv1Payload(hex("18 30"))).toMatchObject({ ...flags, newSequence: true });
    expect(parseAv1Payload(hex("17 30"))).toMatchObject(flags);
  });

  it.each([
    ["nothing", ""],
    ["aggregation header alone, W=0", "00"],
    ["aggregation header alone, W=1", "10"],
    ["no last element", "20 02 18aa"],
    ["fewer elements than W", "30 02 18aa 01 20"],
    ["an element past the end", "00 03 18aa"],
    ["a size cut off", "00 80"],
    ["N and Z", "98 30"],
  ])("refuses %s", (_, text) => {
    expect(parseAv1Payload(hex(text))).toBeUndefined();
  });

  it("holds its limit", () => {
    const payload = (count: number) => hex(`00${"0120".repeat(count)}`);
    expect(parseAv1Payload(payload(maxAv1Elements))?.elements).toHaveLength(maxAv1Elements);
    expect(parseAv1Payload(payload(maxAv1Elements + 1))).toBeUndefined();
  });

  it("takes arbitrary bytes, and all of them", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const parsed = parseAv1Payload(bytes);
        if (parsed === undefined) return;
        const last = parsed.elements.at(-1) as Uint8Array;
        expect(last.byteOffset + last.byteLength).toBe(bytes.byteOffset + bytes.byteLength);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("inspectAv1Payload", () => {
  it.each([
    ["Chromium, key", `28 0b ${sequence} 301040`, { ...key, width: 160, height: 96 }],
    [
      "sequence header with size field",
      "28 0c 0a0a00000003b4fdf0068020 301040",
      { ...key, width: 160, height: 96 },
    ],
    [
      "sequence header behind a delimiter",
      `38 01 10 0b ${sequence} 301040`,
      { ...key, width: 160, height: 96 },
    ],
    ["broken sequence header", "28 03 080000 301040", key],
    ["N without a sequence header", "18 301040", key],
    ["Chromium, inter", "10 3030c040", start],
    ["inter frame with a size before it", "00 03 3030c0", start],
    ["frame header", "50 1830", start],
    ["metadata", "20 02 28aa 3030", start],
    ["sequence header without N", `20 0b ${sequence} 3030`, start],
    ["rest of an OBU", "d0 bf31ad03", none],
    ["tile group", "10 20aabb", none],
    ["repeated frame header", "10 38aabb", none],
    ["tile list", "10 40aabb", none],
    ["padding", "10 78aabb", none],
    ["N and Z", `a8 0b ${sequence} 301040`, none],
    ["N before a tile group", "18 20aabb", none],
    ["N with broken sizes", "28 7f 0800", none],
    ["forbidden bit", "10 b0aabb", none],
    ["empty first element", "20 00 30aa", none],
    ["first element past the end", "20 05 30aa", none],
    ["nothing", "", none],
    ["aggregation header alone", "10", none],
  ])("reads %s", (_, text, wanted) => {
    expect(inspectAv1Payload(hex(text))).toEqual(wanted);
  });

  it("takes arbitrary bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.boolean(), (bytes, isLikely) => {
        if (isLikely && bytes.byteLength > 4) bytes.set([0x28, bytes.byteLength - 4, 0x08]);
        const found = inspectAv1Payload(bytes);
        if (found.key) expect(found.begins).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});
