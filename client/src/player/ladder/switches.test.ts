import { beforeEach, expect, it } from "vitest";
import { Switches } from "./switches.ts";

let log: string[];
let switches: Switches;

beforeEach(() => {
  log = [];
  switches = new Switches((from, to, reason) => log.push(`${from} -> ${to}: ${reason}`));
});

it("tells the first way, another rung, another path, and the end, each once", () => {
  switches.shown("first-frame");
  for (let frame = 0; frame < 3; frame++) switches.playsBy("ws-flv");
  switches.shown("climb");
  for (let frame = 0; frame < 3; frame++) switches.playsBy("webrtc");
  for (let frame = 0; frame < 3; frame++) switches.playsBy("webrtc-relay");
  switches.end("paused");
  switches.end("paused");
  expect(log).toEqual([
    "undefined -> ws-flv: first-frame",
    "ws-flv -> webrtc: climb",
    "webrtc -> webrtc-relay: path",
    "webrtc-relay -> undefined: paused",
  ]);
});

it("says why the way of now is shown", () => {
  switches.playsBy("webrtc");
  switches.shown("ICE_FAILED");
  expect(switches.reason).toBe("first-frame");
  switches.playsBy("http-flv");
  expect(switches.now).toBe("http-flv");
  expect(switches.reason).toBe("ICE_FAILED");
  switches.end("paused");
  expect(switches.now).toBeUndefined();
  expect(switches.reason).toBeUndefined();
});

it("is silent about a rung that came and went before it played", () => {
  switches.playsBy("webrtc");
  switches.shown("FROZEN");
  switches.shown("climb");
  switches.playsBy("webrtc");
  switches.playsBy("webrtc-relay");
  expect(log.at(-1)).toBe("webrtc -> webrtc-relay: path");
});
