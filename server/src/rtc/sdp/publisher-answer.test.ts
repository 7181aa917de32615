import { describe, expect, test } from "vitest";
import { START_BITRATE_KBPS } from "./receive-planner.ts";
import { answer, formats, outline, published, publisher, TRANSPORT } from "./test-answer.ts";
import { CHROMIUM_OFFER } from "./test-chromium-offer.ts";
import { testOffer } from "./test-offers.ts";

const START = `x-google-start-bitrate=${START_BITRATE_KBPS}`;

const refused = (message: RegExp): object =>
  expect.objectContaining({
    code: "SDP_UNSUPPORTED",
    message: expect.stringMatching(message),
  });

describe("Chromium's camera", () => {
  const result = published("chromium-camera");
  const { text, sdp, receives, media } = result;
  const [video, audio] = sdp.media;

  test("is received on one transport", () => {
    expect(sdp.icelite).toBe("ice-lite");
    expect(sdp.groups).toEqual([{ type: "BUNDLE", mids: "0 1" }]);
    expect(outline(result)).toEqual([
      ["video", 9, "0", "recvonly"],
      ["audio", 9, "1", "recvonly"],
    ]);
    for (const line of sdp.media) {
      expect(line).toMatchObject({
        setup: "passive",
        rtcpMux: "rtcp-mux",
        rtcpRsize: "rtcp-rsize",
        iceUfrag: TRANSPORT.ice.ufrag,
        fingerprint: { type: "sha-256", hash: TRANSPORT.fingerprint },
      });
      expect(line.msid).toBeUndefined();
      expect(line.ssrcs).toBeUndefined();
    }
    expect(video?.candidates).toHaveLength(2);
    expect(audio?.candidates).toBeUndefined();
    expect(media).toEqual([]);
  });

  test("may send H.264, Constrained Baseline first, VP8, VP9 and AV1, each with retransmission", () => {
    expect(formats(result)).toEqual([
      ["h264", 108, 109],
      ["h264", 102, 103],
      ["h264", 116, 117],
      ["vp8", 96, 97],
      ["vp9", 98, 99],
      ["av1", 45, 46],
    ]);
    expect(video?.payloads).toBe("108 109 102 103 116 117 96 97 98 99 45 46");
    expect(receives[0]?.formats.map(({ profileLevelId }) => profileLevelId)).toEqual([
      "42e01f",
      "42001f",
      "4d001f",
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("is told where to begin, so that it sends its full size from the first second", () => {
    const h264 = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f";
    expect(text).toContain(`a=fmtp:108 ${h264};${START}\r\n`);
    expect(text).toContain(`a=fmtp:96 ${START}\r\n`);
    expect(text).not.toContain(`a=fmtp:111 minptime=10;useinbandfec=1;${START}`);
  });

  test("is told of the feedback and the extensions that we use", () => {
    for (const type of ["goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"]) {
      for (const payloadType of [108, 96, 98, 45]) {
        expect(text).toContain(`a=rtcp-fb:${payloadType} ${type}\r\n`);
      }
    }
    expect(receives[0]).toMatchObject({
      feedback: { nack: true, pli: true, fir: true, transportCc: true, remb: true },
      extensions: {
        mid: 9,
        rid: 10,
        repairedRid: 11,
        transportCc: 4,
        absSendTime: 2,
        videoOrientation: 3,
      },
      encodings: [{ rid: undefined, ssrc: 1720728602, rtxSsrc: 763808011 }],
      active: true,
    });
    expect(video?.ext?.map(({ value }) => value).sort((a, b) => a - b)).toEqual([
      2, 3, 4, 9, 10, 11,
    ]);
  });

  test("has stereo sound with error correction", () => {
    expect(audio?.rtp).toEqual([{ payload: 111, codec: "opus", rate: 48_000, encoding: 2 }]);
    expect(audio?.fmtp).toEqual([
      { payload: 111, config: "minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1" },
    ]);
    expect(receives[1]).toMatchObject({
      kind: "audio",
      mid: "1",
      feedback: { nack: false, pli: false, fir: false, transportCc: true, remb: false },
      extensions: { mid: 9, transportCc: 4, absSendTime: 2, audioLevel: 14 },
      encodings: [{ rid: undefined, ssrc: 649739384, rtxSsrc: undefined }],
    });
    expect(receives[0]?.cname).toBe(receives[1]?.cname);
    expect(receives[0]?.localSsrc).not.toBe(receives[1]?.localSsrc);
  });
});

describe("a data channel", () => {
  test("beside media is taken", () => {
    const result = published("chromium-data");
    expect(outline(result)).toEqual([
      ["video", 9, "0", "recvonly"],
      ["application", 9, "1", undefined],
    ]);
    expect(result.dataMedia).toEqual({ mid: "1", sctpPort: 5000, maxMessageSize: 262_144 });
    const { text, sdp } = result;
    expect(sdp.groups).toEqual([{ type: "BUNDLE", mids: "0 1" }]);
    expect(text).toContain("m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n");
    expect(text.slice(text.indexOf("m=application"))).toContain(
      "a=sctp-port:5000\r\na=max-message-size:262144\r\n",
    );
    expect(text.slice(text.indexOf("m=application"))).not.toMatch(/rtcp|rtpmap/);
  });

  test("alone is refused", () => {
    const [head = "", , data = ""] = testOffer("chromium-data").split(/(?=m=)/);
    expect(() => publisher().propose(head.replace("BUNDLE 0 1", "BUNDLE 1") + data)).toThrow(
      refused(/neither video nor audio/),
    );
  });

  test("that carries the transport is answered alone when the media have gone", () => {
    const [head = "", video = "", data = ""] = testOffer("chromium-data").split(/(?=m=)/);
    const state = publisher();
    answer(head.replace("BUNDLE 0 1", "BUNDLE 1 0") + data + video, state);
    const gone = head.replace("BUNDLE 0 1", "BUNDLE 1") + data + video.replace(" 9 ", " 0 ");
    const result = answer(gone, state);
    expect(outline(result)).toEqual([
      ["application", 9, "1", undefined],
      ["video", 0, "0", "inactive"],
    ]);
    expect(result.sdp.media[0]?.candidates).toHaveLength(2);
    expect(result.receives).toEqual([]);
    expect(result.dataMedia?.mid).toBe("1");
  });
});

describe("an offer is refused", () => {
  const camera = testOffer("chromium-camera");
  test.each([
    ["without fingerprint", camera.replaceAll(/a=fingerprint.*\r\n/g, ""), /no fingerprint/],
    [
      "whose video none of ours is",
      camera.replaceAll(/(H264|VP8|VP9|AV1)\/90000/g, "theora/90000"),
      /video is none of H\.264, VP8, VP9 \(profile 0\) or AV1/,
    ],
    [
      "whose sound is no Opus",
      camera.replace("opus/48000/2", "opus/48000"),
      /audio is none of Opus/,
    ],
    [
      "whose sound is outside the BUNDLE group",
      camera.replace("BUNDLE 0 1", "BUNDLE 0"),
      /audio is not on the transport/,
    ],
    ["that sends nothing", CHROMIUM_OFFER, /neither video nor audio/],
    [
      "that sends nothing yet",
      camera.replaceAll("a=sendonly", "a=inactive"),
      /neither video nor audio/,
    ],
  ])("%s", (_name, offer, message) => {
    expect(() => publisher().propose(offer)).toThrow(refused(message));
  });
});
