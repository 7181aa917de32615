import { expect, test } from "vitest";
import { DEFAULT_RTC_LIMITS } from "./limits.ts";
import { PeerLiveness } from "./peer-liveness.ts";

const LIMITS = {
  ...DEFAULT_RTC_LIMITS,
  joinTimeoutMs: 10,
  disconnectedMs: 20,
  peerTimeoutMs: 50,
};

test("who does not connect in time has timed out, whatever was heard of it", () => {
  const liveness = new PeerLiveness(LIMITS, 1_000);
  expect(liveness.deadlineUs).toBe(11_000);
  expect(liveness.seen(10_999)).toBe(false);
  expect(liveness.check(10_999)).toBeUndefined();
  expect(liveness.check(11_000)).toBe("join-timeout");
});

test("a connected peer is told as disconnected once for each silence, then as gone", () => {
  const liveness = new PeerLiveness(LIMITS, 0);
  liveness.connect();
  expect(liveness.deadlineUs).toBe(20_000);
  expect(liveness.check(19_999)).toBeUndefined();
  expect(liveness.check(20_000)).toBe("disconnected");
  expect(liveness.check(20_001)).toBeUndefined();
  expect(liveness.deadlineUs).toBe(50_000);
  expect(liveness.seen(30_000)).toBe(true);
  expect(liveness.seen(30_000)).toBe(false);
  expect(liveness.check(50_000)).toBe("disconnected");
  expect(liveness.check(79_999)).toBeUndefined();
  expect(liveness.check(80_000)).toBe("peer-timeout");
});

test("a time to be gone that is shorter than that to be disconnected counts alone", () => {
  const liveness = new PeerLiveness({ ...LIMITS, disconnectedMs: 100 }, 0);
  liveness.connect();
  expect(liveness.deadlineUs).toBe(50_000);
  expect(liveness.check(50_000)).toBe("peer-timeout");
});
