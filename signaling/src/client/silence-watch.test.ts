import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SilenceWatch } from "./silence-watch.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

class Peer {
  connectionState: RTCPeerConnectionState = "connected";
  packets: number | undefined = 0;

  async getStats(): Promise<ReadonlyMap<string, unknown>> {
    return new Map<string, unknown>([
      ["a", { type: "candidate-pair", packetsReceived: 999 }],
      ["t", { type: "transport", packetsReceived: this.packets }],
    ]);
  }
}

function rig(): { peer: Peer; watch: SilenceWatch; silences(): number } {
  const peer = new Peer();
  let silences = 0;
  const watch = new SilenceWatch(peer, () => {
    silences += 1;
  });
  return { peer, watch, silences: () => silences };
}

/** Lets `ms` pass while packets come at that rate. */
async function pass(peer: Peer, ms: number, packetsPerSecond: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) {
    if (peer.packets !== undefined) peer.packets += packetsPerSecond / 10;
    await vi.advanceTimersByTimeAsync(100);
  }
}

test("a way that falls silent is told within a second and a half, once for each silence", async () => {
  const { peer, silences } = rig();
  await pass(peer, 3000, 10);
  expect(silences()).toBe(0);
  await pass(peer, 900, 0);
  expect(silences()).toBe(0);
  await pass(peer, 700, 0);
  expect(silences()).toBe(1);
  await pass(peer, 10_000, 0);
  expect(silences()).toBe(1);
  await pass(peer, 1000, 10);
  await pass(peer, 1500, 0);
  expect(silences()).toBe(2);
});

test("a way on which hardly anything comes may be silent", async () => {
  const { peer, silences } = rig();
  await pass(peer, 5000, 1);
  await pass(peer, 10_000, 0);
  expect(silences()).toBe(0);
});

test("a connection that is being made, or a browser that does not count, tells nothing", async () => {
  const { peer, silences } = rig();
  await pass(peer, 2000, 10);
  peer.connectionState = "disconnected";
  await pass(peer, 5000, 0);
  peer.connectionState = "connected";
  await pass(peer, 5000, 0);
  peer.packets = undefined;
  await pass(peer, 5000, 0);
  expect(silences()).toBe(0);
});

test("closing leaves no timer, also while statistics are read", async () => {
  const { peer, watch } = rig();
  await pass(peer, 1000, 10);
  vi.advanceTimersByTime(300);
  watch.close();
  watch.close();
  await vi.advanceTimersByTimeAsync(0);
  expect(vi.getTimerCount()).toBe(0);
});

test("statistics that cannot be had are asked for again", async () => {
  const { peer, silences } = rig();
  await pass(peer, 1000, 10);
  const getStats = peer.getStats.bind(peer);
  peer.getStats = () => Promise.reject(new Error("closed"));
  await pass(peer, 600, 0);
  peer.getStats = getStats;
  await pass(peer, 2000, 0);
  expect(silences()).toBe(1);
});
