import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import {
  attributes,
  hasIntegrity,
  methods,
  readAddress,
  readStunMessage,
  readText,
  StunError,
  type StunMessage,
  writeAddress,
  writeStunMessage,
  writeText,
} from "./index.ts";

const hex = (text: string): Uint8Array =>
  Uint8Array.from(Buffer.from(text.replace(/\s/g, ""), "hex"));

const password = writeText("VOkJxbRl1RmTxUk/WvJxBt");
const transactionId = hex("b7e7a701bc34d686fa87dfae");

/** RFC 5769 section 2.1. */
const request = hex(`
  00010058 2112a442 b7e7a701bc34d686fa87dfae
  80220010 5354554e207465737420636c69656e74
  00240004 6e0001ff 80290008 932ff9b151263b36
  00060009 6576746a3a68367659202020
  00080014 9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2 80280004 e57a3bcf`);
/** RFC 5769 section 2.2. */
const response4 = hex(`
  0101003c 2112a442 b7e7a701bc34d686fa87dfae 8022000b 7465737420766563746f7220
  00200008 0001a147e112a643
  00080014 2b91f599fd9e90c38c7489f92af9ba53f06be7d7 80280004 c07d4c96`);
/** RFC 5769 section 2.3. */
const response6 = hex(`
  01010048 2112a442 b7e7a701bc34d686fa87dfae 8022000b 7465737420766563746f7220
  00200014 0002a1470113a9faa5d3f179bc25f4b5bed2b9d9
  00080014 a382954e4be67bf11784c97c8292c275bfe3ed41 80280004 c8fb0b4c`);
/** RFC 5769 section 2.4. */
const longTerm = hex(`
  00010060 2112a442 78ad3433c6ad72c029da412e
  00060012 e3839ee38388e383aae38383e382afe382b90000
  0015001c 662f2f3439396b39353464364f4c33346f4c39465354767936347341
  0014000b 6578616d706c652e6f726700
  00080014 f67024656dd64a3e02b8e0712e85c9a28ca89666`);

test("2.1: the request is read and authentic", () => {
  const message = readStunMessage(request);
  expect(message.messageClass).toBe("request");
  expect(message.method).toBe(methods.binding);
  expect(message.transactionId).toEqual(transactionId);
  expect(message.unknownRequired).toEqual([0x0024]);
  expect(textOf(message, attributes.username)).toBe("evtj:h6vY");
  expect(textOf(message, attributes.software)).toBe("STUN test client");
  expect(message.first(attributes.realm)).toBeUndefined();
  expect(hasIntegrity(message, password)).toBe(true);
  expect(hasIntegrity(message, writeText("VOkJxbRl1RmTxUk/WvJxBu"))).toBe(false);
});

test.each([
  ["2.2", response4, { family: 4, address: "192.0.2.1", port: 32853 }],
  ["2.3", response6, { family: 6, address: "2001:db8:1234:5678:11:2233:4455:6677", port: 32853 }],
] as const)(
  "%s: the response is read and authentic, and its address written alike",
  (_section, bytes, address) => {
    const message = readStunMessage(bytes);
    expect(message.messageClass).toBe("success");
    expect(textOf(message, attributes.software)).toBe("test vector");
    const value = message.first(attributes.xorMappedAddress) as Uint8Array;
    expect(readAddress(value, message.transactionId)).toEqual(address);
    expect(writeAddress(address, transactionId)).toEqual(Uint8Array.from(value));
    expect(hasIntegrity(message, password)).toBe(true);
  },
);

test("2.4: the long-term request is authentic, and written to the same bytes", () => {
  const username = "マトリックス";
  const key = createHash("md5").update(`${username}:example.org:TheMatrIX`).digest();
  const message = readStunMessage(longTerm);
  expect(textOf(message, attributes.username)).toBe(username);
  expect(textOf(message, attributes.nonce)).toBe("f//499k954d6OL34oL9FSTvy64sA");
  expect(textOf(message, attributes.realm)).toBe("example.org");
  expect(hasIntegrity(message, key)).toBe(true);
  const written = writeStunMessage(
    {
      messageClass: "request",
      method: methods.binding,
      transactionId: message.transactionId,
      attributes: [
        [attributes.username, writeText(username)],
        [attributes.nonce, writeText("f//499k954d6OL34oL9FSTvy64sA")],
        [attributes.realm, writeText("example.org")],
      ],
    },
    { key },
  );
  expect(written).toEqual(longTerm);
});

test.each([request, response4, response6, longTerm])(
  "sample %#: every truncation is refused",
  (bytes) => {
    for (let length = 0; length < bytes.length; length++) {
      const cut = bytes.slice(0, length);
      expect(() => readStunMessage(cut), `${length}`).toThrow(StunError);
      if (length < 20) continue;
      new DataView(cut.buffer).setUint16(2, length - 20);
      let message: StunMessage | undefined;
      try {
        message = readStunMessage(cut);
      } catch (error) {
        expect(error, `${length}`).toBeInstanceOf(StunError);
      }
      const end = bytes === longTerm ? bytes.length : bytes.length - 8;
      if (length !== end) expect(message?.integrityOffset, `${length}`).toBeUndefined();
    }
  },
);

test("one changed bit anywhere is refused or not authentic", () => {
  for (let bit = 0; bit < request.length * 8; bit++) {
    const bytes = request.slice();
    bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
    let accepted = false;
    try {
      accepted = hasIntegrity(readStunMessage(bytes), password);
    } catch (error) {
      expect(error).toBeInstanceOf(StunError);
    }
    // FINGERPRINT is optional: with another type it becomes an attribute behind MESSAGE-INTEGRITY.
    const fingerprintType = bit >> 3 === 100 || bit >> 3 === 101;
    expect(accepted, `${bit}`).toBe(fingerprintType && accepted);
  }
});

test("reading changes nothing, whether the message is alone or inside a larger buffer", () => {
  const pool = Buffer.alloc(400, 0xee);
  pool.set(request, 33);
  const before = Buffer.from(pool);
  const message = readStunMessage(pool.subarray(33, 33 + request.length));
  expect(hasIntegrity(message, password)).toBe(true);
  expect(message.transactionId.buffer).toBe(pool.buffer);
  expect(pool.equals(before)).toBe(true);
});

function textOf(message: StunMessage, type: number): string | undefined {
  const value = message.first(type);
  return value === undefined ? undefined : readText(value);
}
