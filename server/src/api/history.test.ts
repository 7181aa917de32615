import { afterEach, beforeEach, expect, test } from "vitest";
import { FakeClock } from "../core/fake-clock.ts";
import { Registry, silentLog, type Transport } from "../core/index.ts";
import { defaultHistoryLimits, History } from "./history.ts";
import { watchMachine } from "./machine.ts";

const startMs = 1_700_000_000_000;
let clock: FakeClock;
let registry: Registry;
let history: History;
let machine: { cpuUs: number; memoryBytes: number; lagMs: number; closed: number };

function start(limits = {}, streams: Pick<Registry, "list" | "publisher"> = registry): History {
  return new History({
    registry: streams,
    clock,
    limits,
    machine: {
      cores: 4,
      cpuUs: () => machine.cpuUs,
      memoryBytes: () => machine.memoryBytes,
      lagMs: () => machine.lagMs,
      close: () => void machine.closed++,
    },
  });
}

beforeEach(() => {
  clock = new FakeClock(startMs);
  registry = new Registry({ clock, log: silentLog });
  machine = { cpuUs: 0, memoryBytes: 1e8, lagMs: 0, closed: 0 };
  history = start();
});
afterEach(() => {
  history.close();
  registry.close("TEST");
});

function publish(stream: string, stats?: () => object) {
  return registry.publish({
    ...{ stream, transport: "rtmp", address: "192.0.2.1", onKick: () => {} },
    ...(stats && { stats }),
  });
}

test("samples are taken every 2 s for 15 minutes, and the newest push the oldest out", () => {
  expect(defaultHistoryLimits).toMatchObject({ stepMs: 2000, samples: 450 });
  clock.advance(450 * 2000);
  const full = history.document();
  expect(full.times).toHaveLength(450);
  expect(full.times[0]).toBe(startMs + 2000);
  publish("live/cam");
  clock.advance(2000);
  const { times, streams, cpu } = history.document();
  expect([times[0], times.at(-1)]).toEqual([startMs + 4000, startMs + 902_000]);
  expect([streams.length, cpu.length, streams.at(-2), streams.at(-1)]).toEqual([450, 450, 0, 1]);
});

test("viewers are counted by transport, at each sample and for the answer itself", () => {
  const { stream } = publish("live/cam");
  const watch = (transport: Transport) => stream.addViewer({ transport, address: "192.0.2.2" });
  const first = watch("webrtc");
  watch("sse");
  clock.advance(2000);
  first.close();
  watch("sse");
  expect(history.document().now).toEqual({
    timeMs: startMs + 2000,
    ...{ streams: 1, live: 1, viewers: { sse: 2 } },
  });
  clock.advance(2000);
  expect(history.document().viewers).toEqual({ webrtc: [1, 0], sse: [1, 2] });
  // Nobody watched over WebRTC since then.
  expect(history.document(startMs + 2000).viewers).toEqual({ sse: [2] });
});

test("bits are what came to the counters of those who are there", () => {
  const sent = { bytesSent: 0, bytesReceived: 0 };
  const received = { bytesReceived: 5_000_000 };
  const publisher = publish("live/cam", () => received);
  publisher.stream.addViewer({ transport: "webrtc", address: "192.0.2.2", stats: () => sent });
  publisher.stream.addViewer({ transport: "sse", address: "192.0.2.2" });
  sent.bytesSent = 250_000;
  clock.advance(2000);
  sent.bytesSent += 500_000;
  received.bytesReceived += 250_000;
  clock.advance(2000);
  // A counter that begins anew takes nothing away.
  sent.bytesSent = 0;
  clock.advance(2000);
  const { inBps, outBps } = history.document();
  expect(inBps).toEqual([20_000_000, 1_000_000, 0]);
  expect(outBps).toEqual([1_000_000, 2_000_000, 0]);
});

test("a session that was there long before the first look counts from then on", () => {
  history.close();
  const sent = { bytesSent: 1e9, bytesReceived: 0 };
  publish("live/cam").stream.addViewer({
    ...{ transport: "webrtc", address: "192.0.2.2", stats: () => sent },
  });
  clock.advance(60_000);
  history = start();
  clock.advance(2000);
  expect(history.document().outBps).toEqual([0]);
});

test("a publisher without counters counts by its tracks", () => {
  const publisher = publish("live/cam");
  publisher.setTrack({
    ...{ kind: "audio", codec: "aac", config: new Uint8Array([0x11, 0x90]) },
    ...{ codecString: "mp4a.40.2", sampleRate: 48_000, channels: 2 },
  } as Parameters<typeof publisher.setTrack>[0]);
  for (let ms = 0; ms < 6000; ms += 20) {
    const payload = [new Uint8Array(200)];
    publisher.frame("audio", { ptsUs: ms * 1000, dtsUs: ms * 1000, key: true, payload });
    clock.advance(20);
  }
  expect(history.document().inBps.at(-1)).toBeGreaterThan(70_000);
  expect(history.document().inBps.at(-1)).toBeLessThan(90_000);
});

test("CPU is told in cores, with memory and lag", () => {
  machine.cpuUs = 3_000_000;
  machine.lagMs = 12.34;
  clock.advance(2000);
  expect(history.document()).toMatchObject({
    ...{ cores: 4, cpu: [1.5], memoryBytes: [1e8], lagMs: [12.3] },
  });
});

test("many sessions are asked over several turns, and the sample has all of them", () => {
  history.close();
  let asked = 0;
  const { stream } = publish("live/cam");
  for (let i = 0; i < 35; i++) stream.addViewer({ transport: "sse", address: "192.0.2.2" });
  // What core itself asks of sessions is not counted.
  const viewers = new Map(
    [...stream.viewers].map(([id, viewer]) => {
      const stats = () => ({ bytesSent: ++asked, bytesReceived: 0 });
      return [id, { ...viewer, info: { ...viewer.info, stats } }];
    }),
  );
  const copy = { name: stream.name, state: stream.state, tracks: [], viewers };
  history = start(
    { sessionsPerTurn: 10 },
    { list: () => [copy as unknown as typeof stream], publisher: () => undefined },
  );
  let most = 0;
  const { after } = clock;
  clock.after = (ms, callback) =>
    after.call(clock, ms, () => {
      const before = asked;
      callback();
      most = Math.max(most, asked - before);
    });
  clock.advance(2000);
  expect(history.document().viewers).toEqual({ sse: [35] });
  expect(asked).toBe(35);
  expect(most).toBeLessThanOrEqual(10);
});

test("one that is closed leaves no timer, and nothing of the machine is watched", () => {
  clock.advance(4000);
  history.close();
  history.close();
  expect([clock.timers, machine.closed]).toEqual([0, 1]);
  clock.advance(10_000);
  expect(history.document().times).toHaveLength(2);
});

test("this process is watched", () => {
  const watched = watchMachine();
  expect(watched.cores).toBeGreaterThan(0);
  expect(watched.cpuUs()).toBeGreaterThan(0);
  expect(watched.memoryBytes()).toBeGreaterThan(1e6);
  expect(watched.lagMs()).toBeGreaterThanOrEqual(0);
  watched.close();
  watched.close();
});
