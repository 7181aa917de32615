import type { StreamStatus } from "@millrace/signaling/session";
import { beforeEach, describe, expect, it } from "vitest";
import type { StreamAddress } from "./address.ts";
import { PlayerController } from "./controller.ts";
import { FakeScheduler } from "./fake-scheduler.ts";
import { FakeStages, FakeTransport, fakeSample } from "./ladder/fake-transport.ts";
import { defaultTransports } from "./ladder/rungs.ts";
import type { TransportName } from "./transports/transport.ts";

const address: StreamAddress = { base: "http://mill/", stream: "live/cam", token: undefined };
const live: StreamStatus = {
  name: "live/cam",
  state: "live",
  tracks: [{ kind: "video", codec: "h264" }],
  hints: [],
};
const capabilities = {
  webrtc: true,
  webSocket: true,
  mse: true,
  nativeHls: false,
  streams: true,
  decodes: () => true,
};

let scheduler: FakeScheduler;
let stages: FakeStages;
let made: FakeTransport[];
let log: string[];
let controller: PlayerController;

beforeEach(() => {
  scheduler = new FakeScheduler();
  made = [];
  log = [];
  stages = new FakeStages(log);
  controller = new PlayerController({
    scheduler,
    random: () => 1,
    stages,
    capabilities,
    transports: defaultTransports,
    createTransport: (_address, events, options) => {
      const transport = new FakeTransport(events, options);
      made.push(transport);
      return transport;
    },
    events: {
      state: (to) => log.push(to.type === "error" ? `error ${to.code}` : to.type),
      stream: () => {},
      layer: (rid) => log.push(`layer ${rid}`),
      latency: () => {},
      transport: (from, to, reason) => log.push(`${from} -> ${to}: ${reason}`),
    },
  });
  controller.setAddress(address);
});

/** The newest transport of that name. */
function by(name: TransportName): FakeTransport {
  const found = made.findLast((transport) => transport.options.name === name);
  if (found === undefined) throw new Error(`${name} was not made`);
  return found;
}

function frame(name: TransportName): void {
  controller.frame({ rtpTime: 1, shownAtMs: scheduler.nowMs() }, by(name).surface?.video);
}

/** Frames of `name` every 40 ms. */
async function watch(name: TransportName, ms: number): Promise<void> {
  for (let shown = 0; shown < ms; shown += 40) {
    await scheduler.advance(40);
    frame(name);
  }
}

function playWebRtc(): FakeTransport {
  controller.play();
  const webrtc = by("webrtc");
  webrtc.events.link(true);
  webrtc.events.stream(live);
  webrtc.events.media({} as MediaProvider);
  frame("webrtc");
  log.length = 0;
  return webrtc;
}

it("races: FLV paints first, WebRTC takes over at its first frame, and the viewer sees one player", async () => {
  controller.play();
  by("webrtc").events.link(true);
  by("webrtc").events.stream(live);
  await scheduler.advance(1000);
  by("ws-flv").events.link(true);
  by("ws-flv").events.media("attached");
  frame("ws-flv");
  expect(controller.transport).toBe("ws-flv");
  by("webrtc").events.media({} as MediaProvider);
  expect(controller.transport).toBe("ws-flv");
  frame("webrtc");
  expect(log).toEqual([
    "connecting",
    "attach 1",
    "show 1 video",
    "playing",
    "undefined -> ws-flv: first-frame",
    "attach 0",
    "show 0 video",
    "free 1",
    "ws-flv -> webrtc: climb",
  ]);
  expect(by("ws-flv").calls).toEqual(["open", "join", "close"]);
  expect(controller.transportReason).toBe("climb");
});

it("falls within 3 s of the last frame, stays in `playing`, and leaves WebRTC's signaling up", async () => {
  const webrtc = playWebRtc();
  await watch("webrtc", 2000);
  await scheduler.advance(1000);
  expect(by("ws-flv").calls).toEqual(["open", "join"]);
  by("ws-flv").events.media("attached");
  frame("ws-flv");
  await scheduler.advance(1000);
  frame("ws-flv");
  expect(log).toEqual(["attach 1", "show 1 video", "free 0", "webrtc -> ws-flv: FROZEN"]);
  expect(controller.state.type).toBe("playing");
  expect(webrtc.calls).toEqual(["open", "join", "leave"]);
});

it("keeps the last picture when the shown one fails and nothing is left", async () => {
  controller.setTransports(["webrtc"]);
  playWebRtc().events.failed("ICE_FAILED", "");
  expect(log).toEqual(["keep 0", "free 0", "webrtc -> undefined: ICE_FAILED", "connecting"]);
  expect(stages.lent).toBe(0);
});

it("climbs back by the signaling that is still there", async () => {
  const webrtc = playWebRtc();
  webrtc.events.failed("ICE_FAILED", "");
  by("ws-flv").events.media("attached");
  frame("ws-flv");
  log.length = 0;
  await watch("ws-flv", 5040);
  expect(webrtc.calls).toEqual(["open", "join", "leave", "join"]);
  webrtc.events.media({} as MediaProvider);
  await watch("ws-flv", 80);
  frame("webrtc");
  expect(log).toEqual(["attach 0", "show 0 video", "free 1", "ws-flv -> webrtc: climb"]);
});

it("tells the viewer after the last rung only, by the best one's failure", async () => {
  controller.setTransports(["webrtc", "http-flv"]);
  controller.play();
  by("webrtc").events.link(true);
  for (let turn = 0; turn < 2; turn++) {
    by("webrtc").events.failed("ICE_FAILED", "");
    by("http-flv").events.failed("CONNECTION_LOST", "");
    await scheduler.advance(500);
  }
  expect(log.filter((line) => !line.startsWith("free"))).toEqual([
    "connecting",
    "keep 0",
    "keep 0",
    "keep 0",
    "error ICE_FAILED",
  ]);
});

it("gives each rung its time before it says that no picture comes", async () => {
  controller.play();
  by("webrtc").events.link(true);
  await scheduler.advance(9900);
  expect(controller.state.type).toBe("connecting");
  expect(made.map(({ name }) => name)).toEqual(
    [...defaultTransports].filter((n) => n !== "webrtc-relay"),
  );
  by("mjpeg").events.media("attached");
  by("mjpeg").events.shown(undefined);
  expect(controller.state.type).toBe("playing");
  expect(controller.transport).toBe("mjpeg");
  expect(log).toContain("show 0 image");
});

it.each(["UNAUTHORIZED", "FORBIDDEN"])("stops at %s of any rung", async (code) => {
  controller.play();
  await scheduler.advance(1000);
  by("ws-flv").events.failed(code, "");
  expect(controller.state).toMatchObject({ type: "error", code, retrying: false });
  await scheduler.advance(60_000);
  expect(made).toHaveLength(2);
  expect(scheduler.pending).toBe(0);
  expect(stages.lent).toBe(0);
});

it("plays by others while no signaling can be had", async () => {
  controller.play();
  await scheduler.advance(1000);
  by("ws-flv").events.link(true);
  by("ws-flv").events.media("attached");
  frame("ws-flv");
  expect(controller.state.type).toBe("playing");
  expect(by("webrtc").calls).toEqual(["open"]);
  await watch("ws-flv", 6000);
  by("webrtc").events.link(true);
  expect(by("webrtc").calls.at(-1)).toBe("join");
});

it("comes back by itself after a server that was away", async () => {
  const webrtc = playWebRtc();
  webrtc.events.failed("SERVER_CLOSING", "");
  webrtc.events.link(false);
  for (let second = 0; second < 60; second++) {
    await scheduler.advance(1000);
    for (const transport of made) {
      if (transport.calls.at(-1) === "join" && transport !== webrtc) {
        transport.events.failed("SERVER_UNREACHABLE", "");
      }
    }
  }
  expect(controller.state).toMatchObject({ type: "error", code: "SERVER_UNREACHABLE" });
  webrtc.events.link(true);
  webrtc.events.media({} as MediaProvider);
  frame("webrtc");
  expect(controller.state.type).toBe("playing");
  expect(controller.transport).toBe("webrtc");
});

it("waits for a stream that is offline, and starts when it is live", async () => {
  controller.play();
  const webrtc = by("webrtc");
  webrtc.events.link(true);
  webrtc.events.stream({ ...live, state: "offline", tracks: [] });
  webrtc.events.failed("STREAM_NOT_FOUND", "");
  await scheduler.advance(30_000);
  expect(controller.state.type).toBe("offline");
  expect(made).toHaveLength(1);
  webrtc.events.stream(live);
  webrtc.events.media({} as MediaProvider);
  frame("webrtc");
  expect(controller.state.type).toBe("playing");
});

describe("counters", () => {
  it("show a first frame where frames are not told", async () => {
    controller.play();
    by("webrtc").events.link(true);
    by("webrtc").events.stream(live);
    by("webrtc").events.media({} as MediaProvider);
    by("webrtc").next = fakeSample(1000, 30);
    await scheduler.advance(1000);
    expect(controller.transport).toBe("webrtc");
  });

  it("of loss make it fall", async () => {
    const webrtc = playWebRtc();
    for (let second = 1; second <= 8; second++) {
      webrtc.next = fakeSample(second * 1000, second * 30, second * 200);
      await watch("webrtc", 1000);
    }
    by("ws-flv").events.media("attached");
    frame("ws-flv");
    expect(log.at(-1)).toBe("webrtc -> ws-flv: LOSS");
  });
});

describe("the ways that are allowed", () => {
  it("are tried in the order that the page wants", () => {
    controller.setTransports(["http-flv", "webrtc"]);
    controller.play();
    expect(made.map(({ name }) => name)).toEqual(["http-flv"]);
    expect(controller.transports).toEqual(["http-flv", "webrtc"]);
  });

  it("move a player away from one that is not allowed any more, and leave others alone", () => {
    const webrtc = playWebRtc();
    controller.setTransports(["webrtc", "mjpeg"]);
    expect(webrtc.calls).toEqual(["open", "join"]);
    controller.setTransports(["mjpeg"]);
    expect(webrtc.calls.at(-1)).toBe("close");
    expect(made.at(-1)?.name).toBe("mjpeg");
  });

  it("may be WebRTC through TURN alone", () => {
    controller.setTransports(["webrtc-relay"]);
    controller.play();
    expect(made.map(({ options }) => options.name)).toEqual(["webrtc-relay"]);
    by("webrtc-relay").events.link(true);
    expect(by("webrtc-relay").calls).toEqual(["open", "join"]);
  });
});

it("makes transports with the target latency, and anew when it changes for one that buffers", () => {
  controller.setTransports(["http-flv"]);
  controller.setTargetLatency(2);
  controller.play();
  expect(by("http-flv").options.targetLatency).toBe(2);
  by("http-flv").events.media("attached");
  frame("http-flv");
  controller.setTargetLatency(5);
  expect(made).toHaveLength(2);
  expect(by("http-flv").options.targetLatency).toBe(5);
});

it("tells the layer of the rung that is shown, and keeps the chosen one for all", async () => {
  const webrtc = playWebRtc();
  controller.prefer({ rid: "m" });
  webrtc.events.layer("m");
  webrtc.events.failed("ICE_FAILED", "");
  expect(by("ws-flv").preferences).toEqual([{ rid: "m" }]);
  by("ws-flv").events.media("attached");
  frame("ws-flv");
  expect(log.filter((line) => line.startsWith("layer"))).toEqual(["layer m", "layer null"]);
});

it("hears nothing of rungs that were stopped", async () => {
  const webrtc = playWebRtc();
  webrtc.events.failed("ICE_FAILED", "");
  by("ws-flv").events.media("attached");
  frame("ws-flv");
  const told = log.length;
  webrtc.events.media({} as MediaProvider);
  webrtc.events.failed("DTLS_FAILED", "");
  webrtc.events.lost();
  webrtc.events.layer("x");
  expect(log).toHaveLength(told);
});

it("leaves nothing behind on pause in the middle of a switch", async () => {
  playWebRtc();
  await scheduler.advance(1500);
  controller.pause("paused");
  await scheduler.advance(0);
  expect(stages.lent).toBe(0);
  expect(scheduler.pending).toBe(0);
  expect(made.map(({ calls }) => calls.at(-1))).toEqual(["close", "close"]);
});
