import { describe, expect, it } from "vitest";
import { opusInfo, otherVideoInfo, plainAudioInfo } from "./codec-info.ts";
import { parseHevcConfig } from "./hvcc.ts";
import { mp3Sound } from "./mp3-header.ts";

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "hex"));

/** From libx265 by ffmpeg 5.1, its SEI array left out. */
const hvcC =
  "0101600000009000000000001ef000fcfdf8f800000f03200001001840010c01ffff01600000030090000003000003001e959809210001002842010101600000030090000003000003001ea020810596566924caf016808000000300800000050422000100074401c172b42240";

describe("configurations that this folder reads itself", () => {
  it("HEVC: codec string and parameter sets", () => {
    const parsed = parseHevcConfig(hex(hvcC));
    expect(parsed.codecString).toBe("hvc1.1.6.L30.90");
    expect(parsed.lengthSize).toBe(4);
    expect(parsed.parameterSets.map((set) => (set[0] ?? 0) >> 1)).toEqual([32, 33, 34]);
  });

  it("HEVC: other profile spaces, tiers and constraints", () => {
    const record = hex(hvcC);
    record[1] = 0x40 | 0x20 | 4;
    record.set(hex("080000009d0800000000"), 2);
    record[12] = 0x99;
    expect(parseHevcConfig(record).codecString).toBe("hvc1.A4.10.H153.9D.8");
  });

  it("HEVC: says 4-byte lengths whatever it came with", () => {
    const record = hex(hvcC);
    record[21] = 0x0c;
    expect(parseHevcConfig(record).lengthSize).toBe(1);
    const info = otherVideoInfo("h265", record);
    expect(info.config[21]).toBe(0x0f);
    expect(record[21]).toBe(0x0c);
  });

  it("HEVC: refuses every record that is cut off", () => {
    const record = hex(hvcC);
    for (let size = 0; size < record.length; size++) {
      expect(() => parseHevcConfig(record.subarray(0, size))).toThrow(
        expect.objectContaining({ code: "HEVC_CONFIG_INVALID" }),
      );
    }
  });

  it.each([
    ["av1", "81000c000a0a00000002afff9b5f2008", "av01.0.00M.08"],
    ["av1", "8128c000", "av01.1.08H.10"],
    ["vp9", "01000000000a820202020000", "vp09.00.10.08"],
    ["vp9", "021fa2020202", "vp09.02.31.10"],
    ["vp8", "", "vp8"],
  ] as const)("%s %s is %s", (codec, config, codecString) => {
    expect(otherVideoInfo(codec, hex(config))).toMatchObject({ codec, codecString, width: 0 });
  });

  it.each([
    ["av1", "0100", "AV1_CONFIG_INVALID"],
    ["vp9", "01", "VP9_CONFIG_INVALID"],
  ] as const)("%s %s is refused", (codec, config, code) => {
    expect(() => otherVideoInfo(codec, hex(config))).toThrow(expect.objectContaining({ code }));
  });

  it("Opus: channels from the identification header, comment header ignored", () => {
    const head = hex("4f707573486561640102380180bb0000000000");
    expect(opusInfo(head)).toMatchObject({ codec: "opus", sampleRate: 48_000, channels: 2 });
    expect(opusInfo(new TextEncoder().encode("OpusTags"))).toBeUndefined();
    expect(() => opusInfo(head.subarray(0, 18))).toThrow(
      expect.objectContaining({ code: "OPUS_CONFIG_INVALID" }),
    );
  });

  it.each([
    ["MPEG-1, 44.1 kHz, joint stereo", "fffb5064", { sampleRate: 44_100, channels: 2 }],
    ["MPEG-1, 48 kHz, mono", "fffb94c4", { sampleRate: 48_000, channels: 1 }],
    ["MPEG-2, 22.05 kHz", "fff35000", { sampleRate: 22_050, channels: 2 }],
    ["MPEG-2.5, 8 kHz", "ffe358c0", { sampleRate: 8_000, channels: 1 }],
    ["a reserved version", "ffeb5064", undefined],
    ["layer II", "fffd5064", undefined],
    ["a reserved rate", "fffb5c64", undefined],
    ["no header", "00000000", undefined],
    ["nothing", "", undefined],
  ])("MP3: %s", (_name, header, expected) => {
    expect(mp3Sound(hex(header))).toEqual(expected);
  });

  it("MP3: the frame is believed before the tag, the tag where there is no header", () => {
    const sound = { sampleRate: 11_025, channels: 1 };
    expect(plainAudioInfo("mp3", hex("fffb94c4"), sound)).toMatchObject({ sampleRate: 48_000 });
    expect(plainAudioInfo("mp3", hex("00"), sound)).toMatchObject(sound);
    expect(plainAudioInfo("mp3", hex("00"), undefined)).toBeUndefined();
  });
});
