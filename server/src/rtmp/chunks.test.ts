import { ByteQueue } from "@millrace/media/flv";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProtocolError } from "../core/errors.ts";
import { ChunkReader } from "./chunk-reader.ts";
import { ChunkWriter } from "./chunk-writer.ts";
import { defaultSessionLimits, type RtmpSessionLimits } from "./limits.ts";
import { MessageType, type RtmpMessage } from "./message.ts";
import { u32 } from "./test-client.ts";

const hex = (text: string): Uint8Array =>
  Uint8Array.from(Buffer.from(text.replace(/\s/g, ""), "hex"));

interface Setup {
  readonly input: ByteQueue;
  readonly reader: ChunkReader;
}

function setup(limits: Partial<RtmpSessionLimits> = {}, mediaAllowed = true): Setup {
  const input = new ByteQueue();
  const reader = new ChunkReader(input, { ...defaultSessionLimits, ...limits });
  reader.mediaAllowed = mediaAllowed;
  return { input, reader };
}

function read(parts: readonly Uint8Array[], { input, reader }: Setup = setup()): RtmpMessage[] {
  const messages: RtmpMessage[] = [];
  for (const part of parts) {
    input.push(part);
    for (let message = reader.next(); message !== undefined; message = reader.next()) {
      messages.push(message);
    }
  }
  return messages;
}

const times = (messages: readonly RtmpMessage[]): number[] =>
  messages.map(({ timestampMs }) => timestampMs);
const body = (size: number, first = 0): Uint8Array =>
  Uint8Array.from({ length: size }, (_, index) => first + index);
const setChunkSize = (size: number): Uint8Array =>
  Buffer.concat([hex("02 000000 000004 01 00000000"), u32(size)]);

describe("ChunkReader", () => {
  it.each([
    ["one byte", "03", "83"],
    ["one byte, highest", "3f", "bf"],
    ["two bytes, lowest", "00 00", "80 00"],
    ["two bytes, highest", "00 ff", "80 ff"],
    ["three bytes", "01 00 01", "81 00 01"],
    ["three bytes, highest", "01 ff ff", "81 ff ff"],
  ])("knows chunk streams of %s", (_name, id, again) => {
    const messages = read([hex(`${id} 00000a 000001 09 01000000 aa ${again} 000005 bb`)]);
    expect(messages).toEqual([
      { type: 9, streamId: 1, timestampMs: 10, payload: hex("aa") },
      { type: 9, streamId: 1, timestampMs: 15, payload: hex("bb") },
    ]);
  });

  it("keeps chunk streams 64 and 320 apart, whose low bytes are the same", () => {
    const bytes = hex(
      "00 00 00000a 000001 09 01000000 aa 01 00 01 000014 000001 08 01000000 bb 80 00 000001 cc",
    );
    expect(read([bytes]).map(({ type, timestampMs }) => [type, timestampMs])).toEqual([
      [9, 10],
      [8, 20],
      [9, 11],
    ]);
  });

  it("reads all four header types", () => {
    const bytes = hex(`
      04 0003e8 000002 08 01000000 aaaa
      44 000014 000001 09 bb
      84 00000a cc
      c4 dd
      c4 ee`);
    const messages = read([bytes]);
    expect(times(messages)).toEqual([1000, 1020, 1030, 1040, 1050]);
    expect(messages.map(({ type }) => type)).toEqual([8, 9, 9, 9, 9]);
    expect(messages.every(({ streamId }) => streamId === 1)).toBe(true);
  });

  it("adds type 0's own time where a new message is of type 3", () => {
    expect(times(read([hex("04 000064 000001 08 01000000 aa c4 bb c4 cc")]))).toEqual([
      100, 200, 300,
    ]);
  });

  it("reads message streams low byte first", () => {
    const [message] = read([hex("04 000000 000000 08 04030201")]);
    expect(message).toMatchObject({ streamId: 0x0102_0304, payload: new Uint8Array(0) });
  });

  it("joins chunks of 128 bytes and of the size that the peer set", () => {
    const long = body(300);
    const first = Buffer.concat([
      hex("04 000000 00012c 08 01000000"),
      long.subarray(0, 128),
      hex("c4"),
      long.subarray(128, 256),
      hex("c4"),
      long.subarray(256),
    ]);
    const second = Buffer.concat([hex("04 000000 00012c 08 01000000"), long]);
    const messages = read([first, setChunkSize(300), second]);
    expect(messages.map(({ payload }) => payload)).toEqual([long, long]);
  });

  it("puts interleaved messages together", () => {
    const audio = body(200, 1);
    const video = body(200, 50);
    const bytes = Buffer.concat([
      hex("06 000000 0000c8 09 01000000"),
      video.subarray(0, 128),
      hex("04 000000 0000c8 08 01000000"),
      audio.subarray(0, 128),
      hex("c6"),
      video.subarray(128),
      hex("c4"),
      audio.subarray(128),
    ]);
    expect(read([bytes]).map(({ type, payload }) => [type, payload])).toEqual([
      [9, video],
      [8, audio],
    ]);
  });

  it("obeys a new chunk size between the chunks of another message", () => {
    const video = body(300);
    const bytes = Buffer.concat([
      hex("06 000000 00012c 09 01000000"),
      video.subarray(0, 128),
      setChunkSize(10),
      hex("c6"),
      video.subarray(128, 138),
      setChunkSize(1000),
      hex("c6"),
      video.subarray(138),
    ]);
    expect(read([bytes])[0]?.payload).toEqual(video);
  });

  it("drops what was aborted", () => {
    const bytes = Buffer.concat([
      hex("06 000000 00012c 09 01000000"),
      body(128),
      hex("02 000000 000004 02 00000000 00000006"),
      hex("06 000005 000001 09 01000000 aa"),
      hex("42 000000 000004 02 00000009"),
    ]);
    const state = setup();
    expect(read([bytes], state)).toEqual([
      { type: 9, streamId: 1, timestampMs: 5, payload: hex("aa") },
    ]);
    expect(state.reader.pendingBytes).toBe(0);
  });

  describe("extended timestamps", () => {
    const late = "04 ffffff 000001 08 01000000 01020304";

    it("are read in all types", () => {
      const bytes = hex(
        `${late} aa 44 ffffff 000001 08 01000000 bb 84 ffffff 00ffffff cc 84 000001 dd c4 ee`,
      );
      expect(times(read([bytes]))).toEqual([
        0x0102_0304, 0x0202_0304, 0x0302_0303, 0x0302_0304, 0x0302_0305,
      ]);
    });

    it("wrap at 32 bits", () => {
      expect(times(read([hex("04 ffffff 000001 08 01000000 ffffffff aa 84 000003 bb")]))).toEqual([
        0xffff_ffff, 2,
      ]);
    });

    const payload = body(200, 7);
    const head = hex("06 ffffff 0000c8 09 01000000 01020304");
    it.each([
      ["repeated in type 3 chunks", hex("c6 01020304")],
      ["not repeated", hex("c6")],
    ])("are understood when %s", (_name, between) => {
      const bytes = Buffer.concat([head, payload.subarray(0, 128), between, payload.subarray(128)]);
      const after = hex("84 000001 09");
      expect(read([bytes])[0]).toMatchObject({ timestampMs: 0x0102_0304, payload });
      expect(after).toHaveLength(5);
    });

    it("are understood in the tail of a message when the peer is known not to repeat them", () => {
      const short = body(130);
      const message = Buffer.concat([
        hex("06 ffffff 000082 09 01000000 01020304"),
        short.subarray(0, 128),
        hex("c6"),
        short.subarray(128),
      ]);
      const learned = Buffer.concat([
        head,
        payload.subarray(0, 128),
        hex("c6"),
        payload.subarray(128),
      ]);
      const messages = read([learned, message]);
      expect(messages.map((item) => item.payload)).toEqual([payload, short]);
    });

    it("of a new message of type 3 are read and added", () => {
      expect(times(read([hex("06 ffffff 000001 09 01000000 01000000 aa c6 01000000 bb")]))).toEqual(
        [0x0100_0000, 0x0200_0000],
      );
    });
  });

  it("takes aggregates apart and moves their times", () => {
    const inner = hex(`
      08 000001 0003e8 00 000000 aa 0000000c
      09 000002 0003fc 00 000000 bbcc 0000000d
      12 000000 0003fd 00 000000`);
    const bytes = Buffer.concat([
      Uint8Array.of(4),
      hex("001388 0000"),
      Uint8Array.of(inner.length),
      hex("16 01000000"),
      inner,
    ]);
    expect(read([bytes])).toEqual([
      { type: 8, streamId: 1, timestampMs: 5000, payload: hex("aa") },
      { type: 9, streamId: 1, timestampMs: 5020, payload: hex("bbcc") },
      { type: 18, streamId: 1, timestampMs: 5021, payload: new Uint8Array(0) },
    ]);
  });

  it.each([
    [
      "an aggregate in an aggregate",
      "04 000000 00000f 16 01000000 16 000000 000000 00 000000 00000000",
      "RTMP_AGGREGATE_INVALID",
    ],
    [
      "an aggregate with a header cut off",
      "04 000000 000003 16 01000000 080000",
      "RTMP_AGGREGATE_INVALID",
    ],
    [
      "an aggregate with a body cut off",
      "04 000000 00000b 16 01000000 08 000001 000000 00 000000",
      "RTMP_AGGREGATE_INVALID",
    ],
    ["a chunk stream that begins with type 2", "84 000000", "RTMP_CHUNK_INVALID"],
    ["a chunk stream that begins with type 3", "c4", "RTMP_CHUNK_INVALID"],
    ["a chunk size of 0", "02 000000 000004 01 00000000 00000000", "RTMP_CHUNK_SIZE_INVALID"],
    [
      "a chunk size with its first bit set",
      "02 000000 000004 01 00000000 80000000",
      "RTMP_CHUNK_SIZE_INVALID",
    ],
    ["a chunk size that is cut off", "02 000000 000003 01 00000000 000000", "RTMP_CONTROL_INVALID"],
    ["an abort that is cut off", "02 000000 000003 02 00000000 000000", "RTMP_CONTROL_INVALID"],
  ])("refuses %s", (_name, bytes, code) => {
    expect(() => read([hex(bytes)])).toThrow(expect.objectContaining({ code }));
  });

  it("refuses a new message where the last one is unfinished", () => {
    const bytes = Buffer.concat([
      hex("06 000000 00012c 09 01000000"),
      body(128),
      hex("06 000000 000001 09 01000000"),
    ]);
    expect(() => read([bytes])).toThrow(expect.objectContaining({ code: "RTMP_CHUNK_INVALID" }));
  });

  describe("limits", () => {
    const header = (type: number, length: number): Uint8Array =>
      Uint8Array.of(4, 0, 0, 0, length >>> 16, length >>> 8, length, type, 1, 0, 0, 0);

    it("maxChunkSize", () => {
      const limits = { maxChunkSize: 65_536 };
      expect(read([setChunkSize(65_536)], setup(limits))).toEqual([]);
      expect(() => read([setChunkSize(65_537)], setup(limits))).toThrow(
        expect.objectContaining({ code: "RTMP_CHUNK_TOO_LARGE" }),
      );
      expect(() => read([setChunkSize(0x7fff_ffff)])).toThrow(
        expect.objectContaining({ code: "RTMP_CHUNK_TOO_LARGE" }),
      );
    });

    it.each([
      ["maxMessageBytes for video of a publisher", MessageType.video, true, 1000],
      ["maxMessageBytes for aggregates of a publisher", MessageType.aggregate, true, 1000],
      ["maxCommandBytes for metadata", MessageType.data, true, 100],
      ["maxCommandBytes for unknown types", 99, true, 100],
      ["maxCommandBytes for video of who does not publish", MessageType.video, false, 100],
    ])("%s", (_name, type, mediaAllowed, max) => {
      const limits = { maxMessageBytes: 1000, maxCommandBytes: 100 };
      expect(read([header(type, max)], setup(limits, mediaAllowed))).toEqual([]);
      expect(() => read([header(type, max + 1)], setup(limits, mediaAllowed))).toThrow(
        expect.objectContaining({ code: "RTMP_MESSAGE_TOO_LARGE" }),
      );
    });

    it("maxChunkStreams", () => {
      const open = (id: number): Uint8Array =>
        hex(`${id.toString(16).padStart(2, "0")} 000000 000000 08 01000000`);
      const state = setup({ maxChunkStreams: 3 });
      expect(read([open(3), open(4), open(5)], state)).toHaveLength(3);
      expect(() => read([open(6)], state)).toThrow(
        expect.objectContaining({ code: "RTMP_CHUNK_STREAMS_TOO_MANY" }),
      );
    });

    it("maxPendingBytes, and no memory for what was only announced", () => {
      const state = setup({ maxPendingBytes: 20_000, maxChunkStreams: 64 });
      const part = (id: number): Uint8Array =>
        Buffer.concat([Uint8Array.of(id), hex("000000 700000 09 01000000"), new Uint8Array(128)]);
      read([part(3), part(4), part(5), part(6)], state);
      expect(state.reader.pendingBytes).toBe(4 * 4096);
      expect(() => read([part(7)], state)).toThrow(
        expect.objectContaining({ code: "RTMP_PENDING_TOO_LARGE" }),
      );
    });
  });
});

describe("ChunkWriter and ChunkReader", () => {
  interface Sent {
    readonly lane: number;
    readonly type: number;
    readonly streamId: number;
    readonly timestampMs: number;
    readonly payload: Uint8Array;
  }

  function write(size: number, list: readonly Sent[]): Uint8Array {
    const writer = new ChunkWriter();
    const out: Uint8Array[] = [setChunkSize(size)];
    writer.setChunkSize(size);
    for (const { lane, type, streamId, timestampMs, payload } of list) {
      writer.write(out, lane, type, streamId, timestampMs, payload);
    }
    return Buffer.concat(out);
  }

  const strip = (list: readonly Sent[]): RtmpMessage[] =>
    list.map(({ type, streamId, timestampMs, payload }) => ({
      type,
      streamId,
      timestampMs,
      payload,
    }));

  /** Large payloads are slow to compare as arrays. */
  const printed = (messages: readonly RtmpMessage[]): readonly string[] =>
    messages.map(
      ({ type, streamId, timestampMs, payload }) =>
        `${type} ${streamId} ${timestampMs} ${Buffer.from(payload).toString("base64")}`,
    );

  it("agree for every chunk size, messages around it included", () => {
    for (const size of [1, 2, 3, 127, 128, 129, 1000, 4096, 65_535, 65_536]) {
      const list = [0, 1, size - 1, size, size + 1, 2 * size, 2 * size + 1].map(
        (length, index) => ({
          lane: 4 + (index % 2),
          type: 8 + (index % 2),
          streamId: 1,
          timestampMs: index * 20,
          payload: body(Math.max(0, length), index),
        }),
      );
      expect(printed(read([write(size, list)]))).toEqual(printed(strip(list)));
    }
  });

  it("agree for every way to cut the bytes in two", () => {
    const list = [0, 130, 5, 300].map((length, index) => ({
      lane: 4 + (index % 2),
      type: 9,
      streamId: 1,
      timestampMs: 0xff_fff0 + index * 20,
      payload: body(length),
    }));
    const bytes = write(100, list);
    for (let at = 0; at <= bytes.length; at++) {
      const messages = read([bytes.subarray(0, at), bytes.subarray(at)]);
      expect(printed(messages)).toEqual(printed(strip(list)));
    }
    expect(read(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(strip(list));
  });

  it("agree for any messages, chunk size, times and split", () => {
    const message = fc.record({
      lane: fc.integer({ min: 3, max: 8 }),
      type: fc.constantFrom(8, 9, 18, 20),
      streamId: fc.constantFrom(0, 1, 0xffff_ffff),
      timestampMs: fc.oneof(fc.nat(100_000), fc.integer({ min: 0, max: 0xffff_ffff })),
      payload: fc.uint8Array({ maxLength: 400 }),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.array(message, { maxLength: 12 }),
        fc.integer({ min: 1, max: 600 }),
        (size, list, step) => {
          const bytes = write(size, list);
          const parts: Uint8Array[] = [];
          for (let at = 0; at < bytes.length; at += step) parts.push(bytes.subarray(at, at + step));
          expect(read(parts)).toEqual(strip(list));
        },
      ),
      { numRuns: 500 },
    );
  });

  it("writes bodies without copying them", () => {
    const writer = new ChunkWriter();
    writer.setChunkSize(100);
    const payload = body(150);
    const out: Uint8Array[] = [];
    writer.write(out, 6, 9, 1, 0, payload);
    expect(out).toHaveLength(4);
    expect(out[1]?.buffer).toBe(payload.buffer);
    expect(out[3]?.buffer).toBe(payload.buffer);
  });
});

describe("arbitrary bytes", () => {
  it("give messages or a ProtocolError, and hold no more than was sent allows", () => {
    const likely = fc.constantFrom(
      0x02,
      0x03,
      0x04,
      0x44,
      0x84,
      0xc4,
      0xc3,
      0x00,
      0x01,
      0xff,
      0x08,
      0x09,
      0x16,
    );
    const bytes = fc.array(fc.oneof(likely, fc.constant(0), fc.nat(255)), { maxLength: 600 });
    fc.assert(
      fc.property(bytes, fc.integer({ min: 1, max: 50 }), (list, step) => {
        const state = setup();
        const input = Uint8Array.from(list);
        try {
          for (let at = 0; at < input.length; at += step)
            read([input.subarray(at, at + step)], state);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
        expect(state.reader.pendingBytes).toBeLessThanOrEqual(64 * 4096);
      }),
      { numRuns: 2000 },
    );
  });
});
