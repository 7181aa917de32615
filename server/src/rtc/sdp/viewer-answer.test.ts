import { describe, expect, test } from "vitest";
import type { SendMedia } from "../peer.ts";
import { answer, outline, sentFormats, TRANSPORT, viewer } from "./test-answer.ts";
import { CHROMIUM_OFFER } from "./test-chromium-offer.ts";
import { testOffer } from "./test-offers.ts";

const withoutVideo = CHROMIUM_OFFER.replaceAll(/(H264|VP8|VP9|AV1)\/90000/g, "VP7/90000");

const unsupported = expect.objectContaining({ code: "SDP_UNSUPPORTED" });

describe("the answer to Chromium", () => {
  const { text, sdp, media } = answer(CHROMIUM_OFFER, viewer({ h264ProfileLevelId: "42e01f" }));
  const [video, audio] = sdp.media;

  test("is that of an ICE-lite DTLS server on one transport", () => {
    expect(sdp.icelite).toBe("ice-lite");
    expect(sdp.groups).toEqual([{ type: "BUNDLE", mids: "0 1" }]);
    for (const line of sdp.media) {
      expect(line).toMatchObject({
        port: 9,
        protocol: "UDP/TLS/RTP/SAVPF",
        setup: "passive",
        direction: "sendonly",
        rtcpMux: "rtcp-mux",
        rtcpRsize: "rtcp-rsize",
        iceUfrag: "ouruser1",
        icePwd: "p".repeat(32),
        fingerprint: { type: "sha-256", hash: TRANSPORT.fingerprint },
      });
    }
    expect(text).toContain(
      "a=candidate:1 1 udp 2130706431 192.0.2.2 8189 typ host\r\n" +
        "a=candidate:2 1 udp 2130706175 2001:db8::2 8189 typ host\r\na=end-of-candidates\r\n",
    );
    expect(audio?.candidates).toBeUndefined();
  });

  test("sends H.264 first, and what else both have, each with retransmission", () => {
    expect(video?.payloads).toBe("108 109 96 97 98 99 45 46");
    expect(video?.rtp.map(({ payload, codec }) => [payload, codec])).toEqual([
      [108, "H264"],
      [109, "rtx"],
      [96, "VP8"],
      [97, "rtx"],
      [98, "VP9"],
      [99, "rtx"],
      [45, "AV1"],
      [46, "rtx"],
    ]);
    expect(video?.fmtp).toEqual([
      {
        payload: 108,
        config: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
      },
      { payload: 109, config: "apt=108" },
      { payload: 97, config: "apt=96" },
      { payload: 98, config: "profile-id=0" },
      { payload: 99, config: "apt=98" },
      { payload: 45, config: "level-idx=5;profile=0;tier=0" },
      { payload: 46, config: "apt=45" },
    ]);
    expect(sentFormats(media)).toEqual([
      ["h264", 108, 109, "42e01f"],
      ["vp8", 96, 97, undefined],
      ["vp9", 98, 99, undefined],
      ["av1", 45, 46, undefined],
    ]);
  });

  test("takes feedback and extensions", () => {
    const feedback = ["goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"];
    for (const payloadType of [108, 96, 98, 45]) {
      expect(text.match(new RegExp(`a=rtcp-fb:${payloadType} .*`, "g"))).toEqual(
        feedback.map((type) => `a=rtcp-fb:${payloadType} ${type}`),
      );
    }
    expect(media[0]).toMatchObject({
      kind: "video",
      mid: "0",
      codec: "h264",
      payloadType: 108,
      clockRate: 90_000,
      nack: true,
      rtx: { payloadType: 109 },
      extensions: { mid: 9, playoutDelay: 5, transportCc: 4 },
    });
    expect(video?.ext?.map((extension) => extension.value).sort()).toEqual([4, 5, 9]);
    const ssrcs = `${media[0]?.ssrc} ${media[0]?.rtx?.ssrc}`;
    expect(video?.ssrcGroups).toEqual([{ semantics: "FID", ssrcs }]);
  });

  test("sends stereo Opus", () => {
    expect(audio?.rtp).toEqual([{ payload: 111, codec: "opus", rate: 48_000, encoding: 2 }]);
    expect(audio?.fmtp).toEqual([
      { payload: 111, config: "minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1" },
    ]);
    expect(media[1]).toMatchObject({
      kind: "audio",
      codec: "opus",
      payloadType: 111,
      clockRate: 48_000,
      nack: false,
      rtx: undefined,
      extensions: { mid: 9, transportCc: 4 },
    });
  });

  test("puts both tracks into one stream with one CNAME, so that they are played in step", () => {
    const ids = sdp.media.map((line) => line.msid?.[0]?.id);
    expect(new Set(ids).size).toBe(1);
    const tracks = sdp.media.map((line) => line.msid?.[0]?.appdata);
    expect(new Set(tracks).size).toBe(2);
    const names = sdp.media.flatMap((line) => line.ssrcs?.map((ssrc) => ssrc.value));
    expect(new Set(names)).toEqual(new Set([media[0]?.cname]));
  });

  test("takes abs-capture-time where a page asks for it", () => {
    const uri = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time";
    const offer = CHROMIUM_OFFER.replaceAll(
      "a=recvonly",
      `a=extmap:12/recvonly ${uri}\r\na=recvonly`,
    );
    const result = answer(offer, viewer());
    expect(result.media[0]?.extensions.absCaptureTime).toBe(12);
    expect(result.text).toContain(`a=extmap:12/sendonly ${uri}`);
  });
});

test("a mid that is too long for its header extension is echoed and not sent", () => {
  const named = (mid: string): readonly SendMedia[] =>
    answer(
      CHROMIUM_OFFER.replace("BUNDLE 0", `BUNDLE ${mid}`).replace("a=mid:0", `a=mid:${mid}`),
      viewer(),
    ).media;
  expect(named("m".repeat(16))[0]?.extensions.mid).toBe(9);
  expect(named("m".repeat(17))[0]).toMatchObject({
    mid: "m".repeat(17),
    extensions: { playoutDelay: 5 },
  });
  expect(named("m".repeat(17))[0]?.extensions.mid).toBeUndefined();
});

test("sound that may be asked for again is", () => {
  const offer = CHROMIUM_OFFER.replace(
    "a=rtcp-fb:111 transport-cc",
    "a=rtcp-fb:111 transport-cc\r\na=rtcp-fb:111 nack",
  );
  const { text, media } = answer(offer, viewer());
  expect(text).toContain("a=rtcp-fb:111 transport-cc\r\na=rtcp-fb:111 nack\r\n");
  expect(media[1]).toMatchObject({ nack: true, rtx: undefined });
});

describe("m-lines", () => {
  test("for further media are rejected, in their place; one for data is taken", () => {
    const [head = "", video = "", audio = ""] = CHROMIUM_OFFER.split(/(?=m=)/);
    const [, , , data = ""] = testOffer("chromium-viewer-data").split(/(?=m=)/);
    const offer =
      head.replace("BUNDLE 0 1", "BUNDLE d 0 2 e 1") +
      data.replace("a=mid:2", "a=mid:d") +
      video +
      video.replace("a=mid:0", "a=mid:2") +
      data.replace("a=mid:2", "a=mid:e") +
      audio;
    const result = answer(offer, viewer());
    expect(outline(result)).toEqual([
      ["application", 9, "d", undefined],
      ["video", 9, "0", "sendonly"],
      ["video", 0, "2", "inactive"],
      ["application", 0, "e", "inactive"],
      ["audio", 9, "1", "sendonly"],
    ]);
    const [first, , , other] = result.sdp.media;
    expect(first?.candidates).toHaveLength(2);
    expect(other?.payloads).toBe("webrtc-datachannel");
    expect(result.sdp.groups).toEqual([{ type: "BUNDLE", mids: "d 0 1" }]);
    expect(result.media).toHaveLength(2);
    expect(result.dataMedia).toEqual({ mid: "d", sctpPort: 5000, maxMessageSize: 262_144 });
  });

  test("for data alone are refused", () => {
    const [head = "", , , data = ""] = testOffer("chromium-viewer-data").split(/(?=m=)/);
    const alone = head.replace("BUNDLE 0 1 2", "BUNDLE 2") + data;
    expect(() => answer(alone, viewer())).toThrow(unsupported);
  });

  test("that want nothing from us stay inactive", () => {
    const offer = CHROMIUM_OFFER.replace("a=recvonly", "a=sendonly");
    const { sdp, media } = answer(offer, viewer());
    expect(sdp.media.map((line) => line.direction)).toEqual(["inactive", "sendonly"]);
    expect(media.map(({ kind }) => kind)).toEqual(["audio"]);
  });

  test("that send too are answered with sending only", () => {
    const offer = CHROMIUM_OFFER.replaceAll("a=recvonly", "a=sendrecv");
    expect(answer(offer, viewer()).sdp.media.map((line) => line.direction)).toEqual([
      "sendonly",
      "sendonly",
    ]);
  });

  test("must want something at first", () => {
    for (const direction of ["inactive", "sendonly"]) {
      const offer = CHROMIUM_OFFER.replaceAll("a=recvonly", `a=${direction}`);
      expect(() => answer(offer, viewer())).toThrow(unsupported);
    }
  });

  test("must have a codec of ours", () => {
    const offer = withoutVideo.replace("opus/48000/2", "isac/16000");
    expect(() => answer(offer, viewer())).toThrow(unsupported);
  });

  test("without retransmission or NACK are served without", () => {
    const offer = CHROMIUM_OFFER.replaceAll(/a=rtcp-fb:\d+ nack\r\n/g, "");
    const { media, sdp } = answer(offer, viewer());
    expect(media[0]).toMatchObject({ nack: false, rtx: undefined });
    expect(sentFormats(media).map(([, , rtx]) => rtx)).toEqual(Array(4).fill(undefined));
    expect(sdp.media[0]?.payloads).toBe("108 96 98 45");
    expect(sdp.media[0]?.ssrcGroups).toBeUndefined();
    const wildcard = CHROMIUM_OFFER.replaceAll(/a=rtcp-fb:108.*\r\n/g, "").replace(
      "a=rtpmap:108",
      "a=rtcp-fb:* nack\r\na=rtpmap:108",
    );
    expect(answer(wildcard, viewer()).media[0]).toMatchObject({
      nack: true,
      rtx: { payloadType: 109 },
    });
  });
});
