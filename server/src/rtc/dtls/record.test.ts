import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ContentType,
  MAX_FRAGMENT_BYTES,
  parseRecord,
  RECORD_HEADER_BYTES,
  writePlainRecord,
  writeRecordHeader,
} from "./record.ts";
import { RecordCipher } from "./record-cipher.ts";
import { ReplayWindow } from "./replay-window.ts";

describe("records", () => {
  test("are written and read with numbers beyond 32 bits", () => {
    const sequence = 2 ** 47 + 5;
    const record = parseRecord(writePlainRecord(22, sequence, Uint8Array.of(1, 2, 3)), 0);
    expect(record).toMatchObject({ type: 22, epoch: 0, sequence });
    expect(record?.fragment).toEqual(Uint8Array.of(1, 2, 3));
  });

  test("that are cut anywhere, or of another version, are not read", () => {
    const bytes = writePlainRecord(22, 0, new Uint8Array(40));
    for (let length = 0; length < bytes.length; length++) {
      expect(parseRecord(bytes.subarray(0, length), 0)).toBeUndefined();
    }
    for (const version of [0x0303, 0xfefc, 0xfeef, 0]) {
      const other = Uint8Array.from(bytes);
      new DataView(other.buffer).setUint16(1, version);
      expect(parseRecord(other, 0)).toBeUndefined();
    }
  });

  test("are read up to the longest fragment allowed", () => {
    const record = (length: number): Uint8Array => {
      const bytes = new Uint8Array(RECORD_HEADER_BYTES + length);
      writeRecordHeader(bytes, 23, 1, 0, length);
      return bytes;
    };
    expect(parseRecord(record(MAX_FRAGMENT_BYTES), 0)).toBeDefined();
    expect(parseRecord(record(MAX_FRAGMENT_BYTES + 1), 0)).toBeUndefined();
  });

  test("arbitrary bytes give a record or nothing", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(80), (bytes, offset) => {
        const record = parseRecord(bytes, offset);
        if (record !== undefined) expect(record.header).toHaveLength(RECORD_HEADER_BYTES);
      }),
    );
  });
});

describe("protection", () => {
  const cipher = new RecordCipher(new Uint8Array(16).fill(1), new Uint8Array(4).fill(2));

  test("is undone by the same keys and by no others", () => {
    const bytes = cipher.seal(ContentType.applicationData, 7, Uint8Array.of(1, 2, 3));
    const record = parseRecord(bytes, 0);
    if (record === undefined) throw new Error("not read");
    expect(record).toMatchObject({ epoch: 1, sequence: 7 });
    expect([...(cipher.open(record) ?? [])]).toEqual([1, 2, 3]);
    const other = new RecordCipher(new Uint8Array(16).fill(3), new Uint8Array(4).fill(2));
    expect(other.open(record)).toBeUndefined();
  });

  test("covers every bit of the record", () => {
    const bytes = cipher.seal(ContentType.alert, 7, Uint8Array.of(1, 0));
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Uint8Array.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const record = parseRecord(changed, 0);
      if (record !== undefined) expect(cipher.open(record)).toBeUndefined();
    }
  });

  test("of too few bytes is not opened", () => {
    const bytes = new Uint8Array(RECORD_HEADER_BYTES + 23);
    writeRecordHeader(bytes, 23, 1, 0, 23);
    const record = parseRecord(bytes, 0);
    expect(record && cipher.open(record)).toBeUndefined();
    if (record === undefined) throw new Error("not read");
  });
});

describe("the replay window", () => {
  test("knows what came, whatever the order", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 200 }), (numbers) => {
        const window = new ReplayWindow();
        const seen = new Set<number>();
        let highest = -1;
        for (const number of numbers) {
          const expected = number > highest || (highest - number < 64 && !seen.has(number));
          expect(window.isNew(number)).toBe(expected);
          if (!expected) continue;
          window.add(number);
          seen.add(number);
          highest = Math.max(highest, number);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("goes on beyond 32 bits", () => {
    const window = new ReplayWindow();
    const start = 2 ** 40;
    window.add(start);
    expect(window.isNew(start)).toBe(false);
    window.add(start + 32);
    expect(window.isNew(start)).toBe(false);
    expect(window.isNew(start + 1)).toBe(true);
    window.add(start + 1000);
    expect(window.isNew(start + 32)).toBe(false);
  });
});
