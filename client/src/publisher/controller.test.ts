import type { StreamStatus } from "@millrace/signaling/session";
import { beforeEach, describe, expect, it } from "vitest";
import { FakeScheduler } from "../player/fake-scheduler.ts";
import { PublisherController, sampleMs } from "./controller.ts";
import type { SendSample } from "./send-stats.ts";
import { noMedia, type SentMedia, type Uplink, type UplinkEvents } from "./transports/uplink.ts";

const address = { base: "http://mill/", stream: "live/cam", token: undefined };
const live: StreamStatus = {
  name: "live/cam",
  state: "live",
  tracks: [],
  hints: [],
  viewers: 2,
};

class FakeUplink implements Uplink {
  readonly calls: string[] = [];
  readonly events: UplinkEvents;
  media: SentMedia = noMedia;
  next: SendSample | undefined;

  constructor(events: UplinkEvents) {
    this.events = events;
  }
  open(): void {
    this.calls.push("open");
  }
  begin(takeOver: boolean): void {
    this.calls.push(takeOver ? "begin take-over" : "begin");
  }
  leave(): void {
    this.calls.push("leave");
  }
  setMedia(media: SentMedia): void {
    this.media = media;
  }
  close(): void {
    this.calls.push("close");
  }
  async sample(): Promise<SendSample | undefined> {
    return this.next;
  }
}

let scheduler: FakeScheduler;
let uplinks: FakeUplink[];
let log: string[];
let fails: boolean;
let controller: PublisherController;

beforeEach(() => {
  scheduler = new FakeScheduler();
  uplinks = [];
  log = [];
  fails = false;
  controller = new PublisherController({
    scheduler,
    random: () => 1,
    createUplink: (_address, events) => {
      if (fails) throw new Error("no WebRTC here");
      const uplink = new FakeUplink(events);
      uplinks.push(uplink);
      return uplink;
    },
    events: {
      state: (to) => log.push("code" in to ? `${to.type} ${to.code}` : to.type),
      status: (status) => log.push(`status ${status.viewers}`),
      stats: (stats) => log.push(`stats ${stats.audio?.bitrateBps}`),
    },
  });
  controller.setAddress(address);
});

function uplink(): FakeUplink {
  const last = uplinks.at(-1);
  if (last === undefined) throw new Error("no uplink was made");
  return last;
}

function goLive(): void {
  controller.publish(false);
  uplink().events.link(true);
  uplink().events.connected();
}

function sampleOf(bytes: number): SendSample {
  return {
    atMs: scheduler.nowMs(),
    video: undefined,
    audio: { codec: "opus", channels: 2, bytes, packets: 1, remote: undefined },
    rttMs: 1,
    availableBps: undefined,
    path: undefined,
  };
}

it("opens, begins and is live", () => {
  controller.publish(true);
  expect(uplink().calls).toEqual(["open"]);
  uplink().events.link(true);
  expect(uplink().calls).toEqual(["open", "begin take-over"]);
  uplink().events.connected();
  uplink().events.status(live);
  expect(log).toEqual(["connecting", "live", "status 2"]);
  expect(controller.active).toBe(true);
  expect(controller.status).toBe(live);
});

it("gives the uplink what is sent, now and later", () => {
  const one: SentMedia = { ...noMedia, codecs: [] };
  controller.setMedia(one);
  goLive();
  expect(uplink().media).toBe(one);
  controller.setMedia(noMedia);
  expect(uplink().media).toBe(noMedia);
});

it("refuses to publish nowhere and without WebRTC", () => {
  controller.setAddress(undefined);
  controller.publish(false);
  expect(log).toEqual(["connecting", "error SRC_INVALID"]);
  controller.setAddress(address);
  fails = true;
  controller.publish(false);
  expect(log.slice(2)).toEqual(["connecting", "error WEBRTC_UNSUPPORTED"]);
  expect(scheduler.pending).toBe(0);
});

it("counts every second while live, from one sample of a session to the next", async () => {
  goLive();
  uplink().next = sampleOf(0);
  await scheduler.advance(sampleMs);
  uplink().next = sampleOf(8000);
  await scheduler.advance(sampleMs);
  expect(log.slice(2)).toEqual(["stats undefined", "stats 64000"]);
  expect(controller.stats?.audio?.bitrateBps).toBe(64_000);
  uplink().events.lost();
  expect(controller.stats).toBeUndefined();
  await scheduler.advance(sampleMs);
  uplink().events.connected();
  uplink().next = sampleOf(100);
  await scheduler.advance(sampleMs);
  expect(log.at(-1)).toBe("stats undefined");
});

describe("the machine's time", () => {
  it("is kept: a failed session is tried again", async () => {
    goLive();
    uplink().events.failed("PEER_TIMEOUT", "");
    expect(uplink().calls.at(-1)).toBe("leave");
    await scheduler.advance(500);
    expect(uplink().calls.at(-1)).toBe("begin");
    expect(log.at(-1)).toBe("reconnecting PEER_TIMEOUT");
  });

  it("stands still after a stop", async () => {
    goLive();
    controller.stop();
    controller.close();
    expect(uplink().calls.at(-1)).toBe("close");
    expect(scheduler.pending).toBe(0);
    const told = log.length;
    uplink().events.failed("X", "");
    uplink().events.status(live);
    uplink().events.link(false);
    expect(log).toHaveLength(told);
    expect(controller.status).toBeUndefined();
  });
});

it("hears only the uplink of now", () => {
  goLive();
  const first = uplink();
  controller.stop();
  controller.publish(false);
  first.events.link(true);
  first.events.connected();
  expect(controller.state.type).toBe("connecting");
  expect(uplink()).not.toBe(first);
});
