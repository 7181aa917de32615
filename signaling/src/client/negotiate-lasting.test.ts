import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Description, SignalingError } from "../protocol/index.ts";
import { negotiatePublish } from "./negotiate-lasting.ts";
import { FakeChannel, FakePeer } from "./testing/index.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const answer: Description = { type: "answer", sdp: "a" };

function rig(answers: (description: Description) => Promise<Description | undefined>): {
  readonly pc: FakePeer;
  readonly channel: FakeChannel;
  readonly errors: unknown[];
  readonly negotiating: ReturnType<typeof negotiatePublish>;
} {
  const pc = new FakePeer("publisher", []);
  pc.transceivers = ["camera"];
  const channel = new FakeChannel(answers);
  const errors: unknown[] = [];
  const negotiating = negotiatePublish(pc, channel, {
    failed: (error) => void errors.push(error),
  });
  return { pc, channel, errors, negotiating };
}

/** Lets promises settle, and `ms` pass. */
const pass = (ms = 0): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

describe("a publisher", () => {
  test("offers, offers again when a track is added, and restarts ICE when the way is lost", async () => {
    const { pc, errors } = rig(() => Promise.resolve(answer));
    await pass();
    pc.need();
    await pass();
    pc.iceIs("connected");
    pc.iceIs("disconnected");
    await pass(1000);
    const exchange = [
      "publisher createOffer",
      "publisher setLocal offer",
      "publisher setRemote answer",
    ];
    expect(pc.trace).toEqual([...exchange, ...exchange, "publisher restartIce", ...exchange]);
    expect(errors).toEqual([]);
  });

  test("restarts ICE when nothing comes any more, before the browser notices", async () => {
    const { pc } = rig(() => Promise.resolve(answer));
    await pass();
    pc.iceIs("connected");
    pc.connectionState = "connected";
    for (pc.packetsReceived = 0; pc.packetsReceived < 40; pc.packetsReceived++) await pass(100);
    expect(pc.trace).not.toContain("publisher restartIce");
    await pass(2500);
    expect(pc.trace).toContain("publisher restartIce");
  });

  test("restarts ICE when signaling had to reconnect", async () => {
    const { pc, channel } = rig(() => Promise.resolve(answer));
    await pass();
    pc.iceIs("connected");
    channel.events.emit("resumed", undefined);
    await pass();
    expect(pc.trace).toContain("publisher restartIce");
  });

  test.each([["TIMEOUT"], ["DISCONNECTED"], ["RATE_LIMITED"]])(
    "an offer that failed by %s is made again, later and later, and not told",
    async (code) => {
      let offers = 0;
      const { errors } = rig(() => {
        offers += 1;
        return offers < 4 ? Promise.reject(new SignalingError(code, "")) : Promise.resolve(answer);
      });
      await pass();
      expect(offers).toBe(1);
      await pass(1000);
      expect(offers).toBe(2);
      await pass(2000 + 4000);
      expect([offers, errors]).toEqual([4, []]);
    },
  );

  test("an offer that waits to be made again is made as soon as signaling is back", async () => {
    let offers = 0;
    const { channel } = rig(() => {
      offers += 1;
      return offers === 1
        ? Promise.reject(new SignalingError("TIMEOUT", ""))
        : Promise.resolve(answer);
    });
    await pass();
    channel.events.emit("resumed", undefined);
    await pass();
    expect(offers).toBe(2);
    await pass(60_000);
    expect(offers).toBe(2);
  });

  test("a refusal is told, and offered again only when asked", async () => {
    const refusal = new SignalingError("SDP_UNSUPPORTED", "No.");
    let offers = 0;
    const { errors, negotiating } = rig(() => {
      offers += 1;
      return offers === 1 ? Promise.reject(refusal) : Promise.resolve(answer);
    });
    await pass(60_000);
    expect([offers, errors]).toEqual([1, [refusal]]);
    negotiating.retry();
    await pass();
    expect(offers).toBe(2);
  });

  test("a way that is never found is told", async () => {
    const { pc, errors } = rig(() => Promise.resolve(answer));
    await pass();
    pc.iceIs("failed");
    await pass(30_000);
    expect(errors).toEqual([expect.objectContaining({ code: "ICE_FAILED" })]);
  });

  test.each(["close", "bye"])("after %s nothing stays", async (end) => {
    const { pc, channel, errors, negotiating } = rig(() =>
      Promise.reject(new SignalingError("TIMEOUT", "")),
    );
    await pass();
    pc.iceIs("disconnected");
    if (end === "close") negotiating.close();
    else channel.events.emit("bye", { reason: "STREAM_ENDED" });
    negotiating.close();
    const steps = pc.trace.length;
    channel.events.emit("resumed", undefined);
    await pass(60_000);
    expect([pc.trace.length, pc.listeners, vi.getTimerCount(), errors]).toEqual([steps, 0, 0, []]);
  });
});

describe("the browser's news of its network", () => {
  function network(type: string): {
    listeners: Set<() => void>;
    information: { type: string };
    tell(): void;
  } {
    const listeners = new Set<() => void>();
    const target = {
      addEventListener: (_type: string, listener: () => void) => void listeners.add(listener),
      removeEventListener: (_type: string, listener: () => void) => void listeners.delete(listener),
    };
    const information = { ...target, type };
    vi.stubGlobal("navigator", { connection: information });
    vi.stubGlobal("addEventListener", target.addEventListener);
    vi.stubGlobal("removeEventListener", target.removeEventListener);
    return {
      listeners,
      information,
      tell: () => {
        for (const listener of listeners) listener();
      },
    };
  }

  test("another kind of network, and the way out of none, restart ICE; then nobody listens", async () => {
    const { listeners, information } = network("wifi");
    const { pc, negotiating } = rig(() => Promise.resolve(answer));
    await pass();
    pc.iceIs("connected");
    const [online, changed] = [...listeners];
    const restarts = (): number => pc.trace.filter((step) => step.endsWith("restartIce")).length;
    changed?.();
    expect(restarts()).toBe(0);
    information.type = "none";
    changed?.();
    expect(restarts()).toBe(0);
    information.type = "cellular";
    changed?.();
    expect(restarts()).toBe(1);
    await pass(2000);
    online?.();
    expect(restarts()).toBe(2);
    negotiating.close();
    expect(listeners.size).toBe(0);
  });
});
