import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Backoff } from "./backoff.ts";
import { ClockEstimator, type ClockExchange } from "./clock-estimator.ts";

/** An exchange at `atMs` with a server that is `offsetMs` ahead, over a path with these one-way delays. */
function exchange(
  atMs: number,
  offsetMs: number,
  outMs: number,
  backMs: number,
  workMs = 0,
): ClockExchange {
  const serverReceivedMs = atMs + outMs + offsetMs;
  return {
    sentMs: atMs,
    serverReceivedMs,
    serverSentMs: serverReceivedMs + workMs,
    receivedMs: atMs + outMs + workMs + backMs,
  };
}

test("a symmetric path gives the exact offset, the server's own time not counted", () => {
  const estimate = new ClockEstimator().add(exchange(1000, 5000, 20, 20, 7));
  expect(estimate).toEqual({ offsetMs: 5000, errorMs: 20, roundTripMs: 40 });
});

test("the exchange with the shortest round trip decides", () => {
  const estimator = new ClockEstimator();
  estimator.add(exchange(0, -300, 5, 6));
  estimator.add(exchange(100, -300, 80, 5));
  const estimate = estimator.add(exchange(200, -300, 5, 200));
  expect(estimate?.offsetMs).toBeCloseTo(-300.5, 6);
  expect(estimate?.roundTripMs).toBe(11);
});

test("an old exchange gives way as it ages", () => {
  const estimator = new ClockEstimator();
  estimator.add(exchange(0, 0, 5, 5));
  estimator.add(exchange(600_000, 10, 20, 20));
  expect(estimator.best(600_040)?.offsetMs).toBe(10);
});

test("a clock that was set makes all older exchanges worthless", () => {
  const estimator = new ClockEstimator();
  estimator.add(exchange(0, 0, 1, 1));
  expect(estimator.add(exchange(1000, 60_000, 50, 50))?.offsetMs).toBe(60_000);
});

test("exchanges that run backwards are ignored", () => {
  const estimator = new ClockEstimator();
  expect(estimator.best(0)).toBeUndefined();
  expect(
    estimator.add({ sentMs: 10, serverReceivedMs: 0, serverSentMs: 0, receivedMs: 5 }),
  ).toBeUndefined();
  expect(
    estimator.add({ sentMs: 0, serverReceivedMs: 5, serverSentMs: 4, receivedMs: 9 }),
  ).toBeUndefined();
  expect(
    estimator.add({ sentMs: Number.NaN, serverReceivedMs: 5, serverSentMs: 5, receivedMs: 9 }),
  ).toBeUndefined();
});

test("whatever the path does, the estimate is no further off than it says", () => {
  const delay = fc.double({ min: 0, max: 500, noNaN: true });
  const property = fc.property(
    fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    fc.array(fc.tuple(delay, delay), { minLength: 1, maxLength: 60 }),
    (offsetMs, paths) => {
      const estimator = new ClockEstimator();
      paths.forEach(([outMs, backMs], index) => {
        const estimate = estimator.add(exchange(index * 1000, offsetMs, outMs, backMs));
        if (estimate === undefined) throw new Error("no estimate");
        expect(Math.abs(estimate.offsetMs - offsetMs)).toBeLessThanOrEqual(estimate.errorMs + 1e-6);
      });
    },
  );
  void fc.assert(property);
});

test("back-off doubles up to its maximum, within half and all of it, and begins anew after success", () => {
  for (const [random, factor] of [
    [0, 0.5],
    [1, 1],
  ] as const) {
    const backoff = new Backoff(100, 1000, () => random);
    const waits = [1, 2, 3, 4, 5, 6].map(() => backoff.next());
    expect(waits).toEqual([100, 200, 400, 800, 1000, 1000].map((ms) => ms * factor));
    for (let n = 0; n < 5000; n += 1) backoff.next();
    expect(backoff.next()).toBe(1000 * factor);
    backoff.reset();
    expect(backoff.next()).toBe(100 * factor);
  }
});
