import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProtocolError } from "../error/index.ts";
import type { AudioTrackInfo, VideoTrackInfo } from "../frame/index.ts";
import { type Fmp4Run, writeChunk } from "./chunk.ts";
import { findBox, maxBoxes, readBoxes, readChunk } from "./reader.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const video: VideoTrackInfo = {
  kind: "video",
  codec: "h264",
  config: Uint8Array.of(1, 0x42, 0xe0, 0x1f),
  codecString: "avc1.42e01f",
  width: 64,
  height: 48,
  reorderDepth: 0,
};
const audio: AudioTrackInfo = {
  kind: "audio",
  codec: "opus",
  config: new Uint8Array(0),
  codecString: "opus",
  sampleRate: 48_000,
  channels: 2,
};
const videoTrack = { id: 1, info: video, timescale: 90_000 };
const audioTrack = { id: 2, info: audio, timescale: 48_000 };

const bothRuns: readonly Fmp4Run[] = [
  {
    track: videoTrack,
    decodeTime: 2 ** 32 + 5,
    samples: [
      { duration: 3000, compositionOffset: 6000, key: true, payload: [Uint8Array.of(0x65, 1)] },
      {
        duration: 3003,
        compositionOffset: -1,
        key: false,
        payload: [Uint8Array.of(0x06), Uint8Array.of(0x41, 2)],
      },
    ],
  },
  {
    track: audioTrack,
    decodeTime: 960,
    samples: [{ duration: 960, compositionOffset: 0, key: true, payload: [Uint8Array.of(0xfc)] }],
  },
];

describe("writeChunk", () => {
  it("writes moof and mdat, byte for byte", () => {
    expect(hex(writeChunk(9, bothRuns))).toBe(
      [
        "000000c8" + "6d6f6f66", // moof
        "00000010" + "6d666864" + "00000000" + "00000009", // mfhd
        "00000064" + "74726166", // traf
        "00000014" + "74666864" + "00020020" + "00000001" + "01010000", // tfhd
        "00000014" + "74666474" + "01000000" + "0000000100000005", // tfdt
        "00000034" + "7472756e" + "01000f01" + "00000002" + "000000d0", // trun
        "00000bb8" + "00000006" + "02000000" + "00001770",
        "00000bbb" + "0000000b" + "01010000" + "ffffffff",
        "0000004c" + "74726166",
        "00000014" + "74666864" + "00020020" + "00000002" + "02000000",
        "00000014" + "74666474" + "01000000" + "00000000000003c0",
        "0000001c" + "7472756e" + "00000301" + "00000001" + "000000e1",
        "000003c0" + "00000001",
        "0000001a" + "6d646174", // mdat
        "00000002" + "6501" + "00000001" + "06" + "00000002" + "4102" + "fc",
      ].join(""),
    );
  });

  it("leaves the temporal delimiter of AV1 out", () => {
    const info: VideoTrackInfo = { ...video, codec: "av1" };
    const sample = { duration: 1, compositionOffset: 0, key: true };
    const chunk = writeChunk(1, [
      {
        track: { ...videoTrack, info },
        decodeTime: 0,
        samples: [
          { ...sample, payload: [Uint8Array.of(0x12, 0x00, 0x0a, 0x01, 0xff)] },
          { ...sample, payload: [Uint8Array.of(0x32, 0x00)] },
        ],
      },
    ]);
    expect(readChunk(chunk).runs[0]?.samples.map(({ data }) => hex(data))).toEqual([
      "0a01ff",
      "3200",
    ]);
  });

  it("is read as it was written", () => {
    const sample = fc.record({
      duration: fc.nat(2 ** 32 - 1),
      compositionOffset: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      key: fc.boolean(),
      payload: fc.tuple(fc.uint8Array({ maxLength: 20 })),
    });
    const wanted = fc.record({
      decodeTime: fc.nat(Number.MAX_SAFE_INTEGER),
      samples: fc.array(sample, { minLength: 1, maxLength: 5 }),
    });
    fc.assert(
      fc.property(wanted, fc.nat(2 ** 32 - 1), ({ decodeTime, samples }, sequence) => {
        const info: VideoTrackInfo = { ...video, codec: "vp9" };
        const run = { track: { ...videoTrack, info }, decodeTime, samples };
        expect(readChunk(writeChunk(sequence, [run]))).toEqual({
          sequence,
          runs: [
            {
              trackId: 1,
              decodeTime,
              samples: samples.map(({ payload: [data], ...rest }) => ({ ...rest, data })),
            },
          ],
        });
      }),
    );
  });
});

describe("readChunk", () => {
  const code = (bytes: Uint8Array): string | undefined => {
    try {
      readChunk(bytes);
      return undefined;
    } catch (error) {
      if (error instanceof ProtocolError) return error.code;
      throw error;
    }
  };

  it("refuses every chunk that is cut off", () => {
    const whole = writeChunk(9, bothRuns);
    for (let size = 0; size < whole.byteLength; size++) {
      expect(code(whole.subarray(0, size))).toBe("FMP4_INVALID");
    }
  });

  it("gives a result or a ProtocolError for any change of a chunk", () => {
    const whole = writeChunk(9, bothRuns);
    const changes = fc.array(fc.tuple(fc.nat(whole.byteLength - 1), fc.nat(255)), { maxLength: 6 });
    fc.assert(
      fc.property(changes, (list) => {
        const bytes = whole.slice();
        for (const [at, value] of list) bytes[at] = value;
        code(bytes);
      }),
    );
  });

  it("gives a result or a ProtocolError for any bytes", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => void code(bytes)));
  });

  it("has a limit on boxes and on samples", () => {
    const box = Uint8Array.of(0, 0, 0, 8, 0x66, 0x72, 0x65, 0x65);
    const many = new Uint8Array(8 * (maxBoxes + 1));
    for (let at = 0; at < many.byteLength; at += 8) many.set(box, at);
    expect(readBoxes(many.subarray(8))).toHaveLength(maxBoxes);
    expect(() => readBoxes(many)).toThrow(expect.objectContaining({ code: "FMP4_TOO_LARGE" }));
    const chunk = writeChunk(1, bothRuns);
    const run = findBox(chunk, "moof/traf/trun");
    new DataView(chunk.buffer, run.byteOffset).setUint32(4, 65_537);
    expect(code(chunk)).toBe("FMP4_TOO_LARGE");
  });
});
