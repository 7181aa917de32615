import { expect, it } from "vitest";
import { LatencyTeller, latencyEveryMs } from "./latency-teller.ts";

const sample = (latencyMs: number) => ({ latencyMs, medianMs: latencyMs });

it("holds every measurement and tells one in a while", () => {
  const teller = new LatencyTeller();
  expect(teller.now).toBeUndefined();
  expect(teller.measured(sample(1), 0)).toBe(true);
  expect(teller.measured(sample(2), latencyEveryMs - 1)).toBe(false);
  expect(teller.now).toEqual(sample(2));
  expect(teller.measured(sample(3), latencyEveryMs)).toBe(true);
  teller.reset();
  expect(teller.now).toBeUndefined();
});
