import { expect, test } from "vitest";
import {
  attributes,
  hasIntegrity,
  methods,
  readAddress,
  readStunMessage,
  readText,
  StunError,
  writeStunMessage,
} from "./index.ts";

const packets = 200_000;
const key = new Uint8Array(16).fill(0x5a);

/** Numbers below 2^32 that are the same in every run: xorshift32. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

type Generator = (random: () => number) => Uint8Array;

const types = Object.values(attributes);

const bytesOf = (random: () => number, size: number): Uint8Array =>
  Uint8Array.from({ length: size }, random);

const signed: Generator = (random) =>
  writeStunMessage(
    {
      messageClass: "request",
      method: methods.allocate,
      transactionId: bytesOf(random, 12),
      attributes: [
        [attributes.username, bytesOf(random, random() % 20)],
        [attributes.xorPeerAddress, Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7)],
        [attributes.realm, bytesOf(random, random() % 20)],
      ],
    },
    { key, fingerprint: random() % 2 === 0 },
  );

const withHeader = (body: Uint8Array, random: () => number): Uint8Array => {
  const bytes = new Uint8Array(20 + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, random() & 0x3fff);
  view.setUint16(2, body.length);
  view.setUint32(4, 0x2112a442);
  bytes.set(body, 20);
  return bytes;
};

const generators: Readonly<Record<string, Generator>> = {
  noise: (random) => bytesOf(random, random() % 100),
  tiny: (random) => bytesOf(random, random() % 4),
  "a header and noise": (random) => withHeader(bytesOf(random, (random() % 20) * 4), random),
  "attributes of random types and lengths": (random) => {
    const body = new Uint8Array((1 + (random() % 30)) * 4);
    const view = new DataView(body.buffer);
    for (let at = 0; at + 4 <= body.length; at += 4 + (random() % 5) * 4) {
      view.setUint16(at, types[random() % types.length] as number);
      view.setUint16(at + 2, random() % 24);
    }
    return withHeader(body, random);
  },
  "empty attributes only": (random) => withHeader(new Uint8Array((random() % 400) * 4), random),
  truncated: (random) => {
    const bytes = signed(random);
    // What is cut off is more than FINGERPRINT: without it the message is still authentic.
    const cut = bytes.slice(0, random() % (bytes.length - 8));
    if (cut.length >= 20) new DataView(cut.buffer).setUint16(2, cut.length - 20);
    return cut;
  },
  "one bit flipped": (random) => {
    const bytes = signed(random);
    const at = random() % bytes.length;
    bytes[at] = (bytes[at] as number) ^ (1 << (random() % 8));
    return bytes;
  },
  "channel data": (random) => {
    const bytes = bytesOf(random, 4 + (random() % 60));
    bytes[0] = 0x40 | (random() & 0x3f);
    return bytes;
  },
};

test("200 000 packets of eight kinds give a message or StunError, and none that was changed is authentic", () => {
  const random = numbers(0x1234567);
  const kinds = Object.entries(generators);
  const read: Record<string, number> = {};
  const started = performance.now();
  for (let i = 0; i < packets; i++) {
    const [kind, generate] = kinds[i % kinds.length] as [string, Generator];
    const bytes = generate(random);
    try {
      const message = readStunMessage(bytes);
      read[kind] = (read[kind] ?? 0) + 1;
      for (const value of message.all(attributes.xorPeerAddress))
        readAddress(value, message.transactionId);
      const username = message.first(attributes.username);
      if (username !== undefined) readText(username);
      if (hasIntegrity(message, key) && kind !== "one bit flipped")
        throw new Error(`${kind} is authentic`);
    } catch (error) {
      if (!(error instanceof StunError)) throw error;
    }
  }
  // A bound that only a hang or a quadratic search can break.
  expect(performance.now() - started).toBeLessThan(60_000);
  expect(read["tiny"]).toBeUndefined();
  expect(read["channel data"]).toBeUndefined();
  expect(read["a header and noise"]).toBeGreaterThan(0);
  expect(read["attributes of random types and lengths"]).toBeGreaterThan(0);
  expect(read["truncated"]).toBeGreaterThan(0);
  expect(read["one bit flipped"]).toBeGreaterThan(0);
}, 120_000);
