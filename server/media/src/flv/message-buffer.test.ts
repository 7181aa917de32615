import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteQueue } from "./byte-queue.ts";
import { MessageBuffer } from "./message-buffer.ts";

describe("MessageBuffer", () => {
  it("reserves no more than twice what came, whatever length was declared", () => {
    const queue = new ByteQueue();
    const message = new MessageBuffer(16_000_000);
    let received = 0;
    for (let index = 0; index < 200; index++) {
      queue.push(new Uint8Array(1000));
      received += message.fill(queue, 1000);
      expect(message.allocatedBytes).toBeLessThanOrEqual(Math.max(4096, received * 2));
    }
    expect(received).toBe(200_000);
    expect(message.done).toBe(false);
  });

  it("takes a message that came in one piece in one go", () => {
    const queue = new ByteQueue();
    queue.push(Uint8Array.of(1, 2, 3, 4));
    const message = new MessageBuffer(3);
    expect(message.fill(queue, 10)).toBe(3);
    expect(message.bytes).toEqual(Uint8Array.of(1, 2, 3));
    expect(queue.length).toBe(1);
  });

  it.each([
    [50, true],
    [49, false],
  ])("of %d bytes in a piece of 100 is the piece itself: %s", (length, shared) => {
    const piece = new Uint8Array(100).map((_, index) => index);
    const queue = new ByteQueue();
    queue.push(piece);
    queue.skip(10);
    const message = new MessageBuffer(length);
    expect(message.fill(queue, length)).toBe(length);
    expect(message.done).toBe(true);
    expect(message.bytes).toEqual(piece.slice(10, 10 + length));
    expect(message.bytes.buffer === piece.buffer).toBe(shared);
    expect(message.bytes.buffer.byteLength).toBeLessThanOrEqual(length * 2);
    expect(queue.length).toBe(90 - length);
  });

  it("that came in two pieces is copied", () => {
    const queue = new ByteQueue();
    queue.push(Uint8Array.of(1, 2));
    queue.push(Uint8Array.of(3));
    const message = new MessageBuffer(3);
    expect(message.fill(queue, 3)).toBe(3);
    expect(message.bytes).toEqual(Uint8Array.of(1, 2, 3));
    expect(message.bytes.buffer.byteLength).toBe(3);
  });

  it("of no bytes takes nothing", () => {
    const queue = new ByteQueue();
    expect(queue.takeWhole(0)).toBeUndefined();
    const message = new MessageBuffer(0);
    expect([message.done, message.fill(queue, 10), message.bytes.length]).toEqual([true, 0, 0]);
  });

  it("gives back what was pushed, however it was cut", () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 200 });
    fc.assert(
      fc.property(
        pieces,
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }),
        (parts, sizes) => {
          const whole = Buffer.concat(parts);
          const queue = new ByteQueue();
          for (const part of parts) queue.push(part);
          expect(queue.length).toBe(whole.length);
          expect(queue.peek(whole.length)).toBeUndefined();
          if (whole.length > 0) expect(queue.peek(whole.length - 1)).toBe(whole.at(-1));
          const out: Uint8Array[] = [];
          for (let at = 0; queue.length > 0; at++) {
            const size = sizes[at % sizes.length] ?? 1;
            const message = new MessageBuffer(Math.min(size, queue.length));
            message.fill(queue, size);
            out.push(message.bytes);
          }
          expect(Buffer.concat(out).equals(whole)).toBe(true);
        },
      ),
    );
  });

  it("skips and clears", () => {
    const queue = new ByteQueue();
    queue.push(Uint8Array.of(1, 2));
    queue.push(Uint8Array.of(3));
    expect(queue.skip(2)).toBe(2);
    expect(queue.peek(0)).toBe(3);
    expect(queue.skip(5)).toBe(1);
    queue.push(Uint8Array.of(9));
    queue.clear();
    expect(queue.length).toBe(0);
  });
});
