import { beforeEach, expect, test } from "vitest";
import { BeaconCollector } from "./beacon.ts";
import { type MediaStats, noStats, type VideoStats } from "./stats-delta.ts";

let collector: BeaconCollector;

beforeEach(() => {
  collector = new BeaconCollector();
});

/** Plays by WebRTC; asked for at 1000, first frame at 1300. */
function play(): void {
  collector.state("connecting", 1000);
  collector.state("playing", 1300);
  collector.switched(undefined, "webrtc", "first-frame", 1300);
}

function video(framesDecoded: number, framesDropped: number, path?: MediaStats["path"]) {
  return { ...noStats, path, video: { framesDecoded, framesDropped } as VideoStats };
}

const nothing = {
  freezes: 0,
  frozenSeconds: 0,
  playedSeconds: 0,
  framesDropped: 0,
  framesShown: 0,
  switches: [],
};

test("there is nothing to tell of what does not play", () => {
  expect(collector.take(0)).toEqual([]);
  collector.state("connecting", 1000);
  expect(collector.take(5000)).toEqual([]);
  expect(collector.active).toBe(true);
});

test("the first frame is told once, and how long was played", () => {
  play();
  collector.latency(120);
  const report = { ...nothing, transport: "webrtc" };
  expect(collector.take(11_300)).toEqual([
    { ...report, firstFrameMs: 300, latencyMs: 120, playedSeconds: 10 },
  ]);
  expect(collector.take(13_300)).toEqual([{ ...report, playedSeconds: 2 }]);
  collector.state("idle", 14_300);
  collector.switched("webrtc", undefined, "paused", 14_300);
  expect(collector.take(20_000)).toEqual([{ ...report, playedSeconds: 1 }]);
  expect(collector.take(30_000)).toEqual([]);
});

test("who waited for a publisher did not wait for the first frame", () => {
  collector.state("connecting", 1000);
  collector.state("offline", 1100);
  collector.state("connecting", 60_000);
  collector.state("playing", 61_000);
  collector.switched(undefined, "webrtc", "first-frame", 61_000);
  expect(collector.take(61_000)[0]?.firstFrameMs).toBeUndefined();
});

test("a page that was hidden says nothing of the first frame", () => {
  collector.state("connecting", 1000);
  collector.hidden(true, 1100);
  collector.hidden(false, 9000);
  collector.state("playing", 9300);
  collector.switched(undefined, "webrtc", "first-frame", 9300);
  expect(collector.take(9300)[0]?.firstFrameMs).toBeUndefined();
});

test("each transport has its own report, a freeze is that of the one that froze", () => {
  play();
  for (let atMs = 1300; atMs <= 3300; atMs += 40) collector.frame(atMs);
  collector.switched("webrtc", "ws-flv", "FROZEN", 5300);
  for (let atMs = 5310; atMs <= 7300; atMs += 40) collector.frame(atMs);
  const reports = collector.take(7300);
  expect(reports).toEqual([
    {
      ...nothing,
      transport: "webrtc",
      firstFrameMs: 300,
      playedSeconds: 4,
      freezes: 1,
      frozenSeconds: 2,
    },
    {
      ...nothing,
      transport: "ws-flv",
      playedSeconds: 2,
      frozenSeconds: 0.01,
      switches: [{ from: "webrtc", to: "ws-flv", reason: "FROZEN" }],
    },
  ]);
});

test("a publisher that is gone freezes nobody's picture", () => {
  play();
  for (let atMs = 1300; atMs <= 3300; atMs += 40) collector.frame(atMs);
  collector.state("waiting", 3400);
  collector.state("playing", 20_000);
  collector.frame(20_000);
  expect(collector.take(20_000)[0]?.freezes).toBe(0);
});

test("frames in hidden pages are none", () => {
  play();
  for (let atMs = 1300; atMs <= 3300; atMs += 40) collector.frame(atMs);
  collector.hidden(true, 3300);
  collector.hidden(false, 60_000);
  collector.frame(60_010);
  expect(collector.take(60_010)[0]?.freezes).toBe(0);
});

test("what browsers count is told as what came since, also when they begin anew", () => {
  play();
  collector.counted("webrtc", video(100, 2));
  collector.counted("webrtc", video(300, 5));
  collector.counted("webrtc", video(10, 1));
  collector.counted("sse", video(999, 999));
  expect(collector.take(2000)[0]).toMatchObject({ framesShown: 310, framesDropped: 6 });
  collector.counted("webrtc", video(40, 1));
  expect(collector.take(3000)[0]).toMatchObject({ framesShown: 30, framesDropped: 0 });
});

test.each([
  [false, "udp", "udp"],
  [true, "tls", "relay-tls"],
  [false, "ssltcp", undefined],
])("the path of ICE is told: relayed %s over %s", (relayed, protocol, path) => {
  play();
  collector.counted("webrtc", video(1, 0, { local: "host", remote: "host", protocol, relayed }));
  expect(collector.take(2000)[0]?.path).toBe(path);
});

test("nothing is more than the server takes", () => {
  play();
  for (let i = 0; i < 30; i++) {
    collector.switched("webrtc", "sse", `R${i}`, 1300);
    collector.switched("sse", "webrtc", "climb", 1300);
  }
  collector.latency(Number.MAX_SAFE_INTEGER);
  collector.counted("webrtc", video(1e9, 1e9));
  const [webrtc, sse] = collector.take(1e9);
  expect(webrtc).toMatchObject({
    playedSeconds: 120,
    latencyMs: 120_000,
    framesShown: 100_000,
    framesDropped: 100_000,
  });
  expect(webrtc?.switches).toHaveLength(10);
  expect(sse?.switches.at(-1)?.reason).toBe("R29");
});
