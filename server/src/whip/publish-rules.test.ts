import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ProtocolError } from "../core/errors.ts";
import { checkPublishAnswer, checkPublishOffer } from "./publish-rules.ts";

const sdp = (...lines: string[]): string =>
  ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", ...lines, ""].join("\r\n");
const audio = "m=audio 9 UDP/TLS/RTP/SAVPF 111";
const video = "m=video 9 UDP/TLS/RTP/SAVPF 96";
const data = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel";

function codeOf(act: () => void): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
}

describe("an offer", () => {
  test.each<[string, string[]]>([
    ["sound and picture that are sent", [audio, "a=sendonly", video, "a=sendonly"]],
    ["sendrecv", [audio, "a=sendrecv", video, "a=sendrecv"]],
    ["no direction, which is sendrecv", [video]],
    ["a direction for the whole session", ["a=sendonly", video]],
    ["sound alone", [audio, "a=sendonly"]],
    ["a data channel besides", [video, "a=sendonly", data]],
    ["bundled lines with port 0", ["m=video 0 UDP/TLS/RTP/SAVPF 96", "a=bundle-only"]],
    [
      "a stopped line besides",
      [audio, "a=sendonly", "m=video 0 UDP/TLS/RTP/SAVPF 96", "a=inactive"],
    ],
  ])("with %s is fine", (_name, lines) => {
    expect(codeOf(() => checkPublishOffer(sdp(...lines)))).toBeUndefined();
  });

  test.each<[string, string[]]>([
    ["no media", []],
    ["nothing but a data channel", [data]],
    ["video that only receives", [audio, "a=sendonly", video, "a=recvonly"]],
    ["inactive sound", [audio, "a=inactive", video, "a=sendonly"]],
    ["a session that receives", ["a=recvonly", video]],
    [
      "bundled lines that receive",
      ["m=video 0 UDP/TLS/RTP/SAVPF 96", "a=bundle-only", "a=recvonly"],
    ],
    ["two videos", [video, "a=sendonly", video, "a=sendonly"]],
    ["two sounds", [audio, "a=sendonly", audio, "a=sendonly"]],
  ])("with %s is refused", (_name, lines) => {
    expect(codeOf(() => checkPublishOffer(sdp(...lines)))).toBe("SDP_UNSUPPORTED");
  });

  test.each(["\r\n", "\n", "\r"])("is read with line ends %j", (end) => {
    const offer = sdp(video, "a=recvonly").replaceAll("\r\n", end);
    expect(codeOf(() => checkPublishOffer(offer))).toBe("SDP_UNSUPPORTED");
  });
});

describe("an answer", () => {
  test.each<[string, string[], string | undefined]>([
    ["receives everything", [audio, "a=recvonly", video, "a=recvonly"], undefined],
    ["does without the data channel", [video, "a=recvonly", data.replace("9", "0")], undefined],
    [
      "rejects the sound",
      [audio.replace("9", "0"), "a=inactive", video, "a=recvonly"],
      "SDP_UNSUPPORTED",
    ],
    ["receives no picture", [audio, "a=recvonly", video, "a=inactive"], "SDP_UNSUPPORTED"],
    ["sends", [video, "a=sendrecv"], "SDP_UNSUPPORTED"],
  ])("that %s", (_name, lines, code) => {
    expect(codeOf(() => checkPublishAnswer(sdp(...lines)))).toBe(code);
  });
});

test("whatever the text: a result or SDP_UNSUPPORTED", () => {
  const line = fc.oneof(
    fc.constantFrom(
      audio,
      video,
      data,
      "a=sendonly",
      "a=recvonly",
      "a=bundle-only",
      "m=",
      "m=video",
    ),
    fc.string(),
  );
  const property = fc.property(
    fc.array(line),
    fc.constantFrom("\r\n", "\n", "\r", ""),
    (lines, end) => {
      const text = lines.join(end);
      expect([undefined, "SDP_UNSUPPORTED"]).toContain(codeOf(() => checkPublishOffer(text)));
      expect([undefined, "SDP_UNSUPPORTED"]).toContain(codeOf(() => checkPublishAnswer(text)));
    },
  );
  void fc.assert(property);
});
