import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  attributes,
  hasIntegrity,
  type MessageClass,
  maxAttributes,
  maxUnknownRequired,
  methods,
  readAddress,
  readStunMessage,
  StunError,
  type StunErrorCode,
  writeStunMessage,
} from "./index.ts";

const transactionId = Uint8Array.from({ length: 12 }, (_, i) => i + 1);
const key = new Uint8Array(16).fill(7);
const classes: readonly MessageClass[] = ["request", "indication", "success", "error"];

type Attributes = readonly (readonly [type: number, value: Uint8Array])[];

const message = (
  list: Attributes,
  options: { key?: Uint8Array; fingerprint?: boolean } = {},
): Uint8Array =>
  writeStunMessage(
    { messageClass: "request", method: methods.allocate, transactionId, attributes: list },
    options,
  );

/** The messages one after the other, without headers but the first. */
function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const [first, ...rest] = parts;
  const bytes = Uint8Array.from([
    ...(first ?? []),
    ...rest.flatMap((part) => [...part.subarray(20)]),
  ]);
  new DataView(bytes.buffer).setUint16(2, bytes.length - 20);
  return bytes;
}

function codeOf(bytes: Uint8Array): StunErrorCode | undefined {
  try {
    readStunMessage(bytes);
    return undefined;
  } catch (error) {
    if (error instanceof StunError) return error.code;
    throw error;
  }
}

describe("the header", () => {
  test("has every class and method", () => {
    for (const messageClass of classes) {
      for (let method = 0; method <= 0xfff; method++) {
        const bytes = writeStunMessage({ messageClass, method, transactionId, attributes: [] });
        const read = readStunMessage(bytes);
        expect(read.messageClass).toBe(messageClass);
        expect(read.method).toBe(method);
      }
    }
  });

  test.each([
    ["0x0001", "request", methods.binding],
    ["0x0103", "success", methods.allocate],
    ["0x0113", "error", methods.allocate],
    ["0x0016", "indication", methods.send],
    ["0x0017", "indication", methods.data],
    ["0x0109", "success", methods.channelBind],
  ] as const)("type %s is a %s of method %i", (type, messageClass, method) => {
    const bytes = writeStunMessage({ messageClass, method, transactionId, attributes: [] });
    expect(new DataView(bytes.buffer).getUint16(0)).toBe(Number(type));
  });

  test("is refused with a code", () => {
    const changed = (offset: number, value: number): Uint8Array => {
      const bytes = message([[attributes.lifetime, new Uint8Array(4)]]);
      bytes[offset] = value;
      return bytes;
    };
    expect(codeOf(new Uint8Array(0))).toBe("STUN_TOO_SHORT");
    expect(codeOf(new Uint8Array(19))).toBe("STUN_TOO_SHORT");
    expect(codeOf(changed(0, 0x40))).toBe("STUN_NOT_STUN");
    expect(codeOf(changed(0, 0x80))).toBe("STUN_NOT_STUN");
    expect(codeOf(changed(7, 0x43))).toBe("STUN_MAGIC_COOKIE");
    expect(codeOf(changed(4, 0x20))).toBe("STUN_MAGIC_COOKIE");
    expect(codeOf(changed(3, 4))).toBe("STUN_LENGTH");
    expect(codeOf(changed(3, 12))).toBe("STUN_LENGTH");
    expect(codeOf(Uint8Array.from([...message([]), 0, 0, 0, 0]))).toBe("STUN_LENGTH");
    const odd = Uint8Array.from([...message([]), 0, 0]);
    odd[3] = 2;
    expect(codeOf(odd)).toBe("STUN_LENGTH");
  });
});

describe("attributes", () => {
  test("of every length up to 9 bytes keep their bytes, whatever their padding is", () => {
    for (let length = 0; length < 10; length++) {
      const value = new Uint8Array(length).fill(0xab);
      const bytes = message([
        [attributes.data, value],
        [attributes.lifetime, Uint8Array.of(1, 2, 3, 4)],
      ]);
      bytes.fill(0xcd, 24 + length, 24 + ((length + 3) & ~3));
      const read = readStunMessage(bytes);
      expect(read.first(attributes.data)).toEqual(value);
      expect(read.first(attributes.lifetime)).toEqual(Uint8Array.of(1, 2, 3, 4));
    }
  });

  test("that repeat are found in their order", () => {
    const read = readStunMessage(
      message([
        [attributes.xorPeerAddress, Uint8Array.of(1)],
        [attributes.lifetime, Uint8Array.of(9)],
        [attributes.xorPeerAddress, Uint8Array.of(2)],
        [attributes.xorPeerAddress, Uint8Array.of()],
      ]),
    );
    const all = read.all(attributes.xorPeerAddress);
    expect(all).toEqual([Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of()]);
    expect(read.first(attributes.xorPeerAddress)).toEqual(Uint8Array.of(1));
    expect(read.all(attributes.nonce)).toEqual([]);
  });

  test("that we do not know are told once each when they must be understood", () => {
    const none = new Uint8Array(0);
    const types = [0x7fff, 0x8000, 0x0003, 0x7fff, 0xc001, 0x001c];
    const read = readStunMessage(message(types.map((type) => [type, none] as const)));
    expect(read.unknownRequired).toEqual([0x7fff, 0x0003, 0x001c]);
    expect(
      readStunMessage(
        message(
          Object.values(attributes)
            .filter(
              (type) => type !== attributes.messageIntegrity && type !== attributes.fingerprint,
            )
            .map((type) => [type, none] as const),
        ),
      ).unknownRequired,
    ).toEqual([]);
  });

  test("that we do not know are told up to the limit", () => {
    const list = Array.from({ length: 64 }, (_, i) => [0x1000 + i, new Uint8Array(0)] as const);
    expect(readStunMessage(message(list)).unknownRequired).toHaveLength(maxUnknownRequired);
  });

  test("behind MESSAGE-INTEGRITY are as if they were not there", () => {
    const bytes = joined(
      message([[attributes.username, Uint8Array.of(97)]], { key }),
      message([
        [attributes.username, Uint8Array.of(98)],
        [attributes.nonce, Uint8Array.of(99)],
        [0x7777, Uint8Array.of(1)],
        [attributes.messageIntegrity, new Uint8Array(7)],
      ]),
    );
    const read = readStunMessage(bytes);
    expect(read.all(attributes.username)).toEqual([Uint8Array.of(97)]);
    expect(read.first(attributes.nonce)).toBeUndefined();
    expect(read.unknownRequired).toEqual([]);
    expect(read.integrityOffset).toBe(28);
    expect(hasIntegrity(read, key)).toBe(true);
  });

  test("of wrong sizes and places are refused with a code", () => {
    const overrun = message([[attributes.data, new Uint8Array(4)]]);
    overrun[23] = 5;
    expect(codeOf(overrun)).toBe("STUN_ATTRIBUTE_OVERRUN");
    overrun[22] = 0xff;
    expect(codeOf(overrun)).toBe("STUN_ATTRIBUTE_OVERRUN");
    const behind = joined(message([], { key }), overrun);
    expect(codeOf(behind)).toBe("STUN_ATTRIBUTE_OVERRUN");
    for (const length of [0, 19, 21, 32]) {
      const bytes = message([[attributes.messageIntegrity, new Uint8Array(length)]]);
      expect(codeOf(bytes)).toBe("STUN_INTEGRITY_LENGTH");
    }
    expect(codeOf(message([[attributes.fingerprint, new Uint8Array(8)]]))).toBe(
      "STUN_FINGERPRINT_LENGTH",
    );
    expect(codeOf(message([[attributes.fingerprint, new Uint8Array(4)]]))).toBe(
      "STUN_FINGERPRINT_WRONG",
    );
    const early = joined(message([], { fingerprint: true }), message([[attributes.data, key]]));
    expect(codeOf(early)).toBe("STUN_FINGERPRINT_POSITION");
  });

  test("are read up to the limit and refused beyond it", () => {
    const list = (count: number): Attributes =>
      Array.from({ length: count }, () => [attributes.xorPeerAddress, new Uint8Array(0)] as const);
    const read = readStunMessage(message(list(maxAttributes)));
    expect(read.all(attributes.xorPeerAddress)).toHaveLength(maxAttributes);
    expect(codeOf(message(list(maxAttributes + 1)))).toBe("STUN_TOO_MANY_ATTRIBUTES");
  });

  test("may fill the longest message", () => {
    const value = new Uint8Array(0xfff8).fill(3);
    const read = readStunMessage(message([[attributes.data, value]]));
    expect(read.first(attributes.data)).toEqual(value);
    expect(() => message([[attributes.data, new Uint8Array(0xfff9)]])).toThrow(RangeError);
  });
});

test("StunError has no stack frames, and other errors keep theirs", () => {
  const frames = (error: Error): number => (error.stack ?? "").split("\n    at ").length - 1;
  expect(frames(new StunError("STUN_LENGTH", "length 1"))).toBe(0);
  expect(frames(new Error("other"))).toBeGreaterThan(0);
});

describe("MESSAGE-INTEGRITY", () => {
  test("is checked with and without FINGERPRINT, and bound to the key", () => {
    for (const fingerprint of [false, true]) {
      const read = readStunMessage(message([[attributes.realm, key]], { key, fingerprint }));
      expect(hasIntegrity(read, key)).toBe(true);
      expect(hasIntegrity(read, new Uint8Array(16))).toBe(false);
      expect(hasIntegrity(read, new Uint8Array(0))).toBe(false);
    }
  });

  test("is never right when it is absent", () => {
    const read = readStunMessage(message([[attributes.realm, key]], { fingerprint: true }));
    expect(read.integrityOffset).toBeUndefined();
    expect(read.first(attributes.messageIntegrity)).toBeUndefined();
    expect(hasIntegrity(read, key)).toBe(false);
  });
});

describe("arbitrary bytes", () => {
  const attribute = fc.tuple(
    fc.oneof(fc.constantFrom(...Object.values(attributes)), fc.integer({ min: 0, max: 0xffff })),
    fc.uint8Array({ maxLength: 40 }),
    fc.option(fc.integer({ min: 0, max: 0xffff }), { nil: undefined, freq: 8 }),
  );

  /** A message whose attributes lie about their lengths now and then. */
  const framed = fc.array(attribute, { maxLength: 12 }).map((list) => {
    const bytes = message(list.map(([type, value]) => [type, value] as const));
    const view = new DataView(bytes.buffer);
    let offset = 20;
    for (const [, value, lie] of list) {
      if (lie !== undefined) view.setUint16(offset + 2, lie);
      offset += 4 + ((value.length + 3) & ~3);
    }
    return bytes;
  });

  test("give a message whose attributes lie inside it, or StunError", () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), framed), (bytes) => {
        let read: ReturnType<typeof readStunMessage>;
        try {
          read = readStunMessage(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(StunError);
          return;
        }
        expect(hasIntegrity(read, key)).toBe(false);
        for (const type of Object.values(attributes)) {
          expect(read.all(type)[0]).toEqual(read.first(type));
          for (const value of read.all(type)) expect(value.buffer).toBe(bytes.buffer);
        }
      }),
      { numRuns: 3000 },
    );
  });

  test("as an address give an address or StunError", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 24 }),
        fc.integer({ min: 0, max: 3 }),
        (value, family) => {
          if (value.length > 1) value[1] = family;
          try {
            expect([4, 6]).toContain(readAddress(value, transactionId).family);
          } catch (error) {
            expect(error).toBeInstanceOf(StunError);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
