import { ProtocolError } from "@millrace/media/error";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { DEFAULT_RTC_LIMITS } from "../limits.ts";
import { MAX_FINGERPRINTS, MAX_LINE_LENGTH, MAX_MID_LENGTH, parseOffer } from "./offer.ts";
import { CHROMIUM_OFFER } from "./test-chromium-offer.ts";
import { testOffer } from "./test-offers.ts";

vi.setConfig({ testTimeout: 30_000 });

const parse = (sdp: string): ReturnType<typeof parseOffer> => parseOffer(sdp, DEFAULT_RTC_LIMITS);
const without = (prefix: string): string =>
  CHROMIUM_OFFER.split("\r\n")
    .filter((line) => !line.startsWith(prefix))
    .join("\r\n");
const FINGERPRINT = /a=fingerprint:\S+ \S+/;

describe("Chromium's offer", () => {
  test("is read", () => {
    const offer = parse(CHROMIUM_OFFER);
    expect(offer).toMatchObject({ iceUfrag: "4JEK", icePwd: "M2HEBpxxT2SVH6CWB/1HJtCF" });
    expect(offer.bundle).toEqual(["0", "1"]);
    expect(offer.fingerprints).toHaveLength(1);
    expect(
      offer.media.map(({ kind, mid, usable, direction }) => [kind, mid, usable, direction]),
    ).toEqual([
      ["video", "0", true, "recvonly"],
      ["audio", "1", true, "recvonly"],
    ]);
  });

  test("is read with plain line feeds", () => {
    expect(parse(CHROMIUM_OFFER.replaceAll("\r\n", "\n"))).toEqual(parse(CHROMIUM_OFFER));
  });

  test("may have ICE, DTLS and direction at session level", () => {
    const lines = ["a=ice-ufrag:1234", "a=ice-pwd:1234567890123456789012", "a=setup:active"];
    const fingerprint = FINGERPRINT.exec(CHROMIUM_OFFER)?.[0] ?? "";
    const session = [...lines, fingerprint, "a=recvonly", "m=video"].join("\r\n");
    const sdp = without("a=ice-ufrag:")
      .replaceAll(/a=(ice-pwd|fingerprint|setup):.*\r\n|a=recvonly\r\n/g, "")
      .replace("m=video", session);
    const offer = parse(sdp);
    // Digits alone stay text.
    expect(offer.iceUfrag).toBe("1234");
    expect(offer.fingerprints).toHaveLength(1);
    expect(offer.media.map((media) => media.direction)).toEqual(["recvonly", "recvonly"]);
  });

  test("may say that it can do nothing but multiplex RTCP", () => {
    const only = CHROMIUM_OFFER.replaceAll("a=rtcp-mux\r\n", "a=rtcp-mux-only\r\n");
    expect(parse(only).media.map(({ usable }) => usable)).toEqual([true, true]);
  });

  test("may have a line for data, and one that is gone", () => {
    const { bundle, media } = parse(
      testOffer("chromium-viewer-data").replace("BUNDLE 0 1 2", "BUNDLE 0 2").replace("o 9", "o 0"),
    );
    expect(bundle).toEqual(["0", "2"]);
    expect(media.map(({ kind, usable, rejected }) => [kind, usable, rejected])).toEqual([
      ["video", false, true],
      ["audio", false, false],
      ["application", true, false],
    ]);
  });

  test("may have lines with port 0 that are only there in the bundle", () => {
    const { media } = parse(testOffer("gstreamer"));
    expect(media.map(({ usable, rejected }) => [usable, rejected])).toEqual([
      [true, false],
      [true, false],
    ]);
  });

  test("may be a single line without a BUNDLE group", () => {
    const lone = CHROMIUM_OFFER.slice(0, CHROMIUM_OFFER.indexOf("m=audio")).replace(
      "a=group:BUNDLE 0 1\r\n",
      "",
    );
    expect(parse(lone)).toMatchObject({ bundle: [], media: [{ usable: true, mid: "0" }] });
  });

  test("may have candidates of any kind, which are not looked at", () => {
    const candidates = [
      "a=candidate:1 1 udp 2113937151 0f2d6f7e-8b0c-4b57-9d0e-1f6a5f3f2c11.local 51234 typ host",
      "a=candidate:nonsense",
    ];
    const offer = CHROMIUM_OFFER.replace("a=mid:0", [...candidates, "a=mid:0"].join("\r\n"));
    expect(parse(offer).media.map(({ usable }) => usable)).toEqual([true, true]);
  });

  test("may have several fingerprints, all of which count", () => {
    const other = `a=fingerprint:sha-512 ${Array(64).fill("AB").join(":")}`;
    const sdp = CHROMIUM_OFFER.replace(
      FINGERPRINT,
      (own) => `${own}\r\n${other}\r\na=fingerprint:md5 00`,
    );
    expect(parse(sdp).fingerprints.map((fingerprint) => fingerprint.hash)).toEqual([
      "sha-256",
      "sha-512",
    ]);
  });
});

describe("an offer is unsupported", () => {
  test.each([
    ["without fingerprint", without("a=fingerprint"), /no fingerprint/],
    ["without BUNDLE", without("a=group"), /no BUNDLE/],
    ["without rtcp-mux", without("a=rtcp-mux"), /no rtcp-mux/],
    ["without setup", without("a=setup"), /setup:nothing/],
    [
      "with setup:passive",
      CHROMIUM_OFFER.replaceAll("actpass", "passive"),
      /setup:passive.*actpass or active/,
    ],
    ["with setup:holdconn", CHROMIUM_OFFER.replaceAll("actpass", "holdconn"), /setup:holdconn/],
    [
      "with SDES",
      without("a=fingerprint").replaceAll(
        "a=setup:actpass",
        "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR",
      ),
      /SDES/,
    ],
    [
      "with ICE-lite",
      CHROMIUM_OFFER.replace("a=msid-semantic", "a=ice-lite\r\na=msid-semantic"),
      /ICE-lite/,
    ],
    [
      "with ICE-lite in an m-line",
      CHROMIUM_OFFER.replace("a=mid:0", "a=ice-lite\r\na=mid:0"),
      /ICE-lite/,
    ],
    ["with an MD5 fingerprint", CHROMIUM_OFFER.replaceAll("sha-256", "md5"), /fingerprint/],
    [
      "with data only",
      CHROMIUM_OFFER.replaceAll(/m=(video|audio)/g, "m=application"),
      /no audio or video/,
    ],
    ["with rejected m-lines", CHROMIUM_OFFER.replaceAll(/(m=\w+) 9/g, "$1 0"), /no audio or video/],
    [
      "over plain RTP",
      CHROMIUM_OFFER.replaceAll("UDP/TLS/RTP/SAVPF", "RTP/AVP"),
      /no audio or video/,
    ],
  ])("%s", (_name, sdp, message) => {
    expect(() => parse(sdp)).toThrow(expect.objectContaining({ code: "SDP_UNSUPPORTED" }));
    expect(() => parse(sdp)).toThrow(message);
  });
});

describe("an offer is invalid", () => {
  test.each([
    ["nothing", ""],
    ["text", "hello"],
    ["without m-lines", CHROMIUM_OFFER.slice(0, CHROMIUM_OFFER.indexOf("m="))],
    ["with an m-line that cannot be read", CHROMIUM_OFFER.replace("m=audio 9", "m=audio nine")],
    ["without ICE user name", without("a=ice-ufrag")],
    ["without ICE password", without("a=ice-pwd")],
    ["with a short ICE password", CHROMIUM_OFFER.replaceAll("M2HEBpxxT2SVH6CWB/1HJtCF", "short")],
    ["with the same mid twice", CHROMIUM_OFFER.replace("a=mid:1", "a=mid:0")],
    ["with a NUL", CHROMIUM_OFFER.replace("a=mid:1", "a=mid:1\0")],
    ["with a lone carriage return", CHROMIUM_OFFER.replace("a=mid:1", "a=mid:1\rx")],
  ])("%s", (_name, sdp) => {
    expect(() => parse(sdp)).toThrow(expect.objectContaining({ code: "SDP_INVALID" }));
  });
});

describe("limits", () => {
  const invalid = expect.objectContaining({ code: "SDP_INVALID" });

  test("of length", () => {
    const limits = { ...DEFAULT_RTC_LIMITS, maxSdpLength: CHROMIUM_OFFER.length };
    expect(parseOffer(CHROMIUM_OFFER, limits)).toBeDefined();
    expect(() => parseOffer(`${CHROMIUM_OFFER}\n`, limits)).toThrow(invalid);
  });

  test("of m-lines", () => {
    expect(parseOffer(CHROMIUM_OFFER, { ...DEFAULT_RTC_LIMITS, maxMediaLines: 2 })).toBeDefined();
    expect(() => parseOffer(CHROMIUM_OFFER, { ...DEFAULT_RTC_LIMITS, maxMediaLines: 1 })).toThrow(
      invalid,
    );
  });

  test("of a line", () => {
    const line = (length: number): string => `${CHROMIUM_OFFER}a=x:${"y".repeat(length - 4)}\r\n`;
    expect(parse(line(MAX_LINE_LENGTH))).toBeDefined();
    expect(() => parse(line(MAX_LINE_LENGTH + 1))).toThrow(invalid);
  });

  test("of a mid", () => {
    const named = (length: number): string => {
      const mid = "m".repeat(length);
      return CHROMIUM_OFFER.replace("BUNDLE 0 1", `BUNDLE 0 ${mid}`).replace(
        "a=mid:1",
        `a=mid:${mid}`,
      );
    };
    expect(parse(named(MAX_MID_LENGTH)).bundle).toHaveLength(2);
    expect(() => parse(named(MAX_MID_LENGTH + 1))).toThrow(invalid);
  });

  test("of fingerprints", () => {
    const many = (count: number): string =>
      CHROMIUM_OFFER.replace(FINGERPRINT, (own) => Array(count).fill(own).join("\r\n"));
    expect(parse(many(MAX_FINGERPRINTS)).fingerprints).toHaveLength(MAX_FINGERPRINTS);
    expect(() => parse(many(MAX_FINGERPRINTS + 1))).toThrow(invalid);
  });
});

test("arbitrary text, and Chromium's offer with changes, is read or refused", () => {
  const attempt = (sdp: string): void => {
    try {
      parse(sdp);
    } catch (error) {
      expect(error).toBeInstanceOf(ProtocolError);
    }
  };
  const lines = CHROMIUM_OFFER.split("\r\n");
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), attempt));
  fc.assert(fc.property(fc.string(), (text) => attempt(`v=0\r\n${text}`)));
  fc.assert(
    fc.property(
      fc.nat(lines.length - 1),
      fc.oneof(fc.string(), fc.constantFrom(...lines), fc.constant("m=video 9 x y")),
      fc.nat(2),
      (at, line, remove) => attempt(lines.toSpliced(at, remove, line).join("\r\n")),
    ),
    { numRuns: 100 },
  );
});
