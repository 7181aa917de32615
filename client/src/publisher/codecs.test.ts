import { expect, it } from "vitest";
import { codecPreferences, sendableCodecs } from "./codecs.ts";

const chromium = [
  { mimeType: "video/VP8" },
  { mimeType: "video/rtx" },
  { mimeType: "video/VP9", sdpFmtpLine: "profile-id=0" },
  { mimeType: "video/VP9", sdpFmtpLine: "profile-id=2" },
  { mimeType: "video/H264", sdpFmtpLine: "packetization-mode=1;profile-level-id=42e01f" },
  { mimeType: "video/H264", sdpFmtpLine: "packetization-mode=1;profile-level-id=64001f" },
  { mimeType: "video/AV1", sdpFmtpLine: "level-idx=5;profile=0;tier=0" },
  { mimeType: "video/red" },
  { mimeType: "video/ulpfec" },
];

it("lists the codecs that the browser has, in the server's order", () => {
  expect(sendableCodecs(chromium)).toEqual(["h264", "vp8", "vp9", "av1"]);
  expect(sendableCodecs(chromium.slice(0, 2))).toEqual(["vp8"]);
  expect(sendableCodecs([])).toEqual([]);
});

it("offers everything unless a codec is chosen", () => {
  expect(codecPreferences("auto", chromium)).toBeUndefined();
});

it("offers a chosen codec alone, with what repairs it", () => {
  expect(codecPreferences("h264", chromium)?.map((one) => one.mimeType)).toEqual([
    "video/H264",
    "video/H264",
    "video/rtx",
    "video/red",
    "video/ulpfec",
  ]);
  expect(codecPreferences("vp9", chromium)?.[0]).toBe(chromium[2]);
  expect(codecPreferences("vp9", chromium)).toHaveLength(4);
});

it("offers everything when the browser has not what was chosen", () => {
  expect(codecPreferences("av1", chromium.slice(0, 2))).toBeUndefined();
});
