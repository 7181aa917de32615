import type { LayerPreference, StreamStatus } from "@millrace/signaling/session";
import { beforeEach, describe, expect, it } from "vitest";
import type { StreamAddress } from "./address.ts";
import { PlayerController } from "./controller.ts";
import { FakeScheduler, settle } from "./fake-scheduler.ts";
import type { StatsSample, TrackSample } from "./stats.ts";
import type { Transport, TransportEvents, TransportName } from "./transports/transport.ts";

const address: StreamAddress = { base: "http://mill/", stream: "live/cam", token: undefined };
const track = { codec: "H264", width: 640, height: 360 };
const live: StreamStatus = {
  name: "live/cam",
  state: "live",
  tracks: [{ kind: "video", ...track }],
  hints: [],
};

class FakeTransport implements Transport {
  name: TransportName = "webrtc";
  readonly calls: string[] = [];
  readonly preferences: LayerPreference[] = [];
  readonly events: TransportEvents;
  next: StatsSample | undefined;

  constructor(events: TransportEvents) {
    this.events = events;
  }
  open(): void {
    this.calls.push("open");
  }
  join(): void {
    this.calls.push("join");
  }
  leave(): void {
    this.calls.push("leave");
  }
  close(): void {
    this.calls.push("close");
  }
  prefer(preference: LayerPreference): void {
    this.preferences.push(preference);
  }
  frame(): { latencyMs: number; medianMs: number } {
    return { latencyMs: 42, medianMs: 40 };
  }
  async sample(): Promise<StatsSample | undefined> {
    return this.next;
  }
}

let scheduler: FakeScheduler;
let transports: FakeTransport[];
let log: string[];
let controller: PlayerController;
let fails: boolean;

beforeEach(() => {
  scheduler = new FakeScheduler();
  transports = [];
  log = [];
  fails = false;
  controller = new PlayerController({
    scheduler,
    random: () => 1,
    createTransport: (_address, events) => {
      if (fails) throw new Error("no WebRTC here");
      const transport = new FakeTransport(events);
      transports.push(transport);
      return transport;
    },
    events: {
      state: (to) => log.push(to.type === "error" ? `error ${to.code}` : to.type),
      stream: (status) => log.push(`stream ${status.state}`),
      layer: (rid) => log.push(`layer ${rid}`),
      media: () => log.push("media"),
      latency: (sample) => log.push(`latency ${sample.latencyMs}`),
      transport: (from, to, reason) => log.push(`${from} -> ${to}: ${reason}`),
    },
  });
});

function transport(): FakeTransport {
  const last = transports.at(-1);
  if (last === undefined) throw new Error("no transport was made");
  return last;
}

function startPlaying(): FakeTransport {
  controller.setAddress(address);
  controller.play();
  const { events } = transport();
  events.link(true);
  events.stream(live);
  events.media({} as MediaProvider);
  controller.frame({ rtpTime: 1, shownAtMs: 0 });
  return transport();
}

function sample(atMs: number, framesDecoded: number): StatsSample {
  const video = { framesDecoded, bytes: framesDecoded * 1000 } as TrackSample;
  return { atMs, video, audio: undefined, rttMs: 3, path: undefined };
}

it("joins, attaches, plays and tells all of it in order", () => {
  const { calls } = startPlaying();
  expect(calls).toEqual(["open", "join"]);
  expect(log).toEqual([
    "connecting",
    "stream live",
    "media",
    "playing",
    "undefined -> webrtc: first-frame",
    "latency 42",
  ]);
  expect(controller.status).toEqual(live);
});

it("tells when the way changes", () => {
  const used = startPlaying();
  used.name = "webrtc-relay";
  controller.frame({ rtpTime: 2, shownAtMs: 40 });
  expect(log).toContain("webrtc -> webrtc-relay: path");
});

it("leaves nothing behind on pause", async () => {
  const used = startPlaying();
  controller.pause("paused");
  expect(used.calls.at(-1)).toBe("close");
  expect(log.slice(-2)).toEqual(["webrtc -> undefined: paused", "idle"]);
  await scheduler.advance(0);
  expect(scheduler.pending).toBe(0);
  used.events.failed("X", "");
  used.events.stream(live);
  used.events.media({} as MediaProvider);
  expect(log.at(-1)).toBe("idle");
  controller.close();
  expect(scheduler.pending).toBe(0);
});

it("frames keep the watchdog away; their end makes it join anew after 3 s", async () => {
  const used = startPlaying();
  for (let shown = 0; shown < 100; shown++) {
    await scheduler.advance(100);
    controller.frame({ rtpTime: shown, shownAtMs: scheduler.nowMs() });
  }
  expect(used.calls).toEqual(["open", "join"]);
  await scheduler.advance(2900);
  expect(used.calls).toEqual(["open", "join"]);
  await scheduler.advance(100);
  expect(used.calls).toEqual(["open", "join", "join"]);
});

it("believes decoded pictures where frames are not told, as on a hidden page", async () => {
  const used = startPlaying();
  for (let second = 1; second <= 20; second++) {
    used.next = sample(second * 1000, second * 30);
    await scheduler.advance(1000);
  }
  expect(controller.state.type).toBe("playing");
  await scheduler.advance(4000);
  expect(used.calls).toContain("join");
  expect(controller.state.type).toBe("connecting");
});

it("gives rates over the last second", async () => {
  const used = startPlaying();
  used.next = sample(1000, 30);
  expect((await controller.stats())?.video?.frameRate).toBeUndefined();
  await scheduler.advance(1000);
  used.next = sample(2000, 60);
  const stats = await controller.stats();
  expect(stats?.video?.frameRate).toBeCloseTo(30);
  expect(stats?.rttMs).toBe(3);
  controller.pause("paused");
  expect(await controller.stats()).toBeUndefined();
});

describe("addresses", () => {
  it("shows an error for an address that names no stream", () => {
    controller.setAddress(undefined);
    controller.play();
    expect(log).toEqual(["connecting", "error SRC_INVALID"]);
    expect(transports).toHaveLength(0);
  });

  it("moves a running player to another stream, and not to the same", () => {
    const first = startPlaying();
    controller.setAddress({ ...address });
    expect(transports).toHaveLength(1);
    controller.setAddress({ ...address, stream: "live/other" });
    expect(first.calls.at(-1)).toBe("close");
    expect(transports).toHaveLength(2);
    expect(transport().calls).toEqual(["open"]);
    expect(controller.status).toBeUndefined();
  });

  it("says when the browser cannot do it", () => {
    fails = true;
    controller.setAddress(address);
    controller.play();
    expect(log.at(-1)).toBe("error WEBRTC_UNSUPPORTED");
    expect(scheduler.pending).toBe(0);
  });
});

it("goes on when a refused session is followed by a good one", async () => {
  controller.setAddress(address);
  controller.play();
  const { events, calls } = transport();
  events.link(true);
  events.failed("STREAM_NOT_FOUND", "nobody publishes live/cam");
  expect(controller.state.type).toBe("offline");
  events.stream({ ...live, state: "live" });
  expect(calls).toEqual(["open", "join", "leave", "join"]);
  events.media({} as MediaProvider);
  controller.frame({ rtpTime: 1, shownAtMs: 0 });
  await settle();
  expect(controller.state.type).toBe("playing");
});

it("keeps the order of commands when a transport fails at once", () => {
  controller.setAddress(address);
  controller.play();
  const used = transport();
  used.join = () => {
    used.calls.push("join");
    used.events.failed("UNAUTHORIZED", "");
  };
  used.events.link(true);
  expect(used.calls).toEqual(["open", "join", "leave", "close"]);
  expect(controller.state).toMatchObject({ type: "error", code: "UNAUTHORIZED" });
});

describe("layers", () => {
  it("are wished for now and of later transports, and told when they change", () => {
    controller.setAddress(address);
    controller.prefer({ rid: "m" });
    controller.play();
    expect(transport().preferences).toEqual([{ rid: "m" }]);
    transport().events.layer("m");
    transport().events.layer("m");
    expect(controller.layer).toBe("m");
    controller.pause("paused");
    expect(log.filter((line) => line.startsWith("layer"))).toEqual(["layer m", "layer null"]);
    controller.prefer({ viewport: null });
    controller.play();
    expect(transport().preferences).toEqual([{ rid: "m", viewport: null }]);
  });

  it("of another stream are not those that were pinned", () => {
    controller.setAddress(address);
    controller.prefer({ rid: "m", viewport: null });
    controller.setAddress({ ...address, stream: "live/other" });
    expect(controller.preference).toEqual({ rid: null, viewport: null });
  });
});
