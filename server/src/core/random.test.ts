import { describe, expect, it } from "vitest";
import { randomId } from "./ids.ts";
import { randomArray, randomText } from "./random.ts";

describe("random bytes", () => {
  it("never gives the same ones twice, across many pools", () => {
    const seen = new Set<string>();
    for (let i = 0; i < 3000; i++) {
      seen.add(randomText(16, "hex"));
      seen.add(Buffer.from(randomArray(16)).toString("hex"));
    }
    expect(seen.size).toBe(6000);
  });

  it("have the length asked for, whatever is left of the pool", () => {
    for (const length of [0, 1, 13, 4095, 4096, 1000]) {
      expect(randomArray(length)).toHaveLength(length);
      expect(randomText(length, "hex")).toHaveLength(2 * length);
    }
    expect(() => randomArray(4097)).toThrow(RangeError);
  });

  it("use every value of a byte", () => {
    const values = new Set<number>();
    for (let i = 0; i < 20; i++) for (const byte of randomArray(1000)) values.add(byte);
    expect(values.size).toBe(256);
  });

  it("arrays of the caller's own stay as they are", () => {
    const array = randomArray(32);
    const copy = Uint8Array.from(array);
    for (let i = 0; i < 500; i++) randomArray(32);
    expect(array).toEqual(copy);
    expect(array.buffer.byteLength).toBe(32);
  });
});

describe("randomId", () => {
  it("has 22 characters that are safe in an address", () => {
    for (let i = 0; i < 100; i++) expect(randomId()).toMatch(/^[A-Za-z0-9_-]{22}$/);
  });
});
