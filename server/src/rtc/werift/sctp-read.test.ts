import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { crc32c } from "./crc32c.ts";
import {
  MAX_CHUNKS,
  MAX_SCTP_PACKET_BYTES,
  readData,
  readForwardTsn,
  readInit,
  readParameters,
  readSack,
  readSctpPacket,
  type SctpChunk,
} from "./sctp-read.ts";

/** werift's INIT, as it leaves its own client. */
const INIT = Buffer.from(
  "1388138800000000651a9b550100001efc9a76a800100000ffffffff25c5bb14c000000480080006c0820000",
  "hex",
);

function sealed(body: string): Buffer {
  const packet = Buffer.from(`138813880102030400000000${body}`, "hex");
  packet.writeUInt32LE(crc32c(packet, 8, 12), 8);
  return packet;
}

function chunk(type: number, hex: string, flags = 0): SctpChunk {
  return { type, flags, body: Buffer.from(hex, "hex") };
}

describe("a packet", () => {
  test("is read with its chunks, without padding", () => {
    const packet = readSctpPacket(INIT);
    expect(packet?.tag).toBe(0);
    expect(packet?.chunks.map(({ type, body }) => [type, body.length])).toEqual([[1, 26]]);
    const two = readSctpPacket(sealed(`0a000005ff000000${"0b000004"}`));
    expect(two?.tag).toBe(0x01020304);
    expect(two?.chunks.map(({ type, body }) => [type, body.length])).toEqual([
      [10, 1],
      [11, 0],
    ]);
  });

  test("with any wrong bit is none", () => {
    for (let bit = 0; bit < INIT.length * 8; bit++) {
      const changed = Buffer.from(INIT);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(readSctpPacket(changed)).toBeUndefined();
    }
  });

  test.each([
    ["a chunk of length 0", "00000000"],
    ["a chunk of length 3", "00000003"],
    ["a chunk longer than the packet", "0b000008"],
    ["half a chunk header", "0b00"],
  ])("with %s is none", (_name, body) => {
    expect(readSctpPacket(sealed(body))).toBeUndefined();
  });

  test("has at most so many chunks and bytes", () => {
    expect(readSctpPacket(sealed("0b000004".repeat(MAX_CHUNKS)))?.chunks).toHaveLength(MAX_CHUNKS);
    expect(readSctpPacket(sealed("0b000004".repeat(MAX_CHUNKS + 1)))).toBeUndefined();
    const long = (bytes: number): Buffer =>
      sealed(`0400${(bytes - 12).toString(16).padStart(4, "0")}${"00".repeat(bytes - 16)}`);
    expect(readSctpPacket(long(MAX_SCTP_PACKET_BYTES))).toBeDefined();
    expect(readSctpPacket(long(MAX_SCTP_PACKET_BYTES + 4))).toBeUndefined();
  });
});

describe("chunks", () => {
  test("INIT", () => {
    const init = readInit(chunk(1, INIT.subarray(16).toString("hex").slice(0, 52)));
    expect(init).toMatchObject({
      initiateTag: 0xfc9a76a8,
      advertisedRwnd: 1 << 20,
      outboundStreams: 65_535,
      initialTsn: 0x25c5bb14,
    });
    expect(init?.parameters.map(({ type }) => type)).toEqual([0xc000, 0x8008]);
  });

  test.each([
    ["tag 0", `00000000${"00100000"}0001000100000001`],
    ["no streams out", "0000000100100000000000010000000a"],
    ["no streams in", "0000000100100000000100000000000a"],
    ["too short", "00000001001000000001"],
    ["a parameter of length 0", "0000000100100000000100010000000ac0000000"],
  ])("INIT with %s is none", (_name, hex) => {
    expect(readInit(chunk(1, hex))).toBeUndefined();
  });

  test("DATA has at least one byte", () => {
    const head = "00000007000200030000003";
    expect(readData(chunk(0, `${head}3ff`, 3))).toMatchObject({
      tsn: 7,
      streamId: 2,
      ssn: 3,
      ppid: 51,
      flags: 3,
    });
    expect(readData(chunk(0, `${head}3`))).toBeUndefined();
  });

  test("SACK has its gaps in order and apart", () => {
    const sack = (gaps: string, count: number): SctpChunk =>
      chunk(3, `0000000a00010000${count.toString(16).padStart(4, "0")}0000${gaps}`);
    expect(readSack(sack("0002000300050005", 2))?.gaps).toEqual([
      [2, 3],
      [5, 5],
    ]);
    expect(readSack(sack("0003000200050005", 2))).toBeUndefined();
    expect(readSack(sack("0002000500050006", 2))).toBeUndefined();
    expect(readSack(sack("00000001", 1))).toBeUndefined();
    expect(readSack(sack("00020003", 2))).toBeUndefined();
  });

  test("FORWARD-TSN", () => {
    expect(readForwardTsn(chunk(192, "000000090001000200030004"))).toEqual({
      cumulativeTsn: 9,
      streams: [
        [1, 2],
        [3, 4],
      ],
    });
    expect(readForwardTsn(chunk(192, "0000000900"))).toBeUndefined();
  });
});

test("arbitrary bytes give something or nothing, and end", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(255), (bytes, type) => {
      const packet = Buffer.concat([Buffer.alloc(12), bytes]);
      packet.writeUInt32LE(crc32c(packet, 8, 12), 8);
      const read = readSctpPacket(packet);
      for (const one of [...(read?.chunks ?? []), { type, flags: 0, body: bytes }]) {
        readData(one);
        readInit(one);
        readSack(one);
        readForwardTsn(one);
        readParameters(one.body);
      }
    }),
    { numRuns: 1000 },
  );
});
