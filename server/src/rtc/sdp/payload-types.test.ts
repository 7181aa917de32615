import { parse } from "sdp-transform";
import { expect, test } from "vitest";
import { type OfferedCodec, offeredCodecs, writeParams } from "./payload-types.ts";
import { testOffer } from "./test-offers.ts";

function codecs(payloads: string, ...lines: string[]): readonly OfferedCodec[] {
  const sdp = ["v=0", `m=video 9 UDP/TLS/RTP/SAVPF ${payloads}`, ...lines].join("\r\n");
  const [line] = parse(sdp).media;
  if (line === undefined) throw new Error("no m-line");
  return offeredCodecs(line);
}

test("codecs come in the order of the m-line, each with its retransmission", () => {
  const found = codecs(
    "98 96 97",
    "a=rtpmap:96 VP8/90000",
    "a=rtpmap:97 rtx/90000",
    "a=fmtp:97 apt=96;rtx-time=3000",
    "a=rtpmap:98 opus/48000/2",
  );
  expect(found).toEqual([
    expect.objectContaining({ name: "opus", payloadType: 98, clockRate: 48_000, channels: 2 }),
    expect.objectContaining({ name: "VP8", payloadType: 96, rtxPayloadType: 97 }),
  ]);
});

test("a retransmission of another payload type or clock is none", () => {
  const of = (apt: string, rate: number): number | undefined =>
    codecs("96 97", "a=rtpmap:96 VP8/90000", `a=rtpmap:97 rtx/${rate}`, `a=fmtp:97 ${apt}`)[0]
      ?.rtxPayloadType;
  expect(of("apt=96", 90_000)).toBe(97);
  expect(of("apt=9", 90_000)).toBeUndefined();
  expect(of("apt=96", 48_000)).toBeUndefined();
  expect(of("rtx-time=96", 90_000)).toBeUndefined();
});

test("payload types that the m-line does not list, or that RTCP could be taken for, are none", () => {
  const lines = [0, 63, 64, 95, 96, 127, 128].map((type) => `a=rtpmap:${type} VP8/90000`);
  const found = codecs("0 63 64 95 96 127 128", ...lines, "a=rtpmap:100 VP8/90000");
  expect(found.map(({ payloadType }) => payloadType)).toEqual([0, 63, 96, 127]);
});

test("of a payload type that is said twice the first counts", () => {
  const found = codecs(
    "96 96",
    "a=rtpmap:96 VP8/90000",
    "a=rtpmap:96 H264/90000",
    "a=fmtp:96 a=1",
    "a=fmtp:96 a=2",
  );
  expect(found).toHaveLength(1);
  expect(found[0]).toMatchObject({ name: "VP8", params: new Map([["a", "1"]]) });
});

test("parameters are read whatever their spaces and case, and written in order", () => {
  const [codec] = codecs(
    "96",
    "a=rtpmap:96 H264/90000",
    "a=fmtp:96 Profile-Level-Id = 42e01f ;; packetization-mode=1; sprop=Z0==,aM==;flag;flag=2",
  );
  const expected = [
    ["profile-level-id", "42e01f"],
    ["packetization-mode", "1"],
    ["sprop", "Z0==,aM=="],
    ["flag", ""],
  ] as const;
  expect([...(codec?.params ?? [])]).toEqual(expected);
  expect(writeParams(expected)).toBe(
    "profile-level-id=42e01f;packetization-mode=1;sprop=Z0==,aM==;flag",
  );
  expect(writeParams([])).toBeUndefined();
});

test("feedback for all payload types is that of each, and unknown feedback is left out", () => {
  const [codec] = codecs(
    "96",
    "a=rtpmap:96 VP8/90000",
    "a=rtcp-fb:* nack",
    "a=rtcp-fb:96 nack",
    "a=rtcp-fb:96 nack rpsi",
    "a=rtcp-fb:97 goog-remb",
    "a=rtcp-fb:96 ccm fir",
  );
  expect(codec?.feedback).toEqual([
    { type: "nack", subtype: undefined },
    { type: "ccm", subtype: "fir" },
  ]);
});

test("Chromium's camera has every codec once", () => {
  const [video] = parse(testOffer("chromium-camera")).media;
  const names = video === undefined ? [] : offeredCodecs(video).map(({ name }) => name);
  expect(names).toEqual(["VP8", ...Array(6).fill("H264"), "AV1", "VP9", "VP9", "red", "ulpfec"]);
});
