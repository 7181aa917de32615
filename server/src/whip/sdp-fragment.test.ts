import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ProtocolError } from "../core/errors.ts";
import { matches, newEntityTag, parseIfMatch } from "./entity-tag.ts";
import { iceServerLinks } from "./ice-server-links.ts";
import { bundleLines, iceCredentials, parseSdpFragment, writeSdpFragment } from "./sdp-fragment.ts";

const pwd = "P".repeat(22);

/** RFC 9725 section 4.3.2's example, shortened. */
const trickle = [
  "a=group:BUNDLE 0 1",
  "m=audio 9 UDP/TLS/RTP/SAVPF 111",
  "a=mid:0",
  "a=ice-ufrag:EsAw",
  `a=ice-pwd:${pwd}`,
  "a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw network-id 1",
  "a=candidate:3471623853 1 udp 2122194687 198.51.100.2 61765 typ host generation 0 ufrag EsAw network-id 2",
  "a=end-of-candidates",
  "",
];

describe("a fragment", () => {
  test.each(["\r\n", "\n", "\r"])("is read with line ends %j", (end) => {
    expect(parseSdpFragment(trickle.join(end))).toEqual({
      credentials: { ufrag: "EsAw", pwd },
      candidates: [
        "candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw network-id 1",
        "candidate:3471623853 1 udp 2122194687 198.51.100.2 61765 typ host generation 0 ufrag EsAw network-id 2",
      ],
      endOfCandidates: true,
    });
  });

  test("may be empty, or name credentials once per m-line", () => {
    expect(parseSdpFragment("")).toEqual({
      credentials: undefined,
      candidates: [],
      endOfCandidates: false,
    });
    const twice = `a=ice-ufrag:EsAw\r\na=ice-pwd:${pwd}\r\n`.repeat(2);
    expect(parseSdpFragment(twice).credentials).toEqual({ ufrag: "EsAw", pwd });
  });

  test.each([
    ["no line of SDP", "garbage"],
    ["ufrag without pwd", "a=ice-ufrag:EsAw"],
    ["two ufrags", `a=ice-ufrag:EsAw\na=ice-ufrag:Other\na=ice-pwd:${pwd}`],
    ["ufrag too short", `a=ice-ufrag:abc\na=ice-pwd:${pwd}`],
    ["ufrag too long", `a=ice-ufrag:${"a".repeat(257)}\na=ice-pwd:${pwd}`],
    ["pwd too short", `a=ice-ufrag:EsAw\na=ice-pwd:${"P".repeat(21)}`],
    ["no ice-chars", `a=ice-ufrag:Es w\na=ice-pwd:${pwd}`],
    ["too many candidates", "a=candidate:1\n".repeat(65)],
    ["a candidate too long", `a=candidate:${"x".repeat(1024)}`],
  ])("with %s is refused", (_name, text) => {
    expect(() => parseSdpFragment(text)).toThrowError(
      expect.objectContaining({ code: "SDP_FRAGMENT_INVALID" }),
    );
  });

  test("at the limits is taken", () => {
    expect(parseSdpFragment("a=candidate:1\n".repeat(64)).candidates).toHaveLength(64);
    const length = 1024 - "candidate:".length;
    expect(parseSdpFragment(`a=candidate:${"x".repeat(length)}`).candidates).toHaveLength(1);
  });

  test("of arbitrary text gives a result or a ProtocolError", () => {
    const line = fc.oneof(fc.string(), fc.constantFrom(...trickle));
    const property = fc.property(fc.array(line), (lines) => {
      try {
        parseSdpFragment(lines.join("\r\n"));
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
    });
    void fc.assert(property);
  });

  test("that answers a restart names our credentials and candidates in the answer's first m-line", () => {
    const answer = [
      "v=0",
      "a=group:BUNDLE 0 1",
      "m=video 9 UDP/TLS/RTP/SAVPF 102",
      "a=mid:0",
      "m=audio 9 UDP/TLS/RTP/SAVPF 111",
      "a=mid:1",
    ].join("\r\n");
    const candidates = ["candidate:1 1 udp 2130706431 192.0.2.1 8189 typ host"];
    const text = writeSdpFragment({ ufrag: "abcd", pwd, candidates }, bundleLines(answer));
    expect(text.split("\r\n")).toEqual([
      "a=group:BUNDLE 0 1",
      "a=ice-lite",
      "a=ice-ufrag:abcd",
      `a=ice-pwd:${pwd}`,
      "m=video 9 UDP/TLS/RTP/SAVPF 102",
      "a=mid:0",
      "a=candidate:1 1 udp 2130706431 192.0.2.1 8189 typ host",
      "a=end-of-candidates",
      "",
    ]);
    expect(parseSdpFragment(text)).toEqual({
      credentials: { ufrag: "abcd", pwd },
      candidates,
      endOfCandidates: true,
    });
  });

  test("an offer without credentials has none", () => {
    expect(iceCredentials("v=0\r\n")).toBeUndefined();
  });
});

describe("If-Match", () => {
  const tag = newEntityTag();

  test.each<[string | undefined, boolean | undefined]>([
    [undefined, undefined],
    ["*", true],
    ['"*"', true],
    [tag, true],
    [`"other", ${tag}`, true],
    [`"other",${tag} , "third"`, true],
    [`W/${tag}`, false],
    ['"other"', false],
    [tag.slice(1, -1), false],
    ["", false],
  ])("%s → %s", (header, expected) => {
    const parsed = parseIfMatch(header);
    expect(parsed === undefined ? undefined : matches(parsed, tag)).toBe(expected);
  });

  test("entity tags are strong, quoted and never the same", () => {
    expect(tag).toMatch(/^"[\w-]{12}"$/);
    expect(newEntityTag()).not.toBe(tag);
  });
});

describe("Link", () => {
  test("is one value per URL, with credentials where there are some", () => {
    const links = iceServerLinks([
      { urls: ["stun:192.0.2.1:3478"] },
      {
        urls: ["turn:turn.example:3478?transport=udp", "turns:[2001:db8::1]:5349?transport=tcp"],
        username: "1700000000:viewer",
        credential: "c2VjcmV0+/=",
      },
    ]);
    const secret =
      'username="1700000000:viewer"; credential="c2VjcmV0+/="; credential-type="password"';
    expect(links).toEqual([
      '<stun:192.0.2.1:3478>; rel="ice-server"',
      `<turn:turn.example:3478?transport=udp>; rel="ice-server"; ${secret}`,
      `<turns:[2001:db8::1]:5349?transport=tcp>; rel="ice-server"; ${secret}`,
    ]);
  });

  test("never has a comma or a quote inside: OBS splits there", () => {
    const text = fc.string({ maxLength: 8 });
    const property = fc.property(text, text, text, (url, username, credential) => {
      for (const link of iceServerLinks([{ urls: [`turn:h${url}`], username, credential }])) {
        expect(link).toMatch(
          /^<[^<>",\s]+>; rel="ice-server"; username="[^",\\]*"; credential="[^",\\]*"; credential-type="password"$/,
        );
      }
    });
    void fc.assert(property);
    expect(iceServerLinks([{ urls: ["turn:a,b"] }, { urls: ["http://x"] }])).toEqual([]);
    expect(iceServerLinks([{ urls: ["turn:a"], username: "a,b", credential: "c" }])).toEqual([]);
  });
});
