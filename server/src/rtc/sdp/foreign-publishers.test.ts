import { describe, expect, test } from "vitest";
import { answer, formats, outline, published, publisher } from "./test-answer.ts";
import { testOffer } from "./test-offers.ts";

const refused = (message: RegExp): object =>
  expect.objectContaining({
    code: "SDP_UNSUPPORTED",
    message: expect.stringMatching(message),
  });

describe("an answer to", () => {
  test("Chromium's screen, calls and single codecs", () => {
    expect(formats(published("chromium-screen"))[0]).toEqual(["h264", 108, 109]);
    expect(outline(published("chromium-sendrecv"))).toEqual([
      ["video", 9, "0", "recvonly"],
      ["audio", 9, "1", "recvonly"],
    ]);
    expect(formats(published("chromium-vp8"))).toEqual([["vp8", 96, 97]]);
  });

  test("Chromium that tells when it captured", () => {
    const { receives } = published("chromium-extensions");
    expect(receives.map(({ extensions }) => extensions.absCaptureTime)).toEqual([5, 5]);
  });

  test("Firefox, whose H.264 without fragments is not wanted", () => {
    const result = published("firefox");
    expect(outline(result)).toEqual([
      ["audio", 9, "0", "recvonly"],
      ["video", 9, "1", "recvonly"],
    ]);
    expect(formats(result, 1)).toEqual([
      ["h264", 126, 127],
      ["vp8", 120, 124],
      ["vp9", 121, 125],
    ]);
    expect(result.receives[1]?.encodings).toEqual([
      { rid: undefined, ssrc: 4029813307, rtxSsrc: 2218340951 },
    ]);
    expect(result.sdp.media[0]?.fmtp[0]?.config).toBe(
      "minptime=10;useinbandfec=1;maxplaybackrate=48000;stereo=1;sprop-stereo=1",
    );
    expect(result.receives[0]?.extensions).toEqual({ mid: 3, audioLevel: 1 });
  });

  test("OBS, with neither extensions nor retransmission, and its transport for all lines at once", () => {
    const result = published("obs");
    expect(formats(result, 1)).toEqual([["h264", 96, undefined]]);
    expect(result.receives).toMatchObject([
      {
        kind: "audio",
        mid: "0",
        extensions: {},
        encodings: [{ ssrc: 2741093366 }],
        feedback: { nack: false },
      },
      {
        kind: "video",
        mid: "1",
        extensions: {},
        encodings: [{ ssrc: 2741093367, rtxSsrc: undefined }],
        feedback: { nack: true, pli: true, fir: false, transportCc: false, remb: true },
      },
    ]);
    expect(result.text).toContain("a=group:BUNDLE 0 1\r\n");
    expect(result.text).not.toContain("a=group:LS");
    expect(result.text).not.toContain("x-google");
    expect(result.sdp.media[0]?.fmtp[0]?.config).toBe(
      "minptime=10;useinbandfec=1;maxaveragebitrate=96000;stereo=1;sprop-stereo=1",
    );
  });

  test("ffmpeg, which writes a profile that nobody can read", () => {
    const result = published("ffmpeg");
    expect(formats(result, 1)).toEqual([["h264", 106, undefined]]);
    expect(result.receives[1]?.formats[0]?.profileLevelId).toBeUndefined();
    expect(result.receives[1]?.encodings[0]?.ssrc).toBe(3311570982);
    const passive = testOffer("ffmpeg").replaceAll("setup:active", "setup:passive");
    expect(() => publisher().propose(passive)).toThrow(refused(/-whip_flags dtls_active/));
  });

  test("ffmpeg without sound, whose BUNDLE group names a line that is not there", () => {
    const [head = "", , video = ""] = testOffer("ffmpeg").split(/(?=m=)/);
    const { sdp, receives } = answer(head + video, publisher());
    expect(receives.map(({ kind }) => kind)).toEqual(["video"]);
    expect(sdp.groups).toEqual([{ type: "BUNDLE", mids: 1 }]);
  });

  test("GStreamer, whose bundled lines have port 0", () => {
    const result = published("gstreamer");
    expect(outline(result)).toEqual([
      ["video", 9, "video0", "recvonly"],
      ["audio", 9, "audio1", "recvonly"],
    ]);
    expect(result.sdp.media[0]?.fmtp).toEqual([
      {
        payload: 96,
        config: "packetization-mode=1;profile-level-id=42c01e;level-asymmetry-allowed=1",
      },
    ]);
    expect(result.receives[0]?.feedback).toMatchObject({ nack: false, transportCc: false });
    expect(result.sdp.media[1]?.fmtp[0]?.config).not.toContain("maxcapturerate");
  });

  test("a lone line needs no BUNDLE group, and gets none", () => {
    const [head = "", , video = ""] = testOffer("ffmpeg").split(/(?=m=)/);
    const alone = (head + video).replace("a=group:BUNDLE 0 1\r\n", "");
    const { text, sdp, receives } = answer(alone, publisher());
    expect(text).not.toContain("BUNDLE");
    expect(sdp.media[0]?.candidates).toHaveLength(2);
    expect(receives[0]?.mid).toBe("1");
    const unnamed = answer(alone.replace("a=mid:1\r\n", ""), publisher());
    expect(unnamed.text).not.toContain("a=mid");
    expect(unnamed.sdp.media[0]?.candidates).toHaveLength(2);
    expect(unnamed.receives[0]?.mid).toBe("");
  });
});

describe("H.264 without fragments", () => {
  test("is taken when there is nothing else", () => {
    const offer = testOffer("chromium-camera").replaceAll(
      "packetization-mode=1",
      "packetization-mode=0",
    );
    expect(formats(answer(offer, publisher())).slice(0, 2)).toEqual([
      ["h264", 108, 109],
      ["h264", 114, 115],
    ]);
  });

  test("of a profile that no browser has is not taken", () => {
    const offer = testOffer("obs").replace("42e01f", "6e001f");
    expect(() => publisher().propose(offer)).toThrow(refused(/video is none of/));
  });
});
