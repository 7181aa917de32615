import { describe, expect, test } from "vitest";
import { answer, sentFormats, viewer } from "./test-answer.ts";
import { CHROMIUM_OFFER } from "./test-chromium-offer.ts";
import { testOffer } from "./test-offers.ts";

const withoutVideo = CHROMIUM_OFFER.replaceAll(/(H264|VP8|VP9|AV1)\/90000/g, "VP7/90000");

describe("the H.264 payload type", () => {
  test.each([
    [undefined, 108],
    ["garbage", 108],
    ["42c01e", 108],
    ["42001f", 102],
    ["4d0028", 116],
    ["640028", 116],
    ["640c1f", 116],
    ["f4001f", 41],
    ["7a1028", 108],
  ])("for a stream of %s is %s", (profile, payloadType) => {
    expect(
      answer(CHROMIUM_OFFER, viewer({ h264ProfileLevelId: profile })).media[0]?.payloadType,
    ).toBe(payloadType);
  });

  test("of the right level is preferred, then the first of the offer", () => {
    const offer = CHROMIUM_OFFER.replace(
      "profile-level-id=f4001f",
      "profile-level-id=640028",
    ).replace(
      "packetization-mode=0;profile-level-id=f4001f",
      "packetization-mode=1;profile-level-id=640034",
    );
    expect(answer(offer, viewer({ h264ProfileLevelId: "64001f" })).media[0]?.payloadType).toBe(41);
    expect(answer(offer, viewer({ h264ProfileLevelId: "640033" })).media[0]?.payloadType).toBe(43);
  });

  test("has packetization mode 1, or there is none", () => {
    const offer = CHROMIUM_OFFER.replaceAll("packetization-mode=1", "packetization-mode=0");
    const { media } = answer(offer, viewer());
    expect(sentFormats(media).map(([codec]) => codec)).toEqual(["vp8", "vp9", "av1"]);
  });
});

describe("the stream's codec", () => {
  test.each(["h264", "vp8", "vp9", "av1"] as const)("%s comes first, then our order", (codec) => {
    const { media } = answer(CHROMIUM_OFFER, viewer({ videoCodec: codec }));
    const others = ["h264", "vp8", "vp9", "av1"].filter((other) => other !== codec);
    expect(sentFormats(media).map(([name]) => name)).toEqual([codec, ...others]);
    expect(media[0]).toMatchObject({
      codec,
      payloadType: media[0]?.formats[0]?.payloadType,
      rtx: { payloadType: media[0]?.formats[0]?.rtxPayloadType },
    });
  });

  test("that the viewer does not have is no reason to refuse it", () => {
    const { media } = answer(
      testOffer("firefox").replaceAll("a=sendonly", "a=recvonly"),
      viewer({ videoCodec: "av1" }),
    );
    expect(media.map(({ codec }) => codec)).toEqual(["opus", "h264"]);
    expect(sentFormats(media.slice(1)).map(([codec]) => codec)).toEqual(["h264", "vp8", "vp9"]);
  });

  test("may be H.265 where the viewer has it", () => {
    const hevc = (params: string): string =>
      CHROMIUM_OFFER.replace("H264/90000", "H265/90000").replace(
        /a=fmtp:102 .*/,
        `a=fmtp:102 ${params}`,
      );
    const codecs = (offer: string): unknown[] =>
      sentFormats(answer(offer, viewer({ videoCodec: "h265" })).media).map(([codec]) => codec);
    const main = "level-id=93;profile-id=1;tier-flag=0;tx-mode=SRST";
    expect(codecs(hevc(main))).toEqual(["h265", "h264", "vp8", "vp9", "av1"]);
    expect(codecs(hevc(main.replace("profile-id=1", "profile-id=2")))[0]).toBe("h264");
    expect(codecs(hevc(main.replace("SRST", "MRST")))[0]).toBe("h264");
  });

  test("of VP9 and AV1 is that of their main profile", () => {
    const offer = CHROMIUM_OFFER.replace(
      "a=fmtp:98 profile-id=0",
      "a=fmtp:98 profile-id=2",
    ).replace("level-idx=5;profile=0;tier=0", "level-idx=5;profile=1;tier=0");
    expect(sentFormats(answer(offer, viewer()).media).map(([codec]) => codec)).toEqual([
      "h264",
      "vp8",
    ]);
    const silent = CHROMIUM_OFFER.replace("a=fmtp:98 profile-id=0\r\n", "").replace(
      "a=fmtp:45 level-idx=5;profile=0;tier=0\r\n",
      "",
    );
    expect(sentFormats(answer(silent, viewer()).media)).toHaveLength(4);
  });

  test("must be one of ours, or video is refused", () => {
    const { text, sdp, media } = answer(withoutVideo, viewer());
    expect(sdp.media[0]).toMatchObject({ type: "video", port: 0 });
    expect(text).toContain("a=group:BUNDLE 1\r\n");
    expect(sdp.media[1]?.candidates).toHaveLength(2);
    expect(media.map(({ kind }) => kind)).toEqual(["audio"]);
  });
});
