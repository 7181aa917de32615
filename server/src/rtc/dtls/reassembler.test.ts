import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type HandshakeFragment,
  parseHandshakeFragments,
  writeHandshake,
  writeHandshakeFragment,
} from "./handshake.ts";
import {
  MAX_MESSAGE_BYTES,
  MAX_MESSAGES_AHEAD,
  MAX_PENDING_BYTES,
  Reassembler,
} from "./reassembler.ts";

const BODY = Uint8Array.from({ length: 300 }, (_, i) => i & 0xff);

function fragment(
  sequence: number,
  offset: number,
  length: number,
  body = BODY,
): HandshakeFragment {
  const [read] =
    parseHandshakeFragments(writeHandshakeFragment(11, sequence, body, offset, length)) ?? [];
  if (read === undefined) throw new Error("not read");
  return read;
}

describe("handshake messages", () => {
  test("come together from pieces in any order, with overlaps and repeats", () => {
    const piece = fc.tuple(fc.nat(299), fc.integer({ min: 1, max: 300 }));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), fc.integer(), (pieces, seed) => {
        const reassembler = new Reassembler();
        const every = Array.from({ length: 30 }, (_, i) => [i * 10, 10] as [number, number]);
        const all = [...pieces, ...every].sort(([a], [b]) => ((a * seed) % 7) - ((b * seed) % 7));
        for (const [offset, length] of all) {
          reassembler.push(fragment(0, offset, Math.min(length, 300 - offset)));
        }
        expect(reassembler.shift()).toEqual({ type: 11, sequence: 0, body: BODY });
        expect(reassembler.shift()).toBeUndefined();
      }),
    );
  });

  test("come in order", () => {
    const reassembler = new Reassembler();
    reassembler.push(fragment(1, 0, 300));
    expect(reassembler.shift()).toBeUndefined();
    reassembler.push(fragment(0, 0, 300));
    expect(reassembler.shift()?.sequence).toBe(0);
    expect(reassembler.shift()?.sequence).toBe(1);
    reassembler.push(fragment(0, 0, 300));
    expect(reassembler.shift()).toBeUndefined();
  });

  test("without contents are whole at once", () => {
    const reassembler = new Reassembler();
    reassembler.push(fragment(0, 0, 0, new Uint8Array()));
    expect(reassembler.shift()?.body).toHaveLength(0);
  });

  test("keep the first copy of a byte", () => {
    const reassembler = new Reassembler();
    reassembler.push(fragment(0, 0, 100));
    reassembler.push(fragment(0, 0, 300, new Uint8Array(300).fill(9)));
    const body = reassembler.shift()?.body;
    expect(body?.[50]).toBe(50);
    expect(body?.[150]).toBe(9);
  });

  test("are limited in length, in number and in all", () => {
    const of = (size: number): HandshakeFragment => fragment(0, 0, 1, new Uint8Array(size));
    const within = (push: HandshakeFragment, rest: HandshakeFragment): boolean => {
      const reassembler = new Reassembler();
      reassembler.push(push);
      reassembler.push(rest);
      return reassembler.shift() !== undefined;
    };
    const rest = (size: number): HandshakeFragment =>
      fragment(0, 1, size - 1, new Uint8Array(size));
    expect(within(of(MAX_MESSAGE_BYTES), rest(MAX_MESSAGE_BYTES))).toBe(true);
    expect(within(of(MAX_MESSAGE_BYTES + 1), rest(MAX_MESSAGE_BYTES + 1))).toBe(false);
    const reassembler = new Reassembler();
    for (let i = 1; i <= MAX_MESSAGES_AHEAD + 1; i++) reassembler.push(fragment(i, 0, 300));
    reassembler.push(fragment(0, 0, 300));
    let count = 0;
    while (reassembler.shift() !== undefined) count++;
    expect(count).toBe(MAX_MESSAGES_AHEAD + 1);
    const full = new Reassembler();
    const big = new Uint8Array(MAX_MESSAGE_BYTES);
    for (let i = 0; i < MAX_PENDING_BYTES / MAX_MESSAGE_BYTES; i++)
      full.push(fragment(i + 1, 0, 1, big));
    full.push(fragment(0, 0, 300));
    expect(full.shift()).toBeUndefined();
  });
});

test("fragments that do not fill their record are refused as a whole", () => {
  const bytes = writeHandshake(11, 0, BODY);
  for (let length = 1; length < bytes.length; length++) {
    expect(parseHandshakeFragments(bytes.subarray(0, length))).toBeUndefined();
  }
  expect(parseHandshakeFragments(new Uint8Array())).toEqual([]);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (any) => {
      const reassembler = new Reassembler();
      for (const one of parseHandshakeFragments(any) ?? []) reassembler.push(one);
      reassembler.shift();
    }),
  );
});
