import { expect, test } from "vitest";
import { FakeClock } from "./fake-clock.ts";
import { silentLog } from "./log.ts";
import { Registry } from "./registry.ts";
import { videoInfo } from "./test-frames.ts";

const info = {
  stream: "live/cam",
  transport: "rtmp",
  address: "192.0.2.1",
  onKick: (): void => {},
} as const;

function start() {
  const clock = new FakeClock();
  const failed: object[] = [];
  const log = { ...silentLog, error: (fields: object) => void failed.push(fields) };
  const registry = new Registry({ clock, log, limits: { graceMs: 1000 } });
  const told: string[] = [];
  const stop = registry.watch({
    publishStarted: ({ stream }) => told.push(`publish ${stream.name} ${stream.state}`),
    publishEnded: ({ stream }, reason) => told.push(`unpublish ${stream.name} ${reason}`),
    playStarted: (stream, viewer) => told.push(`play ${stream.name} ${viewer.info.transport}`),
    playEnded: (stream, viewer) => told.push(`stop ${stream.name} ${viewer.info.transport}`),
    streamChanged: (_, change) => {
      told.push(change.type === "state" ? change.state : change.type);
    },
  });
  return { clock, failed, registry, told, stop };
}

test("everything that begins and ends is told once, in order", () => {
  const { clock, registry, told } = start();
  const publisher = registry.publish(info);
  publisher.setTrack(videoInfo());
  const viewer = publisher.stream.addViewer({ transport: "sse", address: "192.0.2.2" });
  viewer.close();
  viewer.close();
  publisher.close("CLIENT_STOPPED");
  publisher.close("AGAIN");
  const second = registry.publish(info);
  second.close("CLIENT_STOPPED");
  clock.advance(1000);
  expect(told).toEqual([
    ...["live", "publish live/cam live", "tracks"],
    ...["play live/cam sse", "stop live/cam sse"],
    ...["unpublish live/cam CLIENT_STOPPED", "waiting"],
    ...["live", "publish live/cam live", "unpublish live/cam CLIENT_STOPPED", "waiting"],
    "offline",
  ]);
});

test("whoever takes over ends the one before first", () => {
  const { registry, told } = start();
  registry.publish(info);
  told.length = 0;
  registry.publish({ ...info, takeOver: true });
  expect(told).toEqual([
    "unpublish live/cam TAKEN_OVER",
    "waiting",
    "live",
    "publish live/cam live",
  ]);
});

test("an observer that fails harms nobody, and one that stopped is not told", () => {
  const { registry, told, failed, stop } = start();
  registry.watch({
    publishStarted: () => {
      throw new Error("mine");
    },
  });
  registry.publish(info);
  expect(told).toEqual(["live", "publish live/cam live"]);
  expect(failed).toEqual([expect.objectContaining({ code: "OBSERVER_FAILED" })]);
  stop();
  registry.close("SHUTTING_DOWN");
  expect(told).toHaveLength(2);
});
