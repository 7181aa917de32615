import { expect, test } from "vitest";
import { parseEvent } from "./event-entry.ts";
import { bitrateOf, FrameRates } from "./frame-rates.ts";
import { stateOf } from "./health-text.ts";
import { parseRoute, streamHash } from "./route.ts";
import { SeenRates } from "./seen-rates.ts";
import { addressText, parseServer } from "./server-facts.ts";
import { failureText } from "./sign-in.ts";
import { parseStreams } from "./stream-entry.ts";
import { publisherFacts } from "./stream-facts.ts";
import { mediaText } from "./stream-row.ts";
import { streamSnippets } from "./stream-snippets.ts";
import { streamEntry } from "./test-streams.ts";

const video = { id: "video", kind: "video", codec: "h264", width: 1280, height: 720 };
const audio = { id: "audio", kind: "audio", codec: "aac", sampleRate: 48_000, channels: 2 };

test.each([
  ["", { view: "overview" }],
  ["#/streams", { view: "streams" }],
  ["#/streams/live/c.a_m-1+x", { view: "stream", stream: "live/c.a_m-1+x" }],
  ["#/streams/..%2f", { view: "overview" }],
  ["#/streams/%zz", { view: "overview" }],
  ["#/nonsense", { view: "overview" }],
  ["#/events", { view: "events" }],
])("%s is a view", (hash, route) => expect(parseRoute(hash)).toEqual(route));

test("a stream's address leads to it", () => {
  expect(parseRoute(streamHash("live/cam"))).toEqual({ view: "stream", stream: "live/cam" });
});

test("lists with pages, and servers that say nonsense", () => {
  expect(parseStreams({ streams: [{ name: "a" }, {}, 7], next: "x" })).toMatchObject({
    streams: [{ name: "a", tracks: [], hints: [], viewerCount: 0, publisher: undefined }],
    next: "x",
  });
  expect(parseStreams(undefined)).toEqual({ streams: [], next: undefined });
  expect(parseServer(null)).toMatchObject({ version: "unknown", ready: true, addresses: [] });
});

test("the frame rate is counted over several answers, unless somebody tells it", () => {
  const rates = new FrameRates();
  const at = (frames: number) => streamEntry("live/a", { tracks: [{ ...video, frames }] });
  expect(rates.of(at(0))).toBeUndefined();
  [0, 60, 118, 180, 240].forEach((frames, step) => {
    rates.take([at(frames)], step * 2000);
  });
  expect(rates.of(at(240))).toBeCloseTo(30, 0);
  // The publisher came back and counts from the start.
  rates.take([at(3)], 10_000);
  expect(rates.of(at(3))).toBeUndefined();
  rates.take([], 12_000);
  expect(rates.of(at(3))).toBeUndefined();
  const layers = [
    { rid: "l", frameRate: 15 },
    { rid: "h", frameRate: 29.97 },
  ];
  expect(rates.of(streamEntry("b", { tracks: [{ ...video, layers }] }))).toBe(29.97);
  const publisher = { id: "p", stats: { frameRate: 25, bitrateBps: 7 } };
  expect(rates.of(streamEntry("c", { publisher, tracks: [video] }))).toBe(25);
  expect(bitrateOf(streamEntry("c", { publisher }))).toBe(7);
});

test("a stream's bit rate is of its own tracks, not of those made here", () => {
  const tracks = [
    { ...video, bitrateBps: 1000 },
    { ...audio, bitrateBps: 100 },
    { ...audio, id: "audio-opus", derived: true, bitrateBps: 50 },
  ];
  expect(bitrateOf(streamEntry("a", { tracks }))).toBe(1100);
  expect(bitrateOf(streamEntry("a"))).toBeUndefined();
  expect(mediaText(streamEntry("a", { tracks }), 30)).toBe("1280 × 720 · 30 fps · H.264 · AAC");
});

test.each([
  [{ health: { buffer: "FULL" } }, "Live"],
  [{ health: { buffer: "DRY" } }, "Runs dry"],
  [{ state: "waiting", health: { buffer: "EMPTY" } }, "Publisher away"],
])("%j is %s", (fields, words) => expect(stateOf(streamEntry("a", fields)).words).toBe(words));

test("figures of a publisher over WebRTC come from where they are measured", () => {
  const stats = {
    state: "live",
    ingest: {
      roundTripMs: 12,
      encodings: [
        { jitterMs: 3, lost: 2 },
        { jitterMs: 9, lost: 1 },
      ],
    },
  };
  const publisher = { id: "p", transport: "whip", address: "192.0.2.1", stats };
  const facts = Object.fromEntries(publisherFacts(streamEntry("a", { publisher }), 0));
  expect(facts).toMatchObject({ Jitter: "9 ms", "Packets lost": "3", "Round trip": "12 ms" });
  expect(facts).not.toHaveProperty("State");
});

test("what people copy begins with the public address, and never has a token", () => {
  const server = parseServer({
    publicUrls: ["https://gw.example/tv"],
    addresses: [{ protocol: "rtmp", transport: "tcp", host: "::", port: 1936 }],
  });
  const { obs, share, whip } = streamSnippets("http://10.0.0.1:8080/", server, "live/cam");
  expect(share[0]?.text).toBe("https://gw.example/tv/live/cam");
  expect(share[2]?.text).toContain('src="https://gw.example/tv/embed/live/cam"');
  expect(obs.map(({ text }) => text)).toEqual(["rtmp://gw.example:1936/live", "cam"]);
  expect(whip[0]?.text).toBe("https://gw.example/tv/whip/live/cam");
  const local = streamSnippets("http://10.0.0.1:8080/", parseServer({}), "live/cam");
  expect([local.whip[0]?.text, local.obs]).toEqual(["http://10.0.0.1:8080/whip/live/cam", []]);
});

test.each([
  ["::", "port 80"],
  ["0.0.0.0", "port 80"],
  ["::1", "[::1]:80"],
  ["192.0.2.1", "192.0.2.1:80"],
])("%s is told as %s", (host, text) =>
  expect(addressText({ ...{ protocol: "http", transport: "tcp" }, host, port: 80 })).toBe(text),
);

test("why the form came back", () => {
  expect(failureText("")).toBeUndefined();
  expect(failureText("?failed")).toBe("That is not an admin token of this server.");
  expect(failureText("?failed=RATE_LIMITED")).toContain("Too many attempts");
});

test("events become sentences; what is none is left out", () => {
  const parse = (data: unknown) => parseEvent(JSON.stringify(data), "r.1", 5);
  const at = "2026-01-01T00:00:00.000Z";
  const session = {
    at,
    stream: "live/a",
    session: "s",
    transport: "http-flv",
    address: "192.0.2.1",
  };
  expect(parse({ type: "play.ended", ...session, reason: "KICKED", seconds: 65 })).toMatchObject({
    ...{ stream: "live/a", code: "KICKED", atMs: Date.parse(at), status: "plain" },
    words: "A viewer leaves after 1 min 05 s: HTTP-FLV, 192.0.2.1",
  });
  const hint = { type: "stream.hint", at, stream: "live/a", code: "B_FRAMES", message: "Set it." };
  expect(parse(hint)).toMatchObject({ code: "B_FRAMES", words: "Set it.", status: "warn" });
  const dry = { type: "stream.buffer", buffer: "DRY", at, stream: "live/a" };
  expect(parse(dry)).toMatchObject({ status: "warn", code: undefined });
  expect(parse({ type: "something.new" })).toMatchObject({ words: "something.new", atMs: 5 });
  expect([parse({}), parse(7), parseEvent("{", "", 0)]).toEqual([undefined, undefined, undefined]);
});

test("rates that were seen are kept for a while", () => {
  const seen = new SeenRates(10);
  for (let second = 0; second <= 20; second++) seen.take(second * 1000, second, 2 * second);
  seen.take(20_000, 99, 99);
  expect([seen.times[0], seen.times.length, seen.inRates.at(-1)]).toEqual([10_000, 11, 20]);
  expect(seen.outRates).toHaveLength(11);
});
