import { describe, expect, it } from "vitest";
import type { Capabilities } from "./capabilities.ts";
import {
  canPlay,
  defaultTransports,
  maxTransportsLength,
  parseTransports,
  rungsFor,
} from "./rungs.ts";

const able: Capabilities = {
  webrtc: true,
  webSocket: true,
  mse: true,
  nativeHls: false,
  streams: true,
  decodes: () => true,
};
const h264 = { kind: "video", codec: "h264" } as const;
const aac = { kind: "audio", codec: "aac" } as const;

describe("the attribute", () => {
  it.each([
    ["webrtc,http-flv", ["webrtc", "http-flv"]],
    [" HTTP-FLV ,  webrtc ", ["http-flv", "webrtc"]],
    ["mjpeg mjpeg,mjpeg", ["mjpeg"]],
    ["quic,sse", ["sse"]],
    ["", defaultTransports],
    ["quic", defaultTransports],
    [null, defaultTransports],
  ])("%j limits and orders", (text, expected) => {
    expect(parseTransports(text)).toEqual(expected);
  });

  it("is read up to its limit", () => {
    const padded = (length: number) => `mjpeg${" ".repeat(length - 8)}sse`;
    expect(parseTransports(padded(maxTransportsLength))).toEqual(["mjpeg", "sse"]);
    expect(parseTransports(padded(maxTransportsLength + 1))).toEqual(["mjpeg"]);
  });
});

describe("the rungs", () => {
  it("are all ways in their order, WebRTC once", () => {
    expect(rungsFor(defaultTransports, able, [h264, aac])).toEqual([
      "webrtc",
      "ws-flv",
      "http-flv",
      "ll-hls",
      "long-poll",
      "sse",
      "mjpeg",
    ]);
  });

  it("may be WebRTC through TURN alone", () => {
    expect(rungsFor(["webrtc-relay", "mjpeg"], able, [])).toEqual(["webrtc-relay", "mjpeg"]);
  });

  it.each<[string, Partial<Capabilities>, readonly string[]]>([
    ["WebRTC", { webrtc: false }, ["ws-flv", "http-flv", "ll-hls", "long-poll", "sse", "mjpeg"]],
    [
      "WebSockets",
      { webSocket: false },
      ["webrtc", "http-flv", "ll-hls", "long-poll", "sse", "mjpeg"],
    ],
    ["Media Source Extensions", { mse: false }, ["webrtc", "mjpeg"]],
    [
      "the same, with HLS of its own",
      { mse: false, nativeHls: true },
      ["webrtc", "ll-hls", "mjpeg"],
    ],
    ["streams", { streams: false }, ["webrtc", "ws-flv", "ll-hls"]],
    ["H.264", { decodes: () => false }, ["webrtc", "mjpeg"]],
  ])("do without %s", (_name, lacks, expected) => {
    expect(rungsFor(defaultTransports, { ...able, ...lacks }, [h264])).toEqual(expected);
  });

  it("have no pictures for sound alone", () => {
    expect(canPlay("mjpeg", able, [aac])).toBe(false);
    expect(canPlay("mjpeg", able, [])).toBe(true);
  });

  it("ask for the types of the stream's own codecs; what the server converts is not asked for", () => {
    const asked: string[] = [];
    const decodes = (type: string) => asked.push(type) > 0;
    canPlay("http-flv", { ...able, decodes }, [
      { kind: "video", codec: "HEVC" },
      { kind: "audio", codec: "opus" },
      aac,
    ]);
    expect(asked).toEqual(['video/mp4; codecs="hvc1.1.6.L93.B0"', 'audio/mp4; codecs="mp4a.40.2"']);
  });

  it("are all that are allowed when none fits, so that they say why", () => {
    const unable = { ...able, webrtc: false, mse: false };
    expect(rungsFor(["webrtc", "http-flv"], unable, [h264])).toEqual(["webrtc", "http-flv"]);
  });
});
