import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hasFingerprint, hasIntegrity } from "./integrity.ts";
import {
  Attribute,
  BINDING_ERROR,
  BINDING_REQUEST,
  BINDING_SUCCESS,
  MAX_STUN_BYTES,
  MAX_USERNAME_BYTES,
  parseStun,
} from "./message.ts";
import { StunWriter, writeBindingError, writeBindingSuccess } from "./writer.ts";

const hex = (text: string): Uint8Array =>
  Uint8Array.from(Buffer.from(text.replace(/\s/g, ""), "hex"));

/** RFC 5769 section 2: the password of its samples. */
const PASSWORD = "VOkJxbRl1RmTxUk/WvJxBt";
/** RFC 5769 section 2.1. */
const REQUEST = hex(`
  00010058 2112a442 b7e7a701bc34d686fa87dfae
  80220010 5354554e207465737420636c69656e74
  00240004 6e0001ff 80290008 932ff9b151263b36
  00060009 6576746a3a68367659202020
  00080014 9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2 80280004 e57a3bcf`);
/** RFC 5769 section 2.2. */
const RESPONSE_4 = hex(`
  0101003c 2112a442 b7e7a701bc34d686fa87dfae 8022000b 7465737420766563746f7220
  00200008 0001a147e112a643
  00080014 2b91f599fd9e90c38c7489f92af9ba53f06be7d7 80280004 c07d4c96`);
/** RFC 5769 section 2.3. */
const RESPONSE_6 = hex(`
  01010048 2112a442 b7e7a701bc34d686fa87dfae 8022000b 7465737420766563746f7220
  00200014 0002a1470113a9faa5d3f179bc25f4b5bed2b9d9
  00080014 a382954e4be67bf11784c97c8292c275bfe3ed41 80280004 c8fb0b4c`);

const ID = hex("b7e7a701bc34d686fa87dfae");

describe("RFC 5769 samples", () => {
  test("the request", () => {
    const message = parseStun(REQUEST);
    if (message === undefined) throw new Error("not read");
    expect(message.type).toBe(BINDING_REQUEST);
    expect(message.transactionId).toEqual(ID);
    expect(message.username).toBe("evtj:h6vY");
    expect(message.priority).toBe(0x6e0001ff);
    expect(message.controlled).toBe(0x932ff9b151263b36n);
    expect(message.useCandidate).toBe(false);
    expect(message.unknownRequired).toEqual([]);
    expect(hasIntegrity(message, REQUEST, PASSWORD)).toBe(true);
    expect(hasIntegrity(message, REQUEST, `${PASSWORD}x`)).toBe(false);
    expect(hasFingerprint(message, REQUEST)).toBe(true);
  });

  test.each([
    ["IPv4", RESPONSE_4, "192.0.2.1"],
    ["IPv6", RESPONSE_6, "2001:db8:1234:5678:11:2233:4455:6677"],
  ])("the %s response", (_name, bytes, address) => {
    const message = parseStun(bytes);
    if (message === undefined) throw new Error("not read");
    expect(message.type).toBe(BINDING_SUCCESS);
    expect(message.mappedAddress).toEqual({ address, port: 32853 });
    expect(hasIntegrity(message, bytes, PASSWORD)).toBe(true);
    expect(hasFingerprint(message, bytes)).toBe(true);
  });

  test("our answer maps addresses to the same bytes", () => {
    const ours4 = writeBindingSuccess(ID, "192.0.2.1", 32853, PASSWORD);
    expect(ours4.subarray(20, 32)).toEqual(RESPONSE_4.subarray(36, 48));
    const ours6 = writeBindingSuccess(ID, "2001:db8:1234:5678:11:2233:4455:6677", 32853, PASSWORD);
    expect(ours6.subarray(20, 44)).toEqual(RESPONSE_6.subarray(36, 60));
  });

  test("the parsed bytes are left as they were", () => {
    const buffer = Buffer.from(RESPONSE_6);
    parseStun(buffer);
    expect(buffer.equals(Buffer.from(RESPONSE_6))).toBe(true);
  });
});

describe("a message is not read", () => {
  test("when it is cut anywhere", () => {
    for (let length = 0; length < REQUEST.length; length++) {
      expect(parseStun(REQUEST.subarray(0, length))).toBeUndefined();
    }
  });

  test("when bytes follow", () => {
    expect(parseStun(Uint8Array.from([...REQUEST, 0, 0, 0, 0]))).toBeUndefined();
  });

  test("when it is longer than the limit, and is at the limit", () => {
    const message = (size: number): Uint8Array => {
      const bytes = new Uint8Array(size);
      const view = new DataView(bytes.buffer);
      bytes.set(REQUEST.subarray(0, 20));
      view.setUint16(2, size - 20);
      view.setUint16(20, 0x8022);
      view.setUint16(22, size - 24);
      return bytes;
    };
    expect(parseStun(message(MAX_STUN_BYTES))).toBeDefined();
    expect(parseStun(message(MAX_STUN_BYTES + 4))).toBeUndefined();
  });

  test("when an attribute has a length it must not have", () => {
    for (const [type, length] of [
      [Attribute.priority, 3],
      [Attribute.useCandidate, 1],
      [Attribute.iceControlling, 4],
      [Attribute.iceControlled, 12],
      [Attribute.messageIntegrity, 16],
      [Attribute.xorMappedAddress, 8],
      [Attribute.errorCode, 3],
    ] as const) {
      const bytes = new StunWriter(1, ID).attribute(type, new Uint8Array(length)).finish();
      expect(parseStun(bytes), String(type)).toBeUndefined();
    }
  });

  test("when FINGERPRINT is not the last attribute", () => {
    const bytes = Uint8Array.from([...REQUEST, 0x80, 0x22, 0, 0]);
    bytes[3] = (bytes[3] ?? 0) + 4;
    expect(parseStun(bytes)).toBeUndefined();
  });

  test("when the user name is longer than the limit, and is at the limit", () => {
    const bytes = (length: number): Uint8Array =>
      new StunWriter(1, ID).attribute(Attribute.username, new Uint8Array(length).fill(97)).finish();
    expect(parseStun(bytes(MAX_USERNAME_BYTES))?.username).toHaveLength(MAX_USERNAME_BYTES);
    expect(parseStun(bytes(MAX_USERNAME_BYTES + 1))).toBeUndefined();
  });

  test("when the user name is no printable ASCII", () => {
    const bytes = new StunWriter(1, ID).attribute(Attribute.username, Uint8Array.of(97, 10, 58));
    expect(parseStun(bytes.finish())).toBeUndefined();
  });
});

describe("attributes", () => {
  test("after MESSAGE-INTEGRITY are ignored", () => {
    const bytes = new StunWriter(1, ID)
      .attribute(Attribute.username, Uint8Array.of(97, 58, 98))
      .integrity(PASSWORD)
      .attribute(Attribute.useCandidate, new Uint8Array())
      .attribute(0x7777, new Uint8Array())
      .finish();
    const message = parseStun(bytes);
    expect(message?.useCandidate).toBe(false);
    expect(message?.unknownRequired).toEqual([]);
  });

  test("count the first time they occur", () => {
    const bytes = new StunWriter(1, ID)
      .attribute(Attribute.username, Uint8Array.of(97, 58, 98))
      .attribute(Attribute.username, Uint8Array.of(120, 58, 121))
      .uint32(Attribute.priority, 1)
      .uint32(Attribute.priority, 2)
      .finish();
    expect(parseStun(bytes)?.username).toBe("a:b");
    expect(parseStun(bytes)?.priority).toBe(1);
  });

  test("that we do not know are told when they must be understood", () => {
    const bytes = new StunWriter(1, ID)
      .attribute(0x0029, new Uint8Array(4))
      .attribute(0xc057, new Uint8Array(4))
      .attribute(0x7fff, new Uint8Array(0))
      .finish();
    expect(parseStun(bytes)?.unknownRequired).toEqual([0x0029, 0x7fff]);
  });
});

test("an error is written with its unknown attributes", () => {
  const bytes = writeBindingError(ID, 420, "Unknown Attribute", PASSWORD, [0x0029, 0x7fff]);
  const message = parseStun(bytes);
  if (message === undefined) throw new Error("not read");
  expect(message.type).toBe(BINDING_ERROR);
  expect(message.errorCode).toEqual({ code: 420, reason: "Unknown Attribute" });
  expect(Buffer.from(bytes).toString("hex")).toContain("000a000400297fff");
  expect(hasIntegrity(message, bytes, PASSWORD)).toBe(true);
});

test("one changed bit anywhere breaks the message, its integrity or its fingerprint", () => {
  for (let bit = 0; bit < REQUEST.length * 8; bit++) {
    const bytes = Uint8Array.from(REQUEST);
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const message = parseStun(bytes);
    const accepted =
      message !== undefined &&
      hasFingerprint(message, bytes) &&
      hasIntegrity(message, bytes, PASSWORD);
    expect(accepted).toBe(false);
  }
});

test("arbitrary bytes give a message or nothing", () => {
  const header = REQUEST.subarray(0, 20);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), fc.boolean(), (tail, framed) => {
      const bytes = framed ? Uint8Array.from([...header, ...tail]) : tail;
      if (framed) new DataView(bytes.buffer).setUint16(2, tail.length);
      const message = parseStun(bytes);
      if (message !== undefined) {
        expect(hasIntegrity(message, bytes, PASSWORD)).toBe(false);
        hasFingerprint(message, bytes);
      }
    }),
    { numRuns: 2000 },
  );
});
