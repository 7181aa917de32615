import { describe, expect, it } from "vitest";
import type { AudioTrackInfo, VideoTrackInfo } from "../frame/index.ts";
import {
  audioSampleLength,
  fmp4CodecString,
  fmp4Timescale,
  isFmp4Codec,
  isFmp4Ready,
} from "./track.ts";

const sound = (change: Partial<AudioTrackInfo>): AudioTrackInfo => ({
  kind: "audio",
  codec: "aac",
  config: Uint8Array.of(0x11, 0x90),
  codecString: "mp4a.40.2",
  sampleRate: 48_000,
  channels: 2,
  ...change,
});
const picture = (change: Partial<VideoTrackInfo>): VideoTrackInfo => ({
  kind: "video",
  codec: "h264",
  config: Uint8Array.of(1, 0x64, 0x00, 0x28),
  codecString: "avc1.640028",
  width: 0,
  height: 0,
  reorderDepth: undefined,
  ...change,
});
const frame = (...bytes: number[]) => ({
  ptsUs: 0,
  dtsUs: 0,
  key: true,
  payload: [Uint8Array.from(bytes)],
});

describe("tracks of fMP4", () => {
  it("are of codecs that have a sample entry", () => {
    expect(
      ["h264", "h265", "av1", "vp9", "aac", "opus", "mp3"].every((c) => isFmp4Codec(c as "h264")),
    ).toBe(true);
    expect(["vp8", "speex", "g711a", "g711u", "jpeg"].some((c) => isFmp4Codec(c as "vp8"))).toBe(
      false,
    );
  });

  it("need a configuration where the sample entry has one", () => {
    const empty = new Uint8Array(0);
    expect(isFmp4Ready(picture({}))).toBe(true);
    expect(isFmp4Ready(picture({ config: empty }))).toBe(false);
    expect(isFmp4Ready(sound({ config: empty }))).toBe(false);
    expect(isFmp4Ready(sound({ codec: "opus", config: empty }))).toBe(true);
    expect(isFmp4Ready(sound({ codec: "mp3", config: empty }))).toBe(true);
    expect(isFmp4Ready(sound({ codec: "speex" }))).toBe(false);
  });

  it.each([
    [picture({}), 90_000, "avc1.640028"],
    [picture({ codecString: "avc1" }), 90_000, "avc1.640028"],
    [picture({ codec: "h265", codecString: "hvc1.1.6.L93.90" }), 90_000, "hvc1.1.6.L93.90"],
    [picture({ codec: "vp9", codecString: "vp09.00.31.08" }), 90_000, "vp09.00.31.08"],
    [sound({ sampleRate: 44_100 }), 44_100, "mp4a.40.2"],
    [sound({ codec: "opus", sampleRate: 16_000 }), 48_000, "opus"],
    [sound({ codec: "mp3", sampleRate: 44_100 }), 44_100, "mp4a.6B"],
    [sound({ codec: "mp3", sampleRate: 22_050 }), 22_050, "mp4a.69"],
  ])("%# have a timescale and a codec string", (info, timescale, codecString) => {
    expect(fmp4Timescale(info)).toBe(timescale);
    expect(fmp4CodecString(info)).toBe(codecString);
  });

  it.each([
    ["AAC", sound({}), frame(), 1024],
    [
      "HE-AAC at 48 kHz with a core of 24 kHz",
      sound({ config: Uint8Array.of(0x2b, 0x11, 0x88, 0x00), sampleRate: 48_000 }),
      frame(),
      2048,
    ],
    ["Opus of 20 ms", sound({ codec: "opus" }), frame(0xfc, 1, 2), 960],
    ["Opus of 60 ms", sound({ codec: "opus" }), frame(0x18, 1), 2880],
    ["MP3 of MPEG-1", sound({ codec: "mp3", sampleRate: 44_100 }), frame(), 1152],
    ["MP3 of MPEG-2", sound({ codec: "mp3", sampleRate: 24_000 }), frame(), 576],
  ])("%s: samples of the right length", (_name, info, sample, ticks) => {
    expect(audioSampleLength(info)(sample)).toBe(ticks);
  });

  it("refuse sound that cannot be read or carried", () => {
    expect(() => audioSampleLength(sound({ codec: "speex" }))).toThrow(RangeError);
    expect(() => audioSampleLength(sound({ codec: "opus" }))(frame())).toThrow(
      expect.objectContaining({ code: "OPUS_PACKET" }),
    );
  });
});
