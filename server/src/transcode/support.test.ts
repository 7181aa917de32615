import { describe, expect, it } from "vitest";
import { audioInfo, videoInfo } from "../core/test-frames.ts";
import { defaultTranscodeLimits } from "./limits.ts";
import { loadOf, refusalOf } from "./support.ts";

const all = { decoders: new Set(["aac", "h264"]), encoders: new Set(["opus", "h264"]) };
const opus = { kind: "audio", codec: "opus" } as const;
const inOrder = { kind: "video", codec: "h264", reorder: false } as const;

describe("refusalOf", () => {
  const refusal = (
    source: Parameters<typeof refusalOf>[0],
    target: Parameters<typeof refusalOf>[1],
    abilities = all,
  ): string | undefined => refusalOf(source, target, abilities, defaultTranscodeLimits);

  it("names what is missing", () => {
    expect(refusal(audioInfo(), opus)).toBeUndefined();
    expect(refusal(videoInfo(), inOrder)).toBeUndefined();
    expect(refusal(audioInfo({ codec: "speex" }), opus)).toBe("CODEC_UNSUPPORTED");
    expect(refusal(videoInfo(), opus)).toBe("CODEC_UNSUPPORTED");
    expect(refusal(audioInfo(), opus, { ...all, encoders: new Set() })).toBe("NO_TRANSCODER");
  });

  it("refuses pictures above maxPixels and takes them at it", () => {
    expect(refusal(videoInfo({ width: 4096, height: 2304 }), inOrder)).toBeUndefined();
    expect(refusal(videoInfo({ width: 4097, height: 2304 }), inOrder)).toBe("PICTURE_TOO_LARGE");
  });
});

describe("loadOf", () => {
  it("grows with the picture", () => {
    expect(loadOf(audioInfo())).toBe(1);
    expect(loadOf(videoInfo())).toBe(25);
    expect(loadOf(videoInfo({ width: 0, height: 0 }))).toBe(25);
    expect(loadOf(videoInfo({ width: 1920, height: 1080 }))).toBe(56);
    expect(loadOf(videoInfo({ width: 160, height: 90 }))).toBe(5);
  });
});
