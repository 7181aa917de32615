import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Block } from "./block.ts";
import { BlockChain } from "./block-chain.ts";
import { dechunk, messagesOf } from "./test-flv.ts";

const place = { endBytes: 0, endFrames: 0, endUs: 0 };
const ofSize = (size: number) => new Block([new Uint8Array(size).fill(7)], place);

describe("a block", () => {
  test.each([
    [1, "310d0a070d0a", "820107"],
    [16, `31300d0a${"07".repeat(16)}0d0a`, `8210${"07".repeat(16)}`],
  ])("of %d bytes as a chunk and as a message", (size, chunk, message) => {
    expect(ofSize(size).bytes("chunked").toString("hex")).toBe(chunk);
    expect(ofSize(size).bytes("websocket").toString("hex")).toBe(message);
    expect(ofSize(size).bytes("raw").toString("hex")).toBe("07".repeat(size));
  });

  test.each([
    [125, "827d"],
    [126, "827e007e"],
    [65_535, "827effff"],
    [65_536, "827f0000000000010000"],
  ])("of %d bytes has the shortest message header that fits", (size, header) => {
    const message = ofSize(size).bytes("websocket");
    expect(message.subarray(0, header.length / 2).toString("hex")).toBe(header);
    expect(message.length).toBe(header.length / 2 + size);
  });

  test("gives everybody the same bytes", () => {
    const block = ofSize(100);
    for (const wire of ["raw", "chunked", "websocket"] as const) {
      expect(block.bytes(wire)).toBe(block.bytes(wire));
    }
    expect(block.bytes("raw").buffer).toBe(block.bytes("chunked").buffer);
  });

  test("is what readers of every wire read, joined and cut anywhere", () => {
    const tags = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { minLength: 1 });
    fc.assert(
      fc.property(fc.array(tags, { minLength: 1 }), (groups) => {
        const blocks = groups.map((group) => new Block(group, place));
        const whole = Buffer.concat(groups.flat());
        const joined = (wire: "chunked" | "websocket" | "raw") =>
          Buffer.concat(blocks.map((block) => block.bytes(wire)));
        expect(joined("raw")).toEqual(whole);
        expect(dechunk(joined("chunked")).data).toEqual(whole);
        const messages = messagesOf(joined("websocket"));
        expect(messages.length).toBe(groups.length);
        expect(Buffer.concat(messages.map(({ data }) => data))).toEqual(whole);
      }),
    );
  });
});

describe("the chain", () => {
  const tag = (size: number) => [new Uint8Array(size)];

  test("counts bytes, frames and time along the stream", () => {
    const chain = new BlockChain({ maxGroupBytes: 1000, maxGroupMs: 1000 });
    chain.append(tag(10), 2, 5000);
    chain.beginGroup(6000, []);
    expect(chain.tail.place).toEqual({ endBytes: 10, endFrames: 2, endUs: 6000 });
    chain.append(tag(20), 1, 6000);
    expect(chain.tail.place).toEqual({ endBytes: 30, endFrames: 3, endUs: 6000 });
    expect(chain.group?.start.next).toBe(chain.tail);
    expect(chain.group?.start.group).toBe(0);
  });

  test("keeps a group up to its limit of bytes", () => {
    const chain = new BlockChain({ maxGroupBytes: 100, maxGroupMs: 1000 });
    chain.beginGroup(0, []);
    chain.append(tag(100), 1, 0);
    expect(chain.group).toBeDefined();
    chain.append(tag(1), 1, 0);
    expect(chain.group).toBeUndefined();
    chain.beginGroup(10, []);
    expect(chain.group?.index).toBe(1);
  });

  test("keeps a group up to its limit of time", () => {
    const chain = new BlockChain({ maxGroupBytes: 100, maxGroupMs: 1000 });
    chain.beginGroup(0, []);
    chain.append(tag(1), 1, 1_000_000);
    expect(chain.group).toBeDefined();
    chain.append(tag(1), 1, 1_000_001);
    expect(chain.group).toBeUndefined();
  });
});
