import { ProtocolError } from "@millrace/media/error";
import fc from "fast-check";
import { parse, type SessionDescription } from "sdp-transform";
import { describe, expect, test, vi } from "vitest";
import { DEFAULT_RTC_LIMITS } from "../limits.ts";
import { hostCandidates } from "../net/announced.ts";
import type { SendMedia } from "../peer.ts";
import { SenderNegotiation } from "./negotiation.ts";
import { CHROMIUM_OFFER } from "./test-chromium-offer.ts";

vi.setConfig({ testTimeout: 30_000 });

const TRANSPORT = {
  ice: { ufrag: "ouruser1", pwd: "p".repeat(32) },
  fingerprint: Array(32).fill("AB").join(":"),
  candidates: hostCandidates(["192.0.2.2", "2001:db8::2"], 8189),
};

function negotiation(h264ProfileLevelId?: string): SenderNegotiation {
  return new SenderNegotiation({ h264ProfileLevelId }, DEFAULT_RTC_LIMITS);
}

function answer(
  offer: string,
  sender: SenderNegotiation = negotiation(),
): { text: string; sdp: SessionDescription; media: readonly SendMedia[] } {
  const text = sender.accept(sender.propose(offer), TRANSPORT);
  return { text, sdp: parse(text), media: sender.media };
}

const unsupported = expect.objectContaining({ code: "SDP_UNSUPPORTED" });

describe("the answer to Chromium", () => {
  const { text, sdp, media } = answer(CHROMIUM_OFFER, negotiation("42e01f"));
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

  test("sends H.264 with retransmission, feedback and extensions", () => {
    expect(video?.payloads).toBe("108 109");
    expect(video?.rtp).toEqual([
      { payload: 108, codec: "H264", rate: 90_000 },
      { payload: 109, codec: "rtx", rate: 90_000 },
    ]);
    expect(video?.fmtp).toEqual([
      {
        payload: 108,
        config: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
      },
      { payload: 109, config: "apt=108" },
    ]);
    const feedback = ["goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"];
    expect(text.match(/a=rtcp-fb:108 .*/g)).toEqual(
      feedback.map((type) => `a=rtcp-fb:108 ${type}`),
    );
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
    const result = answer(offer);
    expect(result.media[0]?.extensions.absCaptureTime).toBe(12);
    expect(result.text).toContain(`a=extmap:12/sendonly ${uri}`);
  });
});

test("a mid that is too long for its header extension is echoed and not sent", () => {
  const named = (mid: string): readonly SendMedia[] =>
    answer(CHROMIUM_OFFER.replace("BUNDLE 0", `BUNDLE ${mid}`).replace("a=mid:0", `a=mid:${mid}`))
      .media;
  expect(named("m".repeat(16))[0]?.extensions.mid).toBe(9);
  expect(named("m".repeat(17))[0]).toMatchObject({
    mid: "m".repeat(17),
    extensions: { playoutDelay: 5 },
  });
  expect(named("m".repeat(17))[0]?.extensions.mid).toBeUndefined();
});

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
    expect(answer(CHROMIUM_OFFER, negotiation(profile)).media[0]?.payloadType).toBe(payloadType);
  });

  test("of the right level is preferred, then the first of the offer", () => {
    const offer = CHROMIUM_OFFER.replace(
      "profile-level-id=f4001f",
      "profile-level-id=640028",
    ).replace(
      "packetization-mode=0;profile-level-id=f4001f",
      "packetization-mode=1;profile-level-id=640034",
    );
    expect(answer(offer, negotiation("64001f")).media[0]?.payloadType).toBe(41);
    expect(answer(offer, negotiation("640033")).media[0]?.payloadType).toBe(43);
  });

  test("has packetization mode 1, or video is refused", () => {
    const offer = CHROMIUM_OFFER.replaceAll("packetization-mode=1", "packetization-mode=0");
    const { text, sdp, media } = answer(offer);
    expect(sdp.media[0]).toMatchObject({ type: "video", port: 0 });
    expect(text).toContain("a=group:BUNDLE 1\r\n");
    expect(sdp.media[1]?.candidates).toHaveLength(2);
    expect(media.map(({ kind }) => kind)).toEqual(["audio"]);
  });
});

describe("m-lines", () => {
  test("for data and further media are rejected, in their place", () => {
    const [head = "", video = "", audio = ""] = CHROMIUM_OFFER.split(/(?=m=)/);
    const data = [
      "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
      "c=IN IP4 0.0.0.0",
      "a=mid:d",
      "a=sctp-port:5000",
      "",
    ].join("\r\n");
    const offer =
      head.replace("BUNDLE 0 1", "BUNDLE d 0 2 1") +
      data +
      video +
      video.replace("a=mid:0", "a=mid:2") +
      audio;
    const { sdp, media } = answer(offer);
    expect(sdp.media.map(({ type, port, mid }) => [type, port, String(mid)])).toEqual([
      ["application", 0, "d"],
      ["video", 9, "0"],
      ["video", 0, "2"],
      ["audio", 9, "1"],
    ]);
    expect(sdp.media[0]?.payloads).toBe("webrtc-datachannel");
    expect(sdp.groups).toEqual([{ type: "BUNDLE", mids: "0 1" }]);
    expect(media).toHaveLength(2);
  });

  test("that want nothing from us stay inactive", () => {
    const offer = CHROMIUM_OFFER.replace("a=recvonly", "a=sendonly");
    const { sdp, media } = answer(offer);
    expect(sdp.media.map((line) => line.direction)).toEqual(["inactive", "sendonly"]);
    expect(media.map(({ kind }) => kind)).toEqual(["audio"]);
  });

  test("that send too are answered with sending only", () => {
    const offer = CHROMIUM_OFFER.replaceAll("a=recvonly", "a=sendrecv");
    expect(answer(offer).sdp.media.map((line) => line.direction)).toEqual(["sendonly", "sendonly"]);
  });

  test("must want something at first", () => {
    for (const direction of ["inactive", "sendonly"]) {
      const offer = CHROMIUM_OFFER.replaceAll("a=recvonly", `a=${direction}`);
      expect(() => answer(offer)).toThrow(unsupported);
    }
  });

  test("must have a codec of ours", () => {
    const offer = CHROMIUM_OFFER.replaceAll("H264/90000", "VP7/90000").replace(
      "opus/48000/2",
      "isac/16000",
    );
    expect(() => answer(offer)).toThrow(unsupported);
  });

  test("without retransmission or NACK are served without", () => {
    const offer = CHROMIUM_OFFER.replaceAll(/a=rtcp-fb:\d+ nack\r\n/g, "");
    const { media, sdp } = answer(offer);
    expect(media[0]).toMatchObject({ nack: false, rtx: undefined });
    expect(sdp.media[0]?.ssrcGroups).toBeUndefined();
    const wildcard = CHROMIUM_OFFER.replaceAll(/a=rtcp-fb:108.*\r\n/g, "").replace(
      "a=rtpmap:108",
      "a=rtcp-fb:* nack\r\na=rtpmap:108",
    );
    expect(answer(wildcard).media[0]).toMatchObject({ nack: true, rtx: { payloadType: 109 } });
  });
});

describe("a later offer", () => {
  test("keeps SSRCs, CNAME and tracks, and counts the version", () => {
    const sender = negotiation();
    const first = answer(CHROMIUM_OFFER, sender);
    const second = answer(CHROMIUM_OFFER, sender);
    expect(second.media).toEqual(first.media);
    expect(second.sdp.media.map((line) => line.msid)).toEqual(
      first.sdp.media.map((line) => line.msid),
    );
    expect(second.sdp.origin.sessionId).toBe(first.sdp.origin.sessionId);
    expect(second.sdp.origin.sessionVersion).toBe(first.sdp.origin.sessionVersion + 1);
  });

  test("with other ICE credentials is a restart, with the same it is none", () => {
    const sender = negotiation();
    answer(CHROMIUM_OFFER, sender);
    expect(sender.propose(CHROMIUM_OFFER).restartsIce).toBe(false);
    expect(sender.propose(CHROMIUM_OFFER.replaceAll("4JEK", "5JEK")).restartsIce).toBe(true);
    expect(sender.restartIce("5JEK", "x".repeat(22))).toBe(true);
    expect(sender.restartIce("5JEK", "x".repeat(22))).toBe(false);
    expect(() => negotiation().restartIce("5JEK", "x".repeat(22))).toThrow(ProtocolError);
  });

  test("may pause, and take up again with the same SSRC", () => {
    const sender = negotiation();
    const first = answer(CHROMIUM_OFFER, sender);
    const paused = answer(CHROMIUM_OFFER.replaceAll("a=recvonly", "a=inactive"), sender);
    expect(paused.media).toEqual([]);
    expect(answer(CHROMIUM_OFFER, sender).media).toEqual(first.media);
  });

  test("that cannot be answered leaves everything as it was", () => {
    const sender = negotiation();
    const first = answer(CHROMIUM_OFFER, sender);
    const bad = [
      CHROMIUM_OFFER.replaceAll(/(a=fingerprint:sha-256) ../g, "$1 00"),
      CHROMIUM_OFFER.replaceAll("actpass", "passive"),
      CHROMIUM_OFFER.slice(0, CHROMIUM_OFFER.indexOf("m=audio")),
    ];
    for (const offer of bad) expect(() => sender.propose(offer)).toThrow(ProtocolError);
    expect(sender.media).toEqual(first.media);
    expect(answer(CHROMIUM_OFFER, sender).sdp.origin.sessionVersion).toBe(2);
  });
});

test("two senders never share an SSRC or CNAME", () => {
  const media = [negotiation(), negotiation()].flatMap(
    (sender) => answer(CHROMIUM_OFFER, sender).media,
  );
  const ssrcs = media.flatMap(({ ssrc, rtx }) => (rtx === undefined ? [ssrc] : [ssrc, rtx.ssrc]));
  expect(new Set(ssrcs).size).toBe(6);
  expect(new Set(media.map(({ cname }) => cname)).size).toBe(2);
});

test("an offer with any lines changed is answered line for line, or refused", () => {
  const lines = CHROMIUM_OFFER.split("\r\n");
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(lines.length - 1), fc.constantFrom(...lines)), { maxLength: 4 }),
      (changes) => {
        const changed = [...lines];
        for (const [at, line] of changes) changed[at] = line;
        const offer = changed.join("\r\n");
        try {
          const { sdp } = answer(offer);
          expect(sdp.media.map((line) => line.type)).toEqual(
            parse(offer).media.map((line) => line.type),
          );
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      },
    ),
    { numRuns: 100 },
  );
});
