import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FakeClock } from "../../core/fake-clock.ts";
import { type Publisher, Registry, silentLog } from "../../core/index.ts";
import { audioInfo, videoInfo } from "../../core/test-frames.ts";
import type { EventLog } from "./event-log.ts";
import { FakeFragments } from "./fake-fragments.ts";
import { EventHub } from "./hub.ts";

let clock: FakeClock;
let registry: Registry;
let fragments: FakeFragments;
let hub: EventHub;
let publisher: Publisher;

beforeEach(() => {
  clock = new FakeClock();
  registry = new Registry({ clock, log: silentLog, limits: { graceMs: 30_000, staleTrackMs: 1 } });
  fragments = new FakeFragments();
  hub = new EventHub({ fragments, clock });
  publisher = publish();
  publisher.setTrack(videoInfo());
  clock.advance(1);
});

afterEach(() => {
  hub.close();
  registry.close("SHUTTING_DOWN");
  expect(clock.timers).toBe(0);
  expect(fragments.leases).toBe(0);
});

function publish(): Publisher {
  return registry.publish({
    stream: "live/cam",
    transport: "rtmp",
    address: "127.0.0.1",
    onKick: () => {},
  });
}

function told(log: EventLog): [string, Record<string, unknown>][] {
  return log.since(0).map(({ name, json }) => [name, JSON.parse(json)]);
}

describe("what is logged", () => {
  test("tracks, hints, the publisher's going and coming, and the end", () => {
    const { of: log } = hub.shareLog(publisher.stream);
    publisher.setTrack(audioInfo());
    publisher.stream.addHint("B_FRAMES", "No B-frames.");
    publisher.close("PUBLISHER_CLOSED");
    publish();
    publisher.stream.end("KICKED");
    expect(told(log).map(([name, data]) => [name, data["state"] ?? data["reason"]])).toEqual([
      ["stream", "live"],
      ["stream", "live"],
      ["stream", "waiting"],
      ["stream", "live"],
      ["stream", "offline"],
      ["bye", "KICKED"],
    ]);
    expect(told(log)[1]?.[1]["hints"]).toEqual([{ code: "B_FRAMES", message: "No B-frames." }]);
    expect(log.over).toBe(true);
    expect(hub.size.logs).toBe(0);
  });

  test("the number of viewers, at the next check and then some seconds apart", () => {
    const { of: log } = hub.shareLog(publisher.stream);
    const join = () => publisher.stream.addViewer({ transport: "sse", address: "127.0.0.1" });
    const viewers = [join(), join()];
    expect(log.head).toBe(0);
    clock.advance(1_000);
    expect(told(log)).toMatchObject([["stream", { viewers: 2 }]]);
    for (const viewer of viewers) viewer.close();
    clock.advance(4_000);
    expect(log.head).toBe(1);
    clock.advance(1_000);
    expect(told(log)[1]).toMatchObject(["stream", { viewers: 0 }]);
    clock.advance(20_000);
    expect(log.head).toBe(2);
  });

  test("the capture time, once a minute and when it moves", () => {
    const { of: log } = hub.shareLog(publisher.stream);
    clock.advance(59_000);
    expect(log.head).toBe(0);
    clock.advance(1_000);
    expect(told(log)).toEqual([
      ["capture", { streamTimeUs: 60_001_000, wallMs: 1_700_000_060_001 }],
    ]);
    publisher.setCaptureDelay(19_999);
    clock.advance(2_000);
    expect(log.head).toBe(1);
    publisher.setCaptureDelay(20_000);
    clock.advance(1_000);
    expect(told(log)[1]).toEqual([
      "capture",
      { streamTimeUs: 63_001_000, wallMs: 1_700_000_063_001 - 20 },
    ]);
  });
});

describe("how long things are kept", () => {
  test("a log goes on for a minute after its last listener, then another one begins", () => {
    const first = hub.shareLog(publisher.stream);
    const second = hub.shareLog(publisher.stream);
    expect(second.of).toBe(first.of);
    first.release();
    first.release();
    clock.advance(100_000);
    expect(hub.shareLog(publisher.stream).of).toBe(first.of);
    second.release();
    clock.advance(100_000);
    expect(hub.size.logs).toBe(1);
  });

  test("a log that nobody needs ends, and its successor has another epoch", () => {
    const share = hub.shareLog(publisher.stream);
    share.release();
    clock.advance(59_000);
    publisher.stream.addHint("A", "While nobody listens.");
    expect(told(share.of).filter(([name]) => name === "stream")).toHaveLength(1);
    clock.advance(1_000);
    expect(hub.size.logs).toBe(0);
    expect(hub.shareLog(publisher.stream).of.epoch).not.toBe(share.of.epoch);
  });

  test("fragments are leased once for all and given back some time after the last", () => {
    const shares = [
      hub.shareFeed(publisher.stream, "native"),
      hub.shareFeed(publisher.stream, "native"),
    ];
    expect(fragments.leases).toBe(1);
    hub.shareFeed(publisher.stream, "aac").release();
    expect(fragments.leases).toBe(2);
    for (const share of shares) share.release();
    clock.advance(9_000);
    expect(fragments.leases).toBe(2);
    clock.advance(1_000);
    expect(fragments.leases).toBe(0);
  });

  test("an output that ends by itself is leased anew", () => {
    const share = hub.shareFeed(publisher.stream, "aac");
    fragments.of(publisher.stream, "aac").end("NO_TRANSCODER");
    expect(share.of.endedCode).toBe("NO_TRANSCODER");
    expect(fragments.leases).toBe(0);
    expect(hub.shareFeed(publisher.stream, "aac").of.id).not.toBe(share.of.id);
  });

  test("an output that is over already is refused with its code", () => {
    fragments.of(publisher.stream).endedCode = "NO_TRANSCODER";
    expect(() => hub.shareFeed(publisher.stream, "native")).toThrow(
      expect.objectContaining({ code: "NO_TRANSCODER", status: 503 }),
    );
    expect(hub.size.feeds).toBe(0);
  });

  test("nothing is made for a stream that ended", () => {
    const { stream } = publisher;
    stream.end("KICKED");
    expect(() => hub.shareLog(stream)).toThrow(expect.objectContaining({ status: 404 }));
    expect(() => hub.shareFeed(stream, "native")).toThrow(expect.objectContaining({ status: 404 }));
    expect(hub.size).toEqual({ logs: 0, feeds: 0 });
  });
});
