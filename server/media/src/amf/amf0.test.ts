import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProtocolError } from "../error/index.ts";
import {
  Amf0Reader,
  AmfObject,
  type AmfValue,
  defaultAmfLimits,
  ecmaArray,
  object,
  parseAmf0,
  writeAmf0,
} from "./index.ts";

const hex = (text: string): Uint8Array =>
  Uint8Array.from(Buffer.from(text.replace(/\s/g, ""), "hex"));

const table: readonly (readonly [string, string, AmfValue])[] = [
  ["number", "00 3ff8000000000000", 1.5],
  ["boolean", "01 01", true],
  ["string", "02 0003 c3a9 21", "é!"],
  ["object", "03 0001 61 00 4000000000000000 0000 09", object({ a: 2 })],
  ["null", "05", null],
  ["undefined", "06", undefined],
  ["ECMA array", "08 00000001 0001 61 01 00 0000 09", ecmaArray({ a: false })],
  ["strict array", "0a 00000002 05 02 0000", [null, ""]],
  ["date", "0b 4278ee1e05700000 0000", { type: "date", ms: 1_713_186_559_744 }],
  [
    "typed object",
    "10 0001 54 0001 61 05 0000 09",
    new AmfObject("object", new Map([["a", null]]), "T"),
  ],
];

const readOnly: readonly (readonly [string, string, AmfValue])[] = [
  ["long string", "0c 00000002 6869", "hi"],
  ["unsupported marker", "0d", undefined],
  ["XML document", "0f 00000004 3c612f3e", "<a/>"],
  ["AMF3 undefined", "11 00", undefined],
  ["AMF3 null", "11 01", null],
  ["AMF3 false", "11 02", false],
  ["AMF3 true", "11 03", true],
  ["AMF3 integer of one byte", "11 04 7f", 127],
  ["AMF3 integer of four bytes", "11 04 bfffffff", 0x0fff_ffff],
  ["AMF3 negative integer", "11 04 ffffffff", -1],
  ["AMF3 double", "11 05 3ff8000000000000", 1.5],
  ["AMF3 string", "11 06 05 6869", "hi"],
  ["AMF3 date", "11 08 01 4278ee1e05700000", { type: "date", ms: 1_713_186_559_744 }],
];

describe("AMF0", () => {
  it.each(table)("reads and writes %s", (_name, bytes, value) => {
    expect(parseAmf0(hex(bytes))).toEqual([value]);
    expect(writeAmf0([value])).toEqual(hex(bytes));
  });

  it.each(readOnly)("reads %s", (_name, bytes, value) => {
    expect(parseAmf0(hex(bytes))).toEqual([value]);
  });

  it("writes long strings and reads them back", () => {
    const text = "x".repeat(65_536);
    const bytes = writeAmf0([text]);
    expect([...bytes.subarray(0, 5)]).toEqual([0x0c, 0, 1, 0, 0]);
    expect(parseAmf0(bytes, { ...defaultAmfLimits, maxBytes: 70_000 })).toEqual([text]);
  });

  it("keeps keys that mean something to JavaScript apart from the object", () => {
    const [value] = parseAmf0(hex("03 0009 5f5f70726f746f5f5f 00 3ff0000000000000 0000 09"));
    expect(value).toBeInstanceOf(AmfObject);
    expect((value as AmfObject).get("__proto__")).toBe(1);
    expect((value as AmfObject).get("constructor")).toBeUndefined();
  });

  it.each([
    ["a movie clip", "04", "AMF_TYPE_UNSUPPORTED"],
    ["a reference", "07 0000", "AMF_TYPE_UNSUPPORTED"],
    ["a record set", "0e", "AMF_TYPE_UNSUPPORTED"],
    ["an unknown marker", "12", "AMF_TYPE_UNSUPPORTED"],
    ["an AMF3 object", "11 0a 0b 01", "AMF_TYPE_UNSUPPORTED"],
    ["an AMF3 string reference", "11 06 00", "AMF_INVALID"],
    ["a string that is cut off", "02 0005 61", "AMF_TRUNCATED"],
    ["an object without end", "03 0001 61 05", "AMF_TRUNCATED"],
    ["an array that says it is huge", "0a ffffffff", "AMF_TOO_MANY"],
  ])("refuses %s", (_name, bytes, code) => {
    expect(() => parseAmf0(hex(bytes))).toThrow(expect.objectContaining({ code }));
  });

  it("refuses what is nested, numerous or large beyond its limits, and takes what is just within", () => {
    const limits = { maxDepth: 3, maxValues: 5, maxBytes: 40 };
    const nested = (depth: number): AmfValue => (depth === 0 ? null : [nested(depth - 1)]);
    expect(parseAmf0(writeAmf0([nested(3)]), limits)).toHaveLength(1);
    expect(() => parseAmf0(writeAmf0([nested(4)]), limits)).toThrow(
      expect.objectContaining({ code: "AMF_TOO_DEEP" }),
    );
    expect(parseAmf0(new Uint8Array(5).fill(5), limits)).toHaveLength(5);
    expect(() => parseAmf0(new Uint8Array(6).fill(5), limits)).toThrow(
      expect.objectContaining({ code: "AMF_TOO_MANY" }),
    );
    expect(parseAmf0(writeAmf0(["x".repeat(37)]), limits)).toHaveLength(1);
    expect(() => parseAmf0(writeAmf0(["x".repeat(38)]), limits)).toThrow(
      expect.objectContaining({ code: "AMF_TOO_LARGE" }),
    );
  });

  it("does not write what holds itself", () => {
    const loop: AmfValue[] = [];
    loop.push(loop);
    expect(() => writeAmf0([loop])).toThrow("nested too deep");
  });

  it("gives back any value that it wrote", () => {
    const { value } = fc.letrec<{ value: AmfValue; fields: ReadonlyMap<string, AmfValue> }>(
      (tie) => ({
        value: fc.oneof(
          { maxDepth: 4 },
          fc.double(),
          fc.boolean(),
          fc.string({ unit: "binary" }),
          fc.constantFrom(null, undefined),
          fc.double().map((ms) => ({ type: "date" as const, ms })),
          fc.array(tie("value"), { maxLength: 4 }),
          tie("fields").map((fields) => new AmfObject("object", fields)),
          tie("fields").map((fields) => new AmfObject("ecma-array", fields)),
          tie("fields").map((fields) => new AmfObject("object", fields, "Class")),
        ),
        fields: fc
          .array(fc.tuple(fc.string({ unit: "grapheme", minLength: 1 }), tie("value")), {
            maxLength: 4,
          })
          .map((entries) => new Map(entries)),
      }),
    );
    fc.assert(
      fc.property(fc.array(value, { maxLength: 4 }), (values) => {
        expect(parseAmf0(writeAmf0(values))).toEqual(values);
      }),
    );
  });

  it("answers arbitrary bytes with values or a ProtocolError", () => {
    const markers = fc.constantFrom(0, 1, 2, 3, 5, 6, 8, 9, 10, 11, 12, 16, 17);
    const bytes = fc.array(fc.oneof(markers, fc.constant(0), fc.nat(255)), { maxLength: 200 });
    fc.assert(
      fc.property(bytes, (input) => {
        try {
          const reader = new Amf0Reader(Uint8Array.from(input));
          while (!reader.done) reader.next();
          expect(reader.position).toBe(input.length);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
