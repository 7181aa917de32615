import fc from "fast-check";
import { expect, test } from "vitest";
import { FrameReader } from "./frame-reader.ts";

function framed(...frames: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    frames.flatMap((frame) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(frame.length, 0);
      return [length, Buffer.from(frame)];
    }),
  );
}

function read(maxFrameBytes: number, chunks: readonly Uint8Array[]): string[] | undefined {
  const frames: string[] = [];
  const reader = new FrameReader(maxFrameBytes, (frame) => frames.push(frame.toString("hex")) > 0);
  for (const chunk of chunks) if (!reader.push(Buffer.from(chunk))) return undefined;
  return frames;
}

const FRAMES = [Uint8Array.of(1), new Uint8Array(), Uint8Array.of(2, 3, 4), Uint8Array.of(5, 6)];
const EXPECTED = ["01", "020304", "0506"];

test("frames come out whole, however the bytes are split", () => {
  const bytes = framed(...FRAMES);
  expect(read(10, [bytes])).toEqual(EXPECTED);
  expect(
    read(
      10,
      [...bytes].map((byte) => Uint8Array.of(byte)),
    ),
  ).toEqual(EXPECTED);
  for (let at = 0; at <= bytes.length; at++) {
    expect(read(10, [bytes.subarray(0, at), bytes.subarray(at)])).toEqual(EXPECTED);
    for (let next = at; next <= bytes.length; next++) {
      const parts = [bytes.subarray(0, at), bytes.subarray(at, next), bytes.subarray(next)];
      expect(read(10, parts)).toEqual(EXPECTED);
    }
  }
});

test("a frame of the greatest length is taken; one byte more is not, also when it comes in pieces", () => {
  const bytes = framed(new Uint8Array(10).fill(7));
  expect(read(10, [bytes])).toEqual(["07".repeat(10)]);
  expect(read(9, [bytes])).toBeUndefined();
  for (let at = 0; at <= 2; at++) {
    expect(read(9, [bytes.subarray(0, at), bytes.subarray(at)])).toBeUndefined();
  }
});

test("nothing more is handed out once the sink has enough", () => {
  const seen: number[] = [];
  const reader = new FrameReader(10, (frame) => {
    seen.push(frame[0] ?? 0);
    return seen.length < 2;
  });
  expect(reader.push(framed(Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)))).toBe(true);
  expect(seen).toEqual([1, 2]);
});

test("arbitrary bytes in arbitrary pieces give the same as in one piece", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 }),
      fc.array(fc.nat(400), { maxLength: 10 }),
      (frames, cuts) => {
        const bytes = framed(...frames);
        const sorted = [...cuts.filter((cut) => cut < bytes.length), bytes.length].sort(
          (a, b) => a - b,
        );
        let from = 0;
        const chunks = sorted.map((to) => {
          const chunk = bytes.subarray(from, to);
          from = to;
          return chunk;
        });
        expect(read(40, chunks)).toEqual(
          frames
            .filter((frame) => frame.length > 0)
            .map((frame) => Buffer.from(frame).toString("hex")),
        );
      },
    ),
  );
});
