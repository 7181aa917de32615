import { describe, expect, test } from "vitest";
import {
  attributes,
  errorCodeValue,
  hasIntegrity,
  methods,
  readStunMessage,
  readText,
  writeStunMessage,
  writeText,
} from "./index.ts";

const transactionId = Uint8Array.from({ length: 12 }, (_, i) => 255 - i);
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

describe("text", () => {
  test.each([
    ["é-été", 8],
    ["マトリックス", 18],
    ["🎥", 4],
    ["", 0],
  ])("%s counts %i bytes, not characters, and comes back", (text, length) => {
    const bytes = writeStunMessage({
      messageClass: "error",
      method: methods.allocate,
      transactionId,
      attributes: [
        [attributes.realm, writeText(text)],
        [attributes.username, writeText(text)],
        [attributes.lifetime, Uint8Array.of(0, 0, 2, 88)],
      ],
    });
    expect(new DataView(bytes.buffer).getUint16(22)).toBe(length);
    const read = readStunMessage(bytes);
    expect(readText(read.first(attributes.realm) as Uint8Array)).toBe(text);
    expect(readText(read.first(attributes.username) as Uint8Array)).toBe(text);
    expect(read.first(attributes.lifetime)).toEqual(Uint8Array.of(0, 0, 2, 88));
  });

  test("that is not UTF-8 is none, and a byte order mark stays", () => {
    for (const bytes of [[0xff], [0xc3], [0xe3, 0x83], [0xc0, 0x80], [0xed, 0xa0, 0x80]]) {
      expect(readText(Uint8Array.from(bytes))).toBeUndefined();
    }
    expect(readText(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe("\ufeffa");
  });
});

describe("an error code", () => {
  test.each([
    [300, "", "00000300"],
    [401, "Unauthorized", "00000401556e617574686f72697a6564"],
    [438, "é", "00000426c3a9"],
    [699, "", "00000663"],
  ])("%i %s has its bytes", (code, reason, bytes) => {
    expect(hexOf(errorCodeValue(code, reason))).toBe(bytes);
  });

  test("and its reason have limits", () => {
    for (const code of [299, 700, 0, 400.5, Number.NaN]) {
      expect(() => errorCodeValue(code, "")).toThrow(RangeError);
    }
    expect(errorCodeValue(400, "x".repeat(127))).toHaveLength(131);
    expect(() => errorCodeValue(400, "x".repeat(128))).toThrow(RangeError);
  });
});

describe("a message", () => {
  const empty = { messageClass: "success", method: methods.refresh, transactionId } as const;

  test("without attributes is its header", () => {
    const bytes = writeStunMessage({ ...empty, attributes: [] });
    expect(hexOf(bytes)).toBe("01040000 2112a442 fffefdfcfbfaf9f8f7f6f5f4".replaceAll(" ", ""));
  });

  test("gets MESSAGE-INTEGRITY and FINGERPRINT that are right, as its last attributes", () => {
    const key = writeText("key");
    const list = [[attributes.data, new Uint8Array(3)]] as const;
    for (const fingerprint of [false, true]) {
      for (const options of [{ fingerprint }, { fingerprint, key }]) {
        const bytes = writeStunMessage({ ...empty, attributes: list }, options);
        const read = readStunMessage(bytes);
        expect(hasIntegrity(read, key)).toBe("key" in options);
        expect(bytes.length).toBe(28 + ("key" in options ? 24 : 0) + (fingerprint ? 8 : 0));
      }
    }
  });

  test("is not written with another method or transaction id than there can be", () => {
    for (const change of [
      { method: -1 },
      { method: 0x1000 },
      { transactionId: new Uint8Array(11) },
      { transactionId: new Uint8Array(16) },
    ]) {
      expect(() => writeStunMessage({ ...empty, ...change, attributes: [] })).toThrow(RangeError);
    }
  });
});
