import { beforeEach, expect, test } from "vitest";
import { BitrateWatch } from "./bitrate-watch.ts";
import { FakeClock } from "./fake-clock.ts";
import { silentLog } from "./log.ts";
import { Registry } from "./registry.ts";
import { frameAt, videoInfo } from "./test-frames.ts";

const maxBitrateBps = 1_000_000;
let clock: FakeClock;
let bytes: number;
let exceeded: number;
let watch: BitrateWatch;

beforeEach(() => {
  clock = new FakeClock();
  bytes = 0;
  exceeded = 0;
  watch = new BitrateWatch({
    ...{ clock, maxBitrateBps, bytes: () => bytes },
    onExceeded: () => void exceeded++,
  });
});

/** So many seconds of a bit rate. */
function send(seconds: number, bitrateBps: number): void {
  for (let second = 0; second < seconds; second++) {
    bytes += bitrateBps / 8;
    clock.advance(1000);
  }
}

test("the allowed rate may come for ever, twice that for a few seconds", () => {
  send(600, maxBitrateBps);
  expect(exceeded).toBe(0);
  send(5, 2 * maxBitrateBps);
  expect(exceeded).toBe(0);
  send(1, 2 * maxBitrateBps);
  expect(exceeded).toBe(1);
  send(20, 9 * maxBitrateBps);
  expect(exceeded).toBe(1);
  expect(clock.timers).toBe(0);
});

test("a large key frame, and what waited while the network stood still, are no excess", () => {
  for (let group = 0; group < 100; group++) {
    send(1, 4 * maxBitrateBps);
    send(4, maxBitrateBps / 4);
  }
  send(4, 0);
  send(1, 5 * maxBitrateBps);
  expect(exceeded).toBe(0);
});

test("a little more is noticed in the end, and whoever counts anew is not taken for more", () => {
  send(50, 1.1 * maxBitrateBps);
  bytes = 0;
  send(20, 1.1 * maxBitrateBps);
  expect(exceeded).toBe(0);
  send(60, 1.1 * maxBitrateBps);
  expect(exceeded).toBe(1);
});

test("one that is closed tells nothing", () => {
  bytes += maxBitrateBps;
  watch.close();
  watch.close();
  clock.advance(60_000);
  expect([exceeded, clock.timers]).toEqual([0, 0]);
});

test.each(["frames", "what the transport counts"])("a publisher is ended by its %s", (way) => {
  const kicked: string[] = [];
  const registry = new Registry({ clock, log: silentLog });
  let received = 0;
  const publisher = registry.publish({
    stream: "live/cam",
    grant: { stream: "live/cam", maxBitrateBps: 80_000 },
    transport: "rtmp",
    address: "192.0.2.1",
    ...(way === "frames" ? {} : { stats: () => ({ bytesReceived: received }) }),
    onKick: (reason) => kicked.push(reason),
  });
  publisher.setTrack(videoInfo());
  for (let second = 0; second < 20; second++) {
    if (way === "frames") {
      publisher.frame("video", frameAt(second * 1000, { key: true, size: 20_000 }));
    } else received += 20_000;
    clock.advance(1000);
    if (kicked.length > 0) break;
  }
  expect(kicked).toEqual(["BITRATE_EXCEEDED"]);
  publisher.close("BITRATE_EXCEEDED");
  expect(registry.publisher("live/cam")).toBeUndefined();
});
