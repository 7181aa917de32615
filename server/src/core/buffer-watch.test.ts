import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FakeClock } from "./fake-clock.ts";
import { silentLog } from "./log.ts";
import type { PacketFrame, PacketSource } from "./packet-source.ts";
import type { Publisher } from "./publisher.ts";
import { Registry } from "./registry.ts";
import { audioInfo, frameAt, videoInfo } from "./test-frames.ts";

let clock: FakeClock;
let registry: Registry;
let publisher: Publisher;
let told: { readonly buffer: string; readonly atMs: number }[];
let mediaMs: number;
let lastKeyMs: number;

beforeEach(() => {
  clock = new FakeClock();
  registry = new Registry({ clock, log: silentLog });
  told = [];
  mediaMs = 0;
  lastKeyMs = Number.NEGATIVE_INFINITY;
  registry.observe("live/cam", (change) => {
    if (change.type !== "buffer") return;
    told.push({ buffer: change.health.buffer, atMs: clock.nowUs() / 1000 });
  });
});
afterEach(() => {
  registry.close("TEST");
  expect(clock.timers).toBe(0);
});

function publish(): Publisher {
  const made = registry.publish({
    stream: "live/cam",
    transport: "rtmp",
    address: "192.0.2.1",
    onKick() {},
  });
  made.setTrack(videoInfo());
  return made;
}

interface Run {
  readonly fps?: number;
  /** Media time per time. */
  readonly speed?: number;
  /** What is late at each frame by this much is late, at others not. Milliseconds. */
  readonly jitterMs?: number;
  readonly gopMs?: number;
}

/** Publishes for so long as time passes. */
function run(ms: number, { fps = 25, speed = 1, jitterMs = 0, gopMs = 1000 }: Run = {}): void {
  const stepMs = 1000 / fps;
  const endMs = clock.nowUs() / 1000 + ms;
  let number = 0;
  while (clock.nowUs() / 1000 < endMs - 1e-6) {
    clock.advance(stepMs / speed - (number % 2 === 0 ? jitterMs : -jitterMs));
    mediaMs += stepMs;
    const key = mediaMs - lastKeyMs >= gopMs;
    if (key) lastKeyMs = mediaMs;
    publisher.frame("video", frameAt(mediaMs, { key }));
    number++;
  }
}

function packetsOf(group: readonly PacketFrame[]): PacketSource {
  const encoding = {
    ...{ rid: undefined, width: 0, height: 0, frameRate: 0, bitrateBps: 0, active: true, group },
    requestKeyFrame() {},
    subscribe() {},
    unsubscribe() {},
  };
  return {
    ...{ kind: "video", codec: "h264", profileLevelId: undefined, encodings: [encoding] },
    observe: () => () => {},
    wantFrames() {},
  };
}

const states = (): string[] => told.map(({ buffer }) => buffer);

describe("a publisher in real time", () => {
  test.each([
    ["60 pictures a second", { fps: 60 }],
    ["25", { fps: 25 }],
    ["25 with jitter", { fps: 25, jitterMs: 35 }],
    ["10", { fps: 10 }],
    ["7", { fps: 7 }],
    ["4", { fps: 4 }],
    ["2", { fps: 2 }],
    ["1", { fps: 1, gopMs: 5000 }],
    ["an encoder whose clock is 0.1 % slow", { speed: 0.999 }],
    ["an encoder whose clock is 0.1 % fast", { speed: 1.001 }],
    ["a file as fast as it can be read", { speed: 8 }],
  ])("is never dry: %s", (_name, options) => {
    publisher = publish();
    expect(publisher.stream.health.buffer).toBe("EMPTY");
    run(60_000, options);
    expect(states()).toEqual(["FULL"]);
  });

  test("is full once a whole group of pictures is kept", () => {
    publisher = publish();
    run(4900, { gopMs: 5000 });
    expect(states()).toEqual([]);
    run(400, { gopMs: 5000 });
    expect(states()).toEqual(["FULL"]);
    expect(told[0]?.atMs).toBeLessThanOrEqual(5240);
    expect(publisher.health).toMatchObject({ buffer: "FULL", lagMs: 0, speed: 1 });
  });

  test("with sound alone is full after a second of it", () => {
    publisher = publish();
    publisher.removeTrack("video");
    publisher.setTrack(audioInfo());
    for (let ms = 0; ms < 1400; ms += 20) {
      publisher.frame("audio", frameAt(ms, { key: true }));
      clock.advance(20);
    }
    expect(states()).toEqual(["FULL"]);
  });
});

describe("a publisher whose packets are forwarded", () => {
  test("is full once there is a key frame to begin with, and dry when nothing comes", () => {
    publisher = publish();
    const group: PacketFrame[] = [];
    publisher.setTrack(videoInfo(), packetsOf(group));
    for (let ms = 0; ms < 3000; ms += 40) {
      clock.advance(40);
      publisher.streamUs(ms * 1000);
      if (ms === 2000) {
        expect(states()).toEqual([]);
        group.push({} as PacketFrame);
      }
    }
    expect(states()).toEqual(["FULL"]);
    clock.advance(1000);
    expect(states()).toEqual(["FULL", "DRY"]);
  });
});

describe("a throttled publisher", () => {
  test.each([
    ["stops", 0],
    ["delivers a tenth", 0.1],
    ["delivers half", 0.5],
  ])("that %s is dry within a second (row 98)", (_name, speed) => {
    publisher = publish();
    run(5000);
    const sinceMs = clock.nowUs() / 1000;
    if (speed === 0) clock.advance(3000);
    else run(3000, { speed });
    expect(states()).toEqual(["FULL", "DRY"]);
    expect(told[1]?.atMs).toBeLessThanOrEqual(sinceMs + 1000);
    expect(publisher.health.speed).toBeLessThan(0.6);
    expect(publisher.health.lagMs).toBeGreaterThan(1000);
  });

  test("that delivers nine tenths is dry in the end, and stays so", () => {
    publisher = publish();
    run(5000);
    run(30_000, { speed: 0.9 });
    expect(states()).toEqual(["FULL", "DRY"]);
  });

  test("recovers as soon as it has caught up, and is full then", () => {
    publisher = publish();
    run(5000);
    clock.advance(2000);
    run(250, { speed: 8 });
    const sinceMs = clock.nowUs() / 1000;
    run(5000);
    expect(states()).toEqual(["FULL", "DRY", "RECOVER", "FULL"]);
    expect(told[2]?.atMs).toBeLessThanOrEqual(sinceMs + 1000);
    expect((told[3]?.atMs ?? 0) - (told[2]?.atMs ?? 0)).toBe(2000);
  });

  test("recovers when it delivers in real time again, though late", () => {
    publisher = publish();
    run(5000);
    run(4000, { speed: 0.5 });
    const sinceMs = clock.nowUs() / 1000;
    run(6000);
    expect(states()).toEqual(["FULL", "DRY", "RECOVER", "FULL"]);
    expect(told[2]?.atMs).toBeLessThanOrEqual(sinceMs + 3000);
  });

  test("recovers on another time line", () => {
    publisher = publish();
    run(5000);
    clock.advance(6000);
    mediaMs = 500_000;
    run(5000);
    expect(states()).toEqual(["FULL", "DRY", "RECOVER", "FULL"]);
  });

  test("is dry again when it stalls while it recovers", () => {
    publisher = publish();
    run(5000);
    clock.advance(2000);
    run(1200, { speed: 4 });
    clock.advance(4000);
    expect(states()).toEqual(["FULL", "DRY", "RECOVER", "DRY"]);
  });
});

describe("nobody publishes", () => {
  test("a stream that waits or ended is empty, and fills anew", () => {
    publisher = publish();
    run(5000);
    const { stream } = publisher;
    const seen: string[] = [];
    stream.observe((change) => {
      if (change.type === "state") seen.push(`${change.state} ${stream.health.buffer}`);
    });
    publisher.close("PUBLISHER_CLOSED");
    expect(stream.health).toEqual({
      buffer: "EMPTY",
      sinceMs: Math.round(clock.wallMs()),
      lagMs: 0,
      speed: 0,
    });
    clock.advance(1000);
    publisher = publish();
    run(900);
    expect(stream.health.buffer).toBe("EMPTY");
    run(1500);
    expect(stream.health.buffer).toBe("FULL");
    stream.end("TEST");
    expect(stream.health.buffer).toBe("EMPTY");
    expect(seen).toEqual(["waiting EMPTY", "live EMPTY", "offline EMPTY"]);
  });

  test("who never sends media keeps the stream empty", () => {
    publisher = publish();
    clock.advance(20_000);
    expect(states()).toEqual([]);
    expect(clock.timers).toBe(0);
  });

  test("who stopped sending is looked at again when something comes", () => {
    publisher = publish();
    run(5000);
    expect(clock.timers).toBe(1);
    clock.advance(4000);
    expect(states()).toEqual(["FULL", "DRY"]);
    expect(clock.timers).toBe(0);
    mediaMs += 4000;
    run(1000);
    expect(clock.timers).toBe(1);
    expect(states()).toEqual(["FULL", "DRY", "RECOVER"]);
    clock.advance(60_000);
    expect(states()).toEqual(["FULL", "DRY", "RECOVER", "DRY"]);
    expect(clock.timers).toBe(0);
  });
});

test("a standstill of this machine is not the publisher's", () => {
  publisher = publish();
  run(5000);
  // The timer fires late, and before the sockets are read.
  const { after } = clock;
  clock.after = (delayMs, callback) => after.call(clock, delayMs + 1500, callback);
  clock.advance(200);
  clock.after = after;
  clock.advance(1700);
  expect(states()).toEqual(["FULL"]);
});
