import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { IceRestarter } from "./ice-restarter.ts";
import { FakePeer } from "./testing/index.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function rig(): { pc: FakePeer; restarter: IceRestarter; failed(): number; restarts(): number } {
  const pc = new FakePeer("pc", []);
  let failures = 0;
  const restarter = new IceRestarter(pc, () => {
    failures += 1;
  });
  return {
    pc,
    restarter,
    failed: () => failures,
    restarts: () => pc.trace.filter((step) => step === "pc restartIce").length,
  };
}

describe("a way that is lost", () => {
  test("for less than a second is left alone", () => {
    const { pc, restarts } = rig();
    pc.iceIs("connected");
    pc.iceIs("disconnected");
    vi.advanceTimersByTime(999);
    pc.iceIs("connected");
    vi.advanceTimersByTime(60_000);
    expect([restarts(), vi.getTimerCount()]).toEqual([0, 0]);
  });

  test("for a second is looked for anew, and again every four, until it is there", () => {
    const { pc, restarts } = rig();
    pc.iceIs("disconnected");
    vi.advanceTimersByTime(1000);
    expect(restarts()).toBe(1);
    pc.iceIs("checking");
    vi.advanceTimersByTime(3999);
    expect(restarts()).toBe(1);
    vi.advanceTimersByTime(1);
    expect(restarts()).toBe(2);
    pc.iceIs("connected");
    vi.advanceTimersByTime(60_000);
    expect([restarts(), vi.getTimerCount()]).toEqual([2, 0]);
  });

  test("for good is looked for at once", () => {
    const { pc, restarts } = rig();
    pc.iceIs("failed");
    vi.advanceTimersByTime(0);
    expect(restarts()).toBe(1);
  });

  test("a restart that has just begun is not restarted by a failure of the way before it", () => {
    const { pc, restarts } = rig();
    pc.iceIs("disconnected");
    vi.advanceTimersByTime(1000);
    pc.iceIs("failed");
    vi.advanceTimersByTime(1999);
    expect(restarts()).toBe(1);
    vi.advanceTimersByTime(1);
    expect(restarts()).toBe(2);
  });

  test("and not found for 30 s is given up, once, and nothing stays", () => {
    const { pc, failed, restarts } = rig();
    pc.iceIs("failed");
    vi.advanceTimersByTime(29_999);
    expect(failed()).toBe(0);
    vi.advanceTimersByTime(1);
    expect(failed()).toBe(1);
    const tried = restarts();
    pc.iceIs("disconnected");
    pc.iceIs("failed");
    vi.advanceTimersByTime(60_000);
    expect([failed(), restarts(), pc.listeners, vi.getTimerCount()]).toEqual([1, tried, 0, 0]);
  });
});

describe("a network that changes", () => {
  test("is tried at once, though the way still seems to be there, and not twice within two seconds", () => {
    const { pc, restarter, restarts } = rig();
    pc.iceIs("connected");
    restarter.networkChanged();
    restarter.networkChanged();
    expect(restarts()).toBe(1);
    vi.advanceTimersByTime(2000);
    restarter.networkChanged();
    expect([restarts(), vi.getTimerCount()]).toEqual([2, 0]);
  });

  test("before anything was connected needs nothing", () => {
    const { restarter, restarts } = rig();
    restarter.networkChanged();
    expect(restarts()).toBe(0);
  });
});

test("closed, it leaves the peer connection alone", () => {
  const { pc, restarter, failed, restarts } = rig();
  pc.iceIs("disconnected");
  restarter.close();
  restarter.close();
  restarter.networkChanged();
  vi.advanceTimersByTime(60_000);
  expect([restarts(), failed(), pc.listeners, vi.getTimerCount()]).toEqual([0, 0, 0, 0]);
});

test("a peer connection that is closed is no trouble", () => {
  const { pc, failed, restarts } = rig();
  pc.iceIs("disconnected");
  pc.iceIs("closed");
  vi.advanceTimersByTime(60_000);
  expect([restarts(), failed()]).toEqual([0, 0]);
});
