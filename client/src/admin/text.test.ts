import { expect, test } from "vitest";
import {
  agentText,
  codecText,
  figureName,
  figureText,
  framesText,
  plural,
  shortBitrateText,
  spanText,
} from "./text.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

test.each([
  [undefined, "–"],
  [-5, "0 s"],
  [59_999, "59 s"],
  [minuteMs, "1 min 00 s"],
  [hourMs - 1, "59 min 59 s"],
  [2 * hourMs + 5 * minuteMs, "2 h 05 min"],
  [76 * hourMs, "3 d 4 h"],
])("a span of %s is %s", (ms, text) => expect(spanText(ms)).toBe(text));

test.each([
  [undefined, "–"],
  [
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/143.0.0.0 Safari/537.36",
    "Chrome 143, Linux",
  ],
  [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 Edg/120.0.0.0",
    "Edge 120, Windows",
  ],
  [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1",
    "Safari 17, iOS",
  ],
  ["Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox 128, Linux"],
  ["VLC/3.0.18 LibVLC/3.0.18", "VLC/3.0.18 LibVLC/3.0.18"],
  ["FMLE/3.0 (compatible; Lavf59.27.100)", "FMLE/3.0"],
  ["x".repeat(50), `${"x".repeat(39)}…`],
])("%s is %s", (agent, text) => expect(agentText(agent)).toBe(text));

test("figures that the page does not know yet are told by the unit in their name", () => {
  const told: readonly (readonly [string, unknown, string | undefined])[] = [
    ["roundTripMs", 12.4, "12 ms"],
    ["clockDriftPpm", 3.26, "3.3 ppm"],
    ["lossRatio", 0.012, "1.2 %"],
    ["bitrateBps", 2_500_000, "2.5 Mbit/s"],
    ["bytesReceived", 2_250_000_000, "2.25 GB"],
    ["frozenSeconds", 1.5, "1.5 s"],
    ["nacks", 12_345, "12,345"],
    ["bFrames", true, "yes"],
    ["path", "udp", "udp"],
    ["encodings", [], undefined],
    ["frames", Number.NaN, undefined],
  ];
  for (const [name, value, text] of told) expect(figureText(name, value), name).toBe(text);
  expect(["roundTripMs", "framesDropped", "clockDriftPpm"].map(figureName)).toEqual([
    ...["Round trip", "Frames dropped", "Clock drift"],
  ]);
});

test("codecs have the names that people know", () => {
  expect(
    ["avc1.42e01f", "mp4a.40.2", "opus", "vp09.00.10.08", "hvc1.1.6", "jpeg", "h264"].map(
      codecText,
    ),
  ).toEqual(["H.264", "AAC", "Opus", "VP9", "H.265", "JPEG", "H.264"]);
});

test("numbers", () => {
  expect([plural(1, "viewer"), plural(10_482, "viewer"), plural(0, "way", "ways")]).toEqual([
    ...["1 viewer", "10,482 viewers", "0 ways"],
  ]);
  expect([0, 950, 2_500_000, 1.25e9].map(shortBitrateText)).toEqual([
    ...["0", "0.95 kbit", "2.5 Mbit", "1.25 Gbit"],
  ]);
  expect([undefined, 7.46, 29.97].map(framesText)).toEqual(["–", "7.5 fps", "30 fps"]);
});
