import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProtocolError } from "../error/index.ts";
import {
  ascFromAdts,
  fitsAdts,
  maxAdtsFrameBytes,
  parseAdtsHeader,
  writeAdtsHeader,
} from "./adts.ts";
import { type AdtsFrame, AdtsReader } from "./adts-reader.ts";
import { parseAudioSpecificConfig } from "./audio-specific-config.ts";

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));
const lc = parseAudioSpecificConfig(hex("1188"));

/** ffmpeg, 48 kHz mono silence: a frame of 21 bytes with the encoder's name, then eight of 4. */
const first = "de02004c61766335392e33372e313030000230400e";
const silence = "01182007";
const stream = hex(`fff14c40039ffc${first}${`fff14c40017ffc${silence}`.repeat(8)}`);
const expected = [first, ...new Array<string>(8).fill(silence)];

/** GStreamer voaacenc: MPEG-2 ADTS, 44.1 kHz stereo. */
const gstreamerHeader = hex("fff9508005dffc");

const texts = (frames: readonly AdtsFrame[]): string[] =>
  frames.map(({ data }) => Buffer.from(data).toString("hex"));

function readAll(pieces: readonly Uint8Array[]): AdtsFrame[] {
  const reader = new AdtsReader();
  const frames = pieces.flatMap((piece) => reader.receive(piece));
  return [...frames, ...reader.end()];
}

const join = (...parts: readonly Uint8Array[]): Uint8Array =>
  Uint8Array.of(...parts.flatMap((p) => [...p]));
const frame = (data: Uint8Array): Uint8Array => join(writeAdtsHeader(lc, data.byteLength), data);

describe("ADTS header", () => {
  it("is read from ffmpeg and GStreamer", () => {
    expect(parseAdtsHeader(stream)).toEqual({
      objectType: 2,
      sampleRate: 48_000,
      channelConfiguration: 1,
      headerBytes: 7,
      frameBytes: 28,
      blocks: 1,
    });
    expect(parseAdtsHeader(gstreamerHeader)).toMatchObject({
      objectType: 2,
      sampleRate: 44_100,
      channelConfiguration: 2,
      frameBytes: 46,
    });
  });

  it("gives the AudioSpecificConfig", () => {
    const header = parseAdtsHeader(gstreamerHeader);
    expect(header && ascFromAdts(header)).toEqual(hex("1210"));
    expect(header && ascFromAdts({ ...header, channelConfiguration: 0 })).toBeUndefined();
  });

  it("is undefined for what is none", () => {
    for (const text of [
      "fff14c40017f", // short
      "fef14c40017ffc", // no sync
      "fff54c40017ffc", // layer
      "fff17440017ffc", // sample rate 13
      "fff14c4000fffc", // frame of 7 bytes
      "fff04c40013ffc", // frame of 9 bytes with CRC
    ]) {
      expect(parseAdtsHeader(hex(text))).toBeUndefined();
    }
    expect(parseAdtsHeader(hex("fff04c40015ffc"))).toMatchObject({
      headerBytes: 9,
      frameBytes: 10,
    });
  });

  it("is written as ffmpeg writes it", () => {
    expect(writeAdtsHeader(lc, 4)).toEqual(hex("fff14c40017ffc"));
    expect(writeAdtsHeader(lc, 21)).toEqual(hex("fff14c40039ffc"));
  });

  it("is written up to 8,191 bytes, for configurations that fit", () => {
    const dataBytes = maxAdtsFrameBytes - 7;
    expect(parseAdtsHeader(writeAdtsHeader(lc, dataBytes))?.frameBytes).toBe(maxAdtsFrameBytes);
    expect(() => writeAdtsHeader(lc, dataBytes + 1)).toThrow(RangeError);
    for (const wrong of [
      { channelConfiguration: 11 },
      { sampleRate: 12_345 },
      { samplesPerFrame: 960 },
      { objectType: 23 },
    ]) {
      expect(fitsAdts({ ...lc, ...wrong })).toBe(false);
      expect(() => writeAdtsHeader({ ...lc, ...wrong }, 4)).toThrow(RangeError);
    }
    const he = parseAudioSpecificConfig(hex("2b920800"));
    expect(parseAdtsHeader(writeAdtsHeader(he, 4))).toMatchObject({
      objectType: 2,
      sampleRate: 22_050,
    });
  });
});

describe("AdtsReader", () => {
  it("gives the same access units wherever the stream is split", () => {
    expect(texts(readAll([stream]))).toEqual(expected);
    for (let at = 0; at <= stream.byteLength; at += 1) {
      expect(texts(readAll([stream.subarray(0, at), stream.subarray(at)]))).toEqual(expected);
    }
    expect(texts(readAll([...stream].map((byte) => Uint8Array.of(byte))))).toEqual(expected);
  });

  it("gives a frame as soon as it is whole once it is in step", () => {
    const reader = new AdtsReader();
    expect(reader.receive(stream.subarray(0, 34))).toEqual([]);
    expect(texts(reader.receive(stream.subarray(34, 35)))).toEqual([first]);
    expect(texts(reader.receive(stream.subarray(35, 39)))).toEqual([silence]);
    expect(texts(reader.receive(stream.subarray(39, 50)))).toEqual([silence]);
  });

  it("finds its way into the middle of a stream and past damage", () => {
    const damaged = join(
      stream.subarray(5, 50),
      hex("aaff"),
      stream.subarray(50, 72),
      hex("ff"),
      stream.subarray(72),
    );
    for (let at = 0; at <= damaged.byteLength; at += 1) {
      const reader = new AdtsReader();
      const frames = [
        ...reader.receive(damaged.subarray(0, at)),
        ...reader.receive(damaged.subarray(at)),
        ...reader.end(),
      ];
      expect(texts(frames)).toEqual(new Array<string>(8).fill(silence));
      expect(reader.skippedBytes).toBe(23 + 2 + 1);
    }
  });

  it("does not take a header that stands in the middle of other bytes for a frame", () => {
    const fake = join(hex("fff14c40017ffc0102030405"), stream);
    expect(texts(readAll([fake]))).toEqual(expected);
  });

  it("leaves the CRC out", () => {
    const protectedFrame = hex("fff04c4001bffc9999aabbccdd");
    expect(texts(readAll([join(protectedFrame, protectedFrame)]))).toEqual([
      "aabbccdd",
      "aabbccdd",
    ]);
  });

  it("refuses frames of several access units", () => {
    const twoBlocks = hex("fff14c40017ffd01182007");
    expect(() => readAll([twoBlocks, twoBlocks])).toThrow(
      expect.objectContaining({ code: "ADTS_MULTIPLE_BLOCKS" }),
    );
  });

  it("keeps a frame of the largest size and copies it", () => {
    const data = new Uint8Array(maxAdtsFrameBytes - 7).fill(0x55);
    const bytes = join(frame(data), frame(data), frame(data));
    const frames = readAll([bytes]);
    bytes.fill(0);
    expect(frames.map((f) => f.data)).toEqual([data, data, data]);
  });

  it("drops a frame that is cut off at the end, and starts afresh", () => {
    const reader = new AdtsReader();
    expect(texts(reader.receive(stream.subarray(0, -1)))).toEqual(expected.slice(0, -1));
    expect(reader.end()).toEqual([]);
    expect(reader.skippedBytes).toBe(10);
    expect(texts([...reader.receive(stream), ...reader.end()])).toEqual(expected);
  });

  it("reads what is written, in pieces of any size", () => {
    const datas = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), {
      minLength: 1,
      maxLength: 20,
    });
    const cuts = fc.array(fc.nat(400), { maxLength: 40 });
    fc.assert(
      fc.property(datas, cuts, (list, sizes) => {
        const bytes = join(...list.map(frame));
        const pieces: Uint8Array[] = [];
        let at = 0;
        for (const size of sizes) {
          pieces.push(bytes.subarray(at, at + size));
          at += size;
        }
        pieces.push(bytes.subarray(at));
        expect(readAll(pieces).map((f) => f.data)).toEqual(list);
      }),
    );
  });

  it("gives a result or a ProtocolError for any bytes", () => {
    const byte = fc.oneof(fc.constant(0xff), fc.constant(0xf1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(fc.array(byte, { maxLength: 60 }), { maxLength: 10 }), (pieces) => {
        try {
          readAll(pieces.map((piece) => Uint8Array.of(...piece)));
        } catch (error) {
          if (!(error instanceof ProtocolError)) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });
});
