import { describe, expect, it } from "vitest";
import { audioInfo, videoInfo } from "../core/test-frames.ts";
import { defaultTranscodeLimits } from "./limits.ts";
import { loadOf, refusalOf } from "./support.ts";

const all = {
  decoders: new Set(["aac", "opus", "h264"]),
  encoders: new Set(["opus", "aac", "h264", "jpeg"]),
};
const opus = { kind: "audio", codec: "opus" } as const;
const aac = { kind: "audio", codec: "aac" } as const;
const jpeg = { kind: "video", codec: "jpeg" } as const;
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
    expect(refusal(videoInfo(), jpeg)).toBeUndefined();
    expect(refusal(audioInfo({ codec: "opus" }), aac)).toBeUndefined();
    expect(refusal(audioInfo(), aac)).toBe("CODEC_UNSUPPORTED");
    expect(refusal(audioInfo({ codec: "opus" }), opus)).toBe("CODEC_UNSUPPORTED");
    expect(refusal(videoInfo({ codec: "jpeg" }), jpeg)).toBe("CODEC_UNSUPPORTED");
    expect(refusal(audioInfo(), jpeg)).toBe("CODEC_UNSUPPORTED");
    expect(refusal(videoInfo(), jpeg, { ...all, encoders: new Set() })).toBe("NO_TRANSCODER");
    expect(refusal(audioInfo({ codec: "speex" }), opus)).toBe("CODEC_UNSUPPORTED");
    expect(refusal(videoInfo(), opus)).toBe("CODEC_UNSUPPORTED");
    expect(refusal(audioInfo(), opus, { ...all, encoders: new Set() })).toBe("NO_TRANSCODER");
  });

  it("refuses pictures above maxPixels and takes them at it", () => {
    expect(refusal(videoInfo({ width: 4096, height: 2304 }), inOrder)).toBeUndefined();
    for (const target of [inOrder, jpeg]) {
      const code = refusal(videoInfo({ width: 4097, height: 2304 }), target);
      expect(code).toBe("PICTURE_TOO_LARGE");
    }
  });
});

describe("loadOf", () => {
  it("grows with the picture", () => {
    expect(loadOf(videoInfo(), inOrder)).toBe(25);
    expect(loadOf(videoInfo({ width: 0, height: 0 }), inOrder)).toBe(25);
    expect(loadOf(videoInfo({ width: 1920, height: 1080 }), inOrder)).toBe(56);
    expect(loadOf(videoInfo({ width: 160, height: 90 }), inOrder)).toBe(5);
    expect(loadOf(videoInfo(), jpeg)).toBe(15);
    expect(loadOf(videoInfo({ width: 160, height: 90 }), jpeg)).toBe(5);
  });

  it("knows what sound costs", () => {
    expect(loadOf(audioInfo(), opus)).toBe(1);
    expect(loadOf(audioInfo({ codec: "opus" }), aac)).toBe(3);
  });
});
