import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProtocolError } from "../error/index.ts";
import {
  type FlvItem,
  FlvReader,
  type FlvReaderLimits,
  TagType,
  writeFlvHeader,
  writeFlvTag,
} from "./index.ts";

const file = new Uint8Array(readFileSync(new URL("./fixtures/bframes.flv", import.meta.url)));

function read(parts: readonly Uint8Array[], limits?: Partial<FlvReaderLimits>): FlvItem[] {
  const reader = new FlvReader(limits);
  const items: FlvItem[] = [];
  for (const part of parts) {
    reader.receive(part.slice());
    for (let item = reader.next(); item !== undefined; item = reader.next()) items.push(item);
  }
  return items;
}

/** All that is in the items, fast to compare. */
function fingerprint(items: readonly FlvItem[]): Buffer {
  return Buffer.concat(
    items.map((item) =>
      item.type === "header"
        ? writeFlvHeader({ audio: item.hasAudio, video: item.hasVideo })
        : writeFlvTag(item.tag.type, item.tag.timestampMs, item.tag.body),
    ),
  );
}

const tagBytes = (type: number, size: number): Uint8Array =>
  Uint8Array.of(type, size >>> 16, size >>> 8, size, 0, 0, 0, 0, 0, 0, 0);

const header = writeFlvHeader({ audio: true, video: true });

describe("FlvReader", () => {
  it("reads a file that ffmpeg wrote", () => {
    const [first, ...rest] = read([file]);
    expect(first).toEqual({ type: "header", hasAudio: true, hasVideo: true });
    const types = rest.map((item) => (item.type === "tag" ? item.tag.type : 0));
    expect(types[0]).toBe(TagType.script);
    expect(types.filter((type) => type === TagType.video)).toHaveLength(12);
    expect(types.filter((type) => type === TagType.audio).length).toBeGreaterThan(40);
  });

  it("gives the same items however the input is split in two", () => {
    const whole = fingerprint(read([file]));
    const wrong: number[] = [];
    for (let at = 0; at <= file.length; at++) {
      const items = read([file.subarray(0, at), file.subarray(at)]);
      if (!fingerprint(items).equals(whole)) wrong.push(at);
    }
    expect(wrong).toEqual([]);
  }, 30_000);

  it("gives the same items byte by byte and in pieces of any size", () => {
    const whole = read([file]);
    for (const size of [1, 2, 3, 7, 11, 13, 64, 1000]) {
      const parts: Uint8Array[] = [];
      for (let at = 0; at < file.length; at += size) parts.push(file.subarray(at, at + size));
      expect(read(parts)).toEqual(whole);
    }
  });

  it("writes back the file that it read, byte for byte", () => {
    expect(fingerprint(read([file])).equals(file)).toBe(true);
  });

  it("passes over a longer file header", () => {
    const long = Uint8Array.of(0x46, 0x4c, 0x56, 1, 4, 0, 0, 0, 11, 9, 9, 0, 0, 0, 0);
    const items = read([long, writeFlvTag(8, 5, Uint8Array.of(1))]);
    expect(items).toEqual([
      { type: "header", hasAudio: true, hasVideo: false },
      { type: "tag", tag: { type: 8, timestampMs: 5, body: Uint8Array.of(1) } },
    ]);
  });

  it("reads all 32 bits of a timestamp", () => {
    const [, item] = read([header, writeFlvTag(9, 0xfedc_ba98, new Uint8Array(0))]);
    expect(item).toMatchObject({ tag: { timestampMs: 0xfedc_ba98 } });
  });

  it.each([
    ["no FLV", new TextEncoder().encode("GET / HTTP/1.1\r\n"), "FLV_HEADER_INVALID"],
    ["another version", Uint8Array.of(0x46, 0x4c, 0x56, 2, 5, 0, 0, 0, 9), "FLV_HEADER_INVALID"],
    ["an endless header", Uint8Array.of(0x46, 0x4c, 0x56, 1, 5, 1, 0, 0, 0), "FLV_HEADER_INVALID"],
    ["an unknown tag", Buffer.concat([header, tagBytes(10, 0)]), "FLV_TAG_INVALID"],
    ["reserved bits", Buffer.concat([header, tagBytes(0x88, 0)]), "FLV_TAG_INVALID"],
    ["an encrypted tag", Buffer.concat([header, tagBytes(0x29, 0)]), "FLV_ENCRYPTED"],
  ])("refuses %s", (_name, bytes, code) => {
    expect(() => read([bytes])).toThrow(expect.objectContaining({ code }));
  });

  it("takes bodies up to its limits and refuses one byte more before it came", () => {
    const limits = { maxTagBytes: 100, maxScriptBytes: 50 };
    for (const [type, max] of [
      [TagType.video, 100],
      [TagType.audio, 100],
      [TagType.script, 50],
    ] as const) {
      expect(read([header, writeFlvTag(type, 0, new Uint8Array(max))], limits)).toHaveLength(2);
      expect(() => read([header, tagBytes(type, max + 1)], limits)).toThrow(
        expect.objectContaining({ code: "FLV_TAG_TOO_LARGE" }),
      );
    }
  });

  it("answers arbitrary bytes with items or a ProtocolError", () => {
    const tail = fc.uint8Array({ maxLength: 200 });
    fc.assert(
      fc.property(fc.boolean(), fc.array(tail, { maxLength: 5 }), (valid, parts) => {
        try {
          read(valid ? [header, ...parts] : parts, { maxTagBytes: 300, maxScriptBytes: 300 });
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe("writeFlvHeader", () => {
  it.each([
    [true, true, 5],
    [true, false, 4],
    [false, true, 1],
  ])("announces audio %s and video %s by flags %i", (audio, video, flags) => {
    expect([...writeFlvHeader({ audio, video })]).toEqual([
      0x46,
      0x4c,
      0x56,
      1,
      flags,
      0,
      0,
      0,
      9,
      0,
      0,
      0,
      0,
    ]);
  });
});
