import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProtocolError } from "../error/index.ts";
import {
  audioTrackInfoForOpus,
  audioTrackInfoFromOpusHead,
  maxOpusPacketUs,
  parseOpusIdHeader,
  parseOpusPacket,
  writeOpusIdHeader,
} from "./index.ts";

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
}

describe("parseOpusPacket", () => {
  /** RFC 6716 table 2: durations by configuration. */
  const durations = [
    ...[10, 20, 40, 60, 10, 20, 40, 60, 10, 20, 40, 60],
    ...[10, 20, 10, 20],
    ...[2.5, 5, 10, 20, 2.5, 5, 10, 20, 2.5, 5, 10, 20, 2.5, 5, 10, 20],
  ];

  it("knows all 32 configurations", () => {
    for (const [config, ms] of durations.entries()) {
      const info = parseOpusPacket(Uint8Array.of(config << 3, 1, 2));
      expect(info).toEqual({
        config,
        mode: config < 12 ? "silk" : config < 16 ? "hybrid" : "celt",
        stereo: false,
        frames: 1,
        frameUs: ms * 1000,
        durationUs: ms * 1000,
        samples: ms * 48,
      });
    }
  });

  it.each([
    // GStreamer opusenc frame-size=60; ffmpeg libopus.
    ["fb03fffefffefffe", { stereo: false, frames: 3, samples: 2880, mode: "celt" }],
    ["fcffb8ff26ff31ff1d", { stereo: true, frames: 1, samples: 960, mode: "celt" }],
    ["fc7f01", { stereo: true, frames: 1, samples: 960, mode: "celt" }],
    ["f8fffe", { stereo: false, frames: 1, samples: 960, mode: "celt" }],
    ["78", { stereo: false, frames: 1, samples: 960, mode: "hybrid" }],
    ["f90102", { frames: 2, samples: 1920 }],
    ["fa010203", { frames: 2, samples: 1920 }],
    ["fb06", { frames: 6, samples: 5760 }],
    ["e3b0", { frames: 48, samples: 5760 }],
    ["1b02", { frames: 2, samples: 5760, mode: "silk" }],
  ])("reads %s", (text, wanted) => {
    expect(parseOpusPacket(hex(text))).toMatchObject(wanted);
  });

  it("refuses packets that break RFC 6716 section 3.2", () => {
    for (const text of ["", "f901", "fa", "fb", "fb00", "fb07", "1b03", "e3b1"]) {
      expect(codeOf(() => parseOpusPacket(hex(text)))).toBe("OPUS_PACKET");
    }
  });

  it("gives a duration within the limit or a ProtocolError for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 10 }), (bytes) => {
        if (codeOf(() => parseOpusPacket(bytes)) !== undefined) return;
        const info = parseOpusPacket(bytes);
        expect(info.durationUs).toBeGreaterThanOrEqual(2500);
        expect(info.durationUs).toBeLessThanOrEqual(maxOpusPacketUs);
        expect(info.samples * 1000).toBe(info.durationUs * 48);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("identification header", () => {
  /** ffmpeg's libopus: stereo, 312 samples to skip. */
  const stereo = hex("4f707573486561640102380180bb0000000000");
  /** ffmpeg's libopus: 5.1 in Vorbis order. */
  const surround = hex("4f707573486561640106380180bb00000000010402000401020305");

  it("is read and written byte for byte", () => {
    expect(parseOpusIdHeader(stereo)).toEqual({
      channels: 2,
      preSkip: 312,
      inputSampleRate: 48_000,
      outputGain: 0,
      mappingFamily: 0,
      mapping: undefined,
    });
    expect(parseOpusIdHeader(surround)).toMatchObject({
      channels: 6,
      mappingFamily: 1,
      mapping: { streams: 4, coupledStreams: 2, table: Uint8Array.of(0, 4, 1, 2, 3, 5) },
    });
    for (const bytes of [stereo, surround]) {
      expect(writeOpusIdHeader(parseOpusIdHeader(bytes))).toEqual(bytes);
    }
  });

  it("makes track information", () => {
    expect(audioTrackInfoFromOpusHead(stereo)).toEqual({
      kind: "audio",
      codec: "opus",
      config: stereo,
      codecString: "opus",
      sampleRate: 48_000,
      channels: 2,
    });
    expect(audioTrackInfoForOpus(1).channels).toBe(1);
    expect(parseOpusIdHeader(audioTrackInfoForOpus(2).config)).toMatchObject({
      channels: 2,
      preSkip: 0,
    });
  });

  it("takes another minor version and bytes behind the header", () => {
    expect(parseOpusIdHeader(Uint8Array.of(...stereo.with(8, 15), 1, 2)).channels).toBe(2);
  });

  it("refuses what is none", () => {
    for (const whole of [stereo, surround]) {
      for (let size = 0; size < whole.byteLength; size += 1) {
        expect(codeOf(() => parseOpusIdHeader(whole.subarray(0, size)))).toBe(
          "OPUS_HEAD_TRUNCATED",
        );
      }
    }
    expect(codeOf(() => parseOpusIdHeader(stereo.with(7, 0x53)))).toBe("OPUS_HEAD_MAGIC");
    expect(codeOf(() => parseOpusIdHeader(stereo.with(8, 16)))).toBe("OPUS_HEAD_VERSION");
    expect(codeOf(() => parseOpusIdHeader(stereo.with(9, 0)))).toBe("OPUS_HEAD_CHANNELS");
    expect(codeOf(() => parseOpusIdHeader(stereo.with(9, 3)))).toBe("OPUS_HEAD_CHANNELS");
    expect(codeOf(() => parseOpusIdHeader(surround.with(19, 0)))).toBe("OPUS_HEAD_CHANNELS");
    expect(codeOf(() => parseOpusIdHeader(surround.with(20, 5)))).toBe("OPUS_HEAD_CHANNELS");
  });

  it("refuses to write what does not fit", () => {
    const header = parseOpusIdHeader(stereo);
    for (const wrong of [
      { channels: 3 },
      { channels: 0 },
      { preSkip: 65_536 },
      { inputSampleRate: -1 },
      { outputGain: 32_768 },
      { mappingFamily: 1 },
    ]) {
      expect(() => writeOpusIdHeader({ ...header, ...wrong })).toThrow(RangeError);
    }
  });

  it("reads what it writes", () => {
    const header = fc.record({
      channels: fc.integer({ min: 1, max: 2 }),
      preSkip: fc.nat(65_535),
      inputSampleRate: fc.nat(192_000),
      outputGain: fc.integer({ min: -32_768, max: 32_767 }),
      mappingFamily: fc.constant(0),
      mapping: fc.constant(undefined),
    });
    fc.assert(
      fc.property(header, (wanted) => {
        expect(parseOpusIdHeader(writeOpusIdHeader(wanted))).toEqual(wanted);
      }),
    );
  });

  it("gives a result or a ProtocolError for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 30 }), (bytes) => {
        codeOf(() => parseOpusIdHeader(Uint8Array.of(...stereo.subarray(0, 8), ...bytes)));
      }),
    );
  });
});
