import { methods, type TestClient } from "./relay/test-client.ts";

/** A small deterministic generator (mulberry32): a failure can be repeated with its seed. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 to below `limit`. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    for (let i = 0; i < length; i++) bytes[i] = this.below(256);
    return bytes;
  }
}

const magicCookie = 0x2112a442;
const requestMethods = Object.values(methods);

function header(dice: Dice, bodyBytes: number): Buffer {
  const message = dice.bytes(20 + bodyBytes);
  const method = requestMethods[dice.below(requestMethods.length)] as number;
  const messageClass = [0x000, 0x010, 0x100, 0x110][dice.below(4)] as number;
  message.writeUInt16BE(method | messageClass, 0);
  message.writeUInt16BE(bodyBytes, 2);
  message.writeUInt32BE(magicCookie, 4);
  return message;
}

/** A well-formed message with attributes that make no sense. */
function withAttributes(dice: Dice, maxValueBytes: number): Buffer {
  const parts: Buffer[] = [];
  for (let i = dice.below(8); i >= 0; i--) {
    const length = dice.below(maxValueBytes);
    const attribute = dice.bytes(4 + ((length + 3) & ~3));
    // Most types that are known are small numbers.
    if (dice.below(4) > 0) attribute.writeUInt16BE(dice.below(0x30), 0);
    attribute.writeUInt16BE(length, 2);
    parts.push(attribute);
  }
  const body = Buffer.concat(parts);
  const message = header(dice, body.length);
  message.set(body, 20);
  return message;
}

/** A request that would be taken. */
function signed(dice: Dice, client: TestClient): Buffer {
  const method = requestMethods[dice.below(requestMethods.length)] as number;
  return Buffer.from(client.build(method, [], { transactionId: dice.bytes(12) }));
}

function flipped(dice: Dice, message: Buffer): Buffer {
  for (let i = dice.below(4); i >= 0; i--) {
    const at = dice.below(message.length);
    message[at] = (message[at] as number) ^ (1 << dice.below(8));
  }
  return message;
}

/** Kinds of packets that nobody should send. `client` knows realm and nonce. */
export const fuzzKinds: Readonly<Record<string, (dice: Dice, client: TestClient) => Buffer>> = {
  "any bytes": (dice) => dice.bytes(dice.below(200)),
  "a STUN header before any bytes": (dice) => header(dice, dice.below(50) * 4),
  "attributes without sense": (dice) => withAttributes(dice, 40),
  "messages that are cut off": (dice, client) => {
    const message = dice.below(2) === 0 ? withAttributes(dice, 40) : signed(dice, client);
    return message.subarray(0, dice.below(message.length));
  },
  "attributes of kilobytes": (dice) => withAttributes(dice, 1000),
  "signed requests with flipped bits": (dice, client) => flipped(dice, signed(dice, client)),
  "channel data": (dice) => {
    const message = dice.bytes(4 + dice.below(100));
    message.writeUInt16BE(0x4000 + dice.below(0x4000), 0);
    if (dice.below(2) === 0) message.writeUInt16BE(message.length - 4, 2);
    return message;
  },
  "next to nothing": (dice) => dice.bytes(dice.below(4)),
};
