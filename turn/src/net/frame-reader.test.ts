import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameError } from "./frame-error.ts";
import { FrameReader } from "./frame-reader.ts";

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");

/** A Binding request, ChannelData of 5 bytes with padding, an empty one, and an Allocate with an attribute. */
const frames = [
  hex("0001 0000 2112a442 000102030405060708090a0b"),
  hex("4000 0005 6162636465 000000"),
  hex("7ffe 0000"),
  hex("0003 0008 2112a442 0b0a09080706050403020100 0019 0004 11000000"),
  hex("4fff 0004 01020304"),
];
const stream = Buffer.concat(frames);

function read(chunks: readonly Uint8Array[], maxFrameBytes = 1_000): string[] {
  const reader = new FrameReader(maxFrameBytes);
  const messages: Buffer[] = [];
  // Views: what follows must not change what was handed over.
  for (const chunk of chunks) reader.push(chunk, (message) => messages.push(Buffer.from(message)));
  expect(reader.waitingBytes).toBeLessThanOrEqual(maxFrameBytes);
  return messages.map((message) => message.toString("hex"));
}

const expected = frames.map((frame) => frame.toString("hex"));

describe("FrameReader", () => {
  it("cuts a stream that comes at once or byte by byte", () => {
    expect(read([stream])).toEqual(expected);
    expect(read([...stream].map((byte) => Uint8Array.of(byte)))).toEqual(expected);
    expect(read([new Uint8Array(), stream, new Uint8Array()])).toEqual(expected);
  });

  it("cuts a stream that is split at any two bytes", () => {
    for (let first = 0; first <= stream.length; first++) {
      for (let second = first; second <= stream.length; second++) {
        const chunks = [
          stream.subarray(0, first),
          stream.subarray(first, second),
          stream.subarray(second),
        ];
        expect(read(chunks)).toEqual(expected);
      }
    }
  });

  it.each(["80000000", "ffffffff", "00010001", "00010003", "3fff0002"])(
    "takes %s for no message",
    (start) => {
      expect(() => read([hex(start)])).toThrow(FrameError);
      expect(() => read([...hex(start)].map((byte) => Uint8Array.of(byte)))).toThrow(FrameError);
    },
  );

  it("takes messages up to the limit, padding included", () => {
    const longest = Buffer.concat([hex("4000 000b"), Buffer.alloc(12)]);
    expect(read([longest], 16)).toHaveLength(1);
    expect(() => read([hex("4000 000d")], 16)).toThrow("20 bytes");
    expect(() => read([hex("0001 0004")], 20)).toThrow(FrameError);
  });

  it("gives messages or FrameError for any bytes, and the same for any split", () => {
    const result = (chunks: readonly Uint8Array[]): unknown => {
      const messages: string[] = [];
      const reader = new FrameReader(500);
      try {
        for (const chunk of chunks) {
          reader.push(chunk, (message) => messages.push(Buffer.from(message).toString("hex")));
        }
      } catch (error) {
        expect(error).toBeInstanceOf(FrameError);
        return [messages, (error as FrameError).code];
      }
      return [messages, reader.waitingBytes];
    };
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.array(fc.constantFrom(...frames), { maxLength: 6 }).map((list) => Buffer.concat(list)),
    );
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(60), { maxLength: 6 }), (all, cuts) => {
        const points = [0, ...cuts.map((cut) => Math.min(cut, all.length)).sort((a, b) => a - b)];
        const chunks = points.map((point, at) => all.subarray(point, points[at + 1] ?? all.length));
        expect(result(chunks)).toEqual(result([all]));
      }),
    );
  });
});
