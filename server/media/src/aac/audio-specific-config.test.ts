import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BitWriter } from "../bits/index.ts";
import { ProtocolError } from "../error/index.ts";
import {
  aacCodecString,
  audioTrackInfoFromAsc,
  maxAudioSpecificConfigBytes,
  parseAudioSpecificConfig,
  writeAudioSpecificConfig,
} from "./audio-specific-config.ts";
import { maxSampleRate, sampleRates } from "./sample-rate.ts";

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

/** An AudioSpecificConfig from "value:bits" fields. */
function made(...fields: string[]): Uint8Array {
  const bits = new BitWriter();
  for (const field of fields.join(" ").split(" ")) {
    const [value, count] = field.split(":").map(Number);
    bits.bits(value ?? 0, count ?? 0);
  }
  return bits.bytes();
}

/** From FLV files of ffmpeg and GStreamer (figures by ffprobe), and the well-known HE-AAC ones. */
const configs = [
  ["ffmpeg LC 44.1 kHz stereo", "121056e500", "mp4a.40.2", 44_100, 2],
  ["ffmpeg LC 48 kHz mono", "118856e500", "mp4a.40.2", 48_000, 1],
  ["ffmpeg LC 48 kHz 5.1", "11b056e500", "mp4a.40.2", 48_000, 6],
  ["ffmpeg LC 32 kHz stereo", "129056e500", "mp4a.40.2", 32_000, 2],
  ["ffmpeg LC 96 kHz 7.1", "103856e500", "mp4a.40.2", 96_000, 8],
  [
    "ffmpeg LC quadro with a program config element",
    "118004c4040021100d4c61766335392e33372e31303056e500",
    "mp4a.40.2",
    48_000,
    4,
  ],
  ["GStreamer LC 22.05 kHz mono", "1388", "mp4a.40.2", 22_050, 1],
  ["HE-AAC, explicit", "2b920800", "mp4a.40.5", 44_100, 2],
  ["HE-AAC, backward compatible", "139056e5a0", "mp4a.40.5", 44_100, 2],
  ["HE-AAC v2, explicit", "eb8a0800", "mp4a.40.29", 44_100, 2],
  ["HE-AAC v2, backward compatible", "138856e5a54880", "mp4a.40.29", 44_100, 2],
] as const;

describe("parseAudioSpecificConfig", () => {
  it.each(configs)("reads %s", (_, text, codecString, sampleRate, channels) => {
    const config = hex(text);
    expect(audioTrackInfoFromAsc(config)).toEqual({
      kind: "audio",
      codec: "aac",
      config,
      codecString,
      sampleRate,
      channels,
    });
    expect(parseAudioSpecificConfig(config).objectType).toBe(2);
  });

  it("tells the core codec from what SBR and PS make of it", () => {
    for (const text of ["eb8a0800", "138856e5a54880"]) {
      expect(parseAudioSpecificConfig(hex(text))).toEqual({
        objectType: 2,
        sampleRate: 22_050,
        channelConfiguration: 1,
        channels: 1,
        samplesPerFrame: 1024,
        sbr: true,
        ps: true,
        outputSampleRate: 44_100,
      });
    }
  });

  it("reads a sample rate that is written out, and frames of 960 samples", () => {
    const config = made("2:5 15:4 12345:24 2:4", "1:1 0:1 0:1");
    expect(parseAudioSpecificConfig(config)).toMatchObject({
      sampleRate: 12_345,
      samplesPerFrame: 960,
    });
    // At this place 1024 samples and the core coder delay that shifts the sync extension.
    const delayed = made("2:5 7:4 2:4", "0:1 1:1 77:14 0:1", "695:11 5:5 1:1 4:4");
    expect(parseAudioSpecificConfig(delayed)).toMatchObject({
      sbr: true,
      outputSampleRate: 44_100,
    });
  });

  it("finds what stands behind a program config element and its comment", () => {
    const quadro = hex("118004c4040021100d4c61766335392e33372e31303056e580");
    const he = { channels: 4, sbr: true, sampleRate: 48_000, outputSampleRate: 96_000 };
    expect(parseAudioSpecificConfig(quadro)).toMatchObject(he);
  });

  it("reads escaped and error resilient object types", () => {
    const usac = made("31:5 10:6 3:4 2:4 0:16");
    expect(parseAudioSpecificConfig(usac)).toMatchObject({ objectType: 42, sampleRate: 48_000 });
    expect(aacCodecString(parseAudioSpecificConfig(usac))).toBe("mp4a.40.42");
    const lowDelay = made("23:5 3:4 2:4", "0:1 0:1 1:1 0:3 0:1 0:2");
    expect(parseAudioSpecificConfig(lowDelay)).toMatchObject({
      objectType: 23,
      samplesPerFrame: 512,
    });
    const bsac = made("22:5 3:4 2:4", "0:1 0:1 1:1 0:16 0:1 0:2");
    expect(parseAudioSpecificConfig(bsac)).toMatchObject({ objectType: 22, channels: 2 });
    const scalable = made("6:5 3:4 2:4", "0:1 0:1 0:1 5:3", "695:11 5:5 1:1 0:4");
    expect(parseAudioSpecificConfig(scalable)).toMatchObject({ outputSampleRate: 96_000 });
  });

  it("refuses what makes no sense", () => {
    expect(codeOf(() => parseAudioSpecificConfig(hex("")))).toBe("BITS_EXHAUSTED");
    expect(codeOf(() => parseAudioSpecificConfig(hex("12")))).toBe("BITS_EXHAUSTED");
    expect(codeOf(() => parseAudioSpecificConfig(made("2:5 13:4 2:4 0:3")))).toBe(
      "AAC_SAMPLE_RATE",
    );
    expect(codeOf(() => parseAudioSpecificConfig(made("2:5 3:4 8:4 0:3")))).toBe("AAC_CHANNELS");
    expect(codeOf(() => parseAudioSpecificConfig(made("42:6 3:4 0:4 0:16")))).toBeDefined();
    const noChannels = made("2:5 3:4 0:4 0:3", "0:10 0:4 0:4 0:4 0:2 0:3 0:4 0:3 0:8 0:8");
    expect(codeOf(() => parseAudioSpecificConfig(noChannels))).toBe("AAC_CHANNELS");
  });

  it("holds its limits", () => {
    const rate = (value: number): Uint8Array => made(`2:5 15:4 ${value}:24 2:4 0:3`);
    expect(parseAudioSpecificConfig(rate(maxSampleRate)).sampleRate).toBe(maxSampleRate);
    expect(codeOf(() => parseAudioSpecificConfig(rate(maxSampleRate + 1)))).toBe("AAC_SAMPLE_RATE");
    expect(codeOf(() => parseAudioSpecificConfig(rate(0)))).toBe("AAC_SAMPLE_RATE");
    const padded = (size: number): Uint8Array =>
      Uint8Array.of(0x12, 0x10, ...new Uint8Array(size - 2));
    expect(
      codeOf(() => parseAudioSpecificConfig(padded(maxAudioSpecificConfigBytes))),
    ).toBeUndefined();
    expect(codeOf(() => parseAudioSpecificConfig(padded(maxAudioSpecificConfigBytes + 1)))).toBe(
      "AAC_CONFIG_TOO_LARGE",
    );
  });

  it("gives a result or a ProtocolError for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        codeOf(() => parseAudioSpecificConfig(bytes));
      }),
      { numRuns: 2000 },
    );
  });
});

describe("writeAudioSpecificConfig", () => {
  it("writes the known ones", () => {
    const lc = { objectType: 2, sampleRate: 44_100, channelConfiguration: 2 };
    expect(writeAudioSpecificConfig(lc)).toEqual(hex("1210"));
    const half = { ...lc, sampleRate: 22_050 };
    expect(writeAudioSpecificConfig({ ...half, sbr: true })).toEqual(hex("2b920800"));
    expect(writeAudioSpecificConfig({ ...half, channelConfiguration: 1, ps: true })).toEqual(
      hex("eb8a0800"),
    );
  });

  it("reads what it writes", () => {
    const fields = fc.record({
      objectType: fc.integer({ min: 1, max: 4 }),
      sampleRate: fc.oneof(fc.constantFrom(...sampleRates), fc.integer({ min: 1, max: 96_000 })),
      channelConfiguration: fc.constantFrom(1, 2, 3, 4, 5, 6, 7, 11, 12, 14),
      samplesPerFrame: fc.constantFrom(960, 1024),
      sbr: fc.boolean(),
    });
    fc.assert(
      fc.property(fields, (wanted) => {
        const parsed = parseAudioSpecificConfig(writeAudioSpecificConfig(wanted));
        expect(parsed).toMatchObject(wanted);
        expect(parsed.outputSampleRate).toBe(wanted.sampleRate * (wanted.sbr ? 2 : 1));
        expect(parseAudioSpecificConfig(writeAudioSpecificConfig(parsed))).toEqual(parsed);
      }),
    );
  });

  it("refuses what it has no words for", () => {
    const lc = { objectType: 2, sampleRate: 44_100, channelConfiguration: 2 };
    for (const wrong of [
      { objectType: 5 },
      { channelConfiguration: 0 },
      { samplesPerFrame: 512 },
    ]) {
      expect(() => writeAudioSpecificConfig({ ...lc, ...wrong })).toThrow(RangeError);
    }
  });
});
