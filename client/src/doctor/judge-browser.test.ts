import { describe, expect, it } from "vitest";
import type { Check } from "./check.ts";
import {
  type DecodedFormats,
  judgeAutoplay,
  judgeFormats,
  type PlayOutcome,
} from "./judge-browser.ts";
import { judgeStream, type StreamOutcome } from "./judge-stream.ts";

function brief({ status, code }: Check): string {
  return `${status} ${code}`;
}

describe("codecs", () => {
  const whole: DecodedFormats = {
    webrtc: ["H264", "VP8", "VP9", "AV1", "Opus"],
    mse: "plain",
    nativeHls: false,
    buffered: ["H264", "AV1", "AAC", "Opus"],
  };
  const look = (change: Partial<DecodedFormats>): string[] =>
    judgeFormats({ ...whole, ...change }).map(brief);

  it("all of them well, and named in their order", () => {
    const [webrtc, mse, buffered] = judgeFormats({ ...whole, mse: "managed" });
    expect(webrtc?.message).toContain("H.264, VP8, VP9, AV1, Opus.");
    expect(mse?.message).toContain("Managed Media Source");
    expect(buffered?.message).toContain("H.264, AV1, AAC, Opus.");
  });

  it("H.264 that is missing on one side is a warning, on both a fault", () => {
    expect(look({ webrtc: ["VP8", "Opus"] })[0]).toBe("warn DOCTOR_H264_MISSING");
    expect(look({ buffered: ["VP9", "Opus"] })[2]).toBe("warn DOCTOR_H264_MISSING");
    const neither = look({ webrtc: ["VP8", "Opus"], buffered: ["VP9", "Opus"] });
    expect([neither[0], neither[2]]).toEqual([
      "fail DOCTOR_H264_MISSING",
      "fail DOCTOR_H264_MISSING",
    ]);
  });

  it("no Media Source, no sound, nothing told", () => {
    expect(look({ mse: "none", buffered: [] })).toEqual([
      "ok OK",
      "warn DOCTOR_MSE_MISSING",
      "skipped DOCTOR_MSE_MISSING",
    ]);
    expect(look({ webrtc: ["H264"] })[0]).toBe("warn DOCTOR_SOUND_CODEC_MISSING");
    expect(look({ buffered: ["H264"] })[2]).toBe("warn DOCTOR_SOUND_CODEC_MISSING");
    expect(look({ webrtc: undefined })[0]).toBe("skipped DOCTOR_NOT_KNOWN");
  });
});

it.each<[PlayOutcome, PlayOutcome, readonly string[]]>([
  ["played", "played", ["ok OK", "ok OK"]],
  ["played", "blocked", ["ok OK", "ok DOCTOR_SOUND_WAITS"]],
  ["blocked", "blocked", ["warn DOCTOR_AUTOPLAY_BLOCKED", "ok DOCTOR_SOUND_WAITS"]],
  ["unknown", "unknown", ["skipped DOCTOR_NOT_KNOWN", "skipped DOCTOR_NOT_KNOWN"]],
])("autoplay: %s without sound, %s with it", (muted, sounding, expected) => {
  expect(judgeAutoplay(muted, sounding).map(brief)).toEqual(expected);
});

describe("a stream", () => {
  const good: StreamOutcome = {
    state: "playing",
    firstMs: 300,
    code: "",
    transport: "webrtc",
    switches: ["none→webrtc first-frame"],
    watchedMs: 5000,
    pictures: 150,
    longestGapMs: 260,
    hasVideo: true,
    codecs: ["h264", "opus"],
    latencyMs: 40,
  };
  const look = (change: Partial<StreamOutcome>): string =>
    brief(judgeStream("live/cam", { ...good, ...change }));

  it("plays by WebRTC, or by another way", () => {
    expect(look({})).toBe("ok OK");
    expect(look({ transport: "webrtc-relay" })).toBe("ok OK");
    expect(look({ transport: "ws-flv", code: "ICE_FAILED" })).toBe("warn DOCTOR_STREAM_FALLBACK");
  });

  it("is frozen from two seconds on, unless it has few pictures anyway, or none", () => {
    expect(look({ longestGapMs: 1999 })).toBe("ok OK");
    expect(look({ longestGapMs: 2000 })).toBe("fail DOCTOR_PICTURE_FROZEN");
    expect(look({ longestGapMs: 2500, pictures: 4 })).toBe("ok OK");
    expect(look({ longestGapMs: 5000, pictures: 0, hasVideo: false })).toBe("ok OK");
    expect(look({ longestGapMs: 5000, pictures: 0, watchedMs: 5000 })).toBe(
      "fail DOCTOR_PICTURE_FROZEN",
    );
  });

  it.each<[Partial<StreamOutcome>, string]>([
    [{ state: "error", code: "UNAUTHORIZED" }, "skipped DOCTOR_STREAM_REFUSED"],
    [{ state: "offline" }, "skipped DOCTOR_STREAM_OFFLINE"],
    [{ state: "waiting" }, "skipped DOCTOR_STREAM_OFFLINE"],
    [{ state: "idle" }, "warn DOCTOR_AUTOPLAY_BLOCKED"],
    [{ state: "error", code: "ICE_FAILED" }, "fail DOCTOR_NO_PICTURE"],
    [{ state: "connecting" }, "fail DOCTOR_NO_PICTURE"],
  ])("does not come: %j is %s", (change, expected) => {
    expect(look({ ...change, firstMs: undefined })).toBe(expected);
  });
});
