import { expect, test } from "vitest";
import { FakeClock } from "../core/fake-clock.ts";
import type { Viewer } from "../core/index.ts";
import { parseBeacon, type Report } from "./beacon.ts";
import { Experiences } from "./experiences.ts";
import { Presence } from "./presence.ts";

const stream = { name: "live/cam" };

function viewer(clientId: string | undefined): Viewer {
  return { info: { transport: "sse", address: "192.0.2.1", clientId } } as Viewer;
}

function report(fields: object = {}): Report {
  const reports = [{ transport: "webrtc", ...fields }];
  const [parsed] = parseBeacon(JSON.stringify({ stream: "live/cam", reports })).reports;
  if (parsed === undefined) throw new Error("no report");
  return parsed;
}

test("a client with two sessions is here until the last one ends", () => {
  const clock = new FakeClock();
  const presence = new Presence(clock, { recentMs: 1000, maxRecent: 10 });
  presence.playStarted(stream, viewer("a"));
  presence.playStarted(stream, viewer("a"));
  presence.playEnded(stream, viewer("a"));
  clock.advance(5000);
  expect(presence.has("live/cam", "a")).toBe(true);
  presence.playEnded(stream, viewer("a"));
  clock.advance(1001);
  expect(presence.has("live/cam", "a")).toBe(false);
  presence.playStarted(stream, viewer(undefined));
  presence.playEnded(stream, viewer(undefined));
  expect(presence.has("live/cam", "undefined")).toBe(false);
});

test("those who left are remembered for a time, and not more than so many", () => {
  const clock = new FakeClock();
  const presence = new Presence(clock, { recentMs: 1000, maxRecent: 10 });
  for (let i = 0; i < 50; i++) {
    presence.playStarted(stream, viewer(`c${i}`));
    presence.playEnded(stream, viewer(`c${i}`));
  }
  expect(presence.size).toBe(10);
  expect(presence.has("live/cam", "c39")).toBe(false);
  expect(presence.has("live/cam", "c40")).toBe(true);
  clock.advance(2000);
  presence.playStarted(stream, viewer("x"));
  presence.playEnded(stream, viewer("x"));
  expect(presence.size).toBe(1);
});

test("an experience adds up until another session begins", () => {
  const clock = new FakeClock();
  const kept = new Experiences(clock, {
    maxExperiences: 9,
    experienceMs: 60_000,
    maxSwitches: 2,
    maxSpareSeconds: 130,
  });
  const change = (reason: string) => ({ from: "webrtc", to: "sse", reason });
  const first = { firstFrameMs: 300, latencyMs: 80, path: "udp", freezes: 1, playedSeconds: 10 };
  kept.add("live/cam", "a", "s1", report({ ...first, switches: [change("LOSS")] }));
  kept.add("live/cam", "a", "s1", report({ freezes: 2, playedSeconds: 10 }));
  expect(kept.of("live/cam", "a")).toMatchObject({
    firstFrameMs: 300,
    latencyMs: 80,
    path: "udp",
    freezes: 3,
    playedSeconds: 20,
  });
  const switches = [change("FROZEN"), change("climb")];
  kept.add("live/cam", "a", "s1", report({ transport: "sse", switches }));
  const now = kept.of("live/cam", "a");
  expect(now?.switches.map(({ reason }) => reason)).toEqual(["FROZEN", "climb"]);
  expect(now).toMatchObject({ transport: "sse", latencyMs: undefined, path: undefined });
  kept.add("live/cam", "a", "s2", report());
  expect(kept.of("live/cam", "a")).toMatchObject({ freezes: 0, firstFrameMs: undefined });
});

test("experiences are kept for a time, and not more than so many", () => {
  const clock = new FakeClock();
  const kept = new Experiences(clock, {
    maxExperiences: 5,
    experienceMs: 1000,
    maxSwitches: 2,
    maxSpareSeconds: 130,
  });
  for (let i = 0; i < 20; i++) kept.add("live/cam", `c${i}`, undefined, report());
  expect(kept.size).toBe(5);
  expect(kept.of("live/cam", "c14")).toBeUndefined();
  expect(kept.of("live/cam", "c15")).toBeDefined();
  clock.advance(1001);
  expect(kept.of("live/cam", "c19")).toBeUndefined();
  kept.add("live/cam", "x", undefined, report());
  expect(kept.size).toBe(1);
});
