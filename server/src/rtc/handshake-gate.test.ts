import { expect, test } from "vitest";
import { HANDSHAKE_SLOT_MS, HandshakeGate } from "./handshake-gate.ts";
import { createCounters } from "./net/counters.ts";

test("so many may shake hands at once, and who leaves makes room", () => {
  const counters = createCounters();
  const gate = new HandshakeGate(2, counters);
  const [a, b, c] = [{}, {}, {}];
  expect([a, b, c].map((who) => gate.enter(who, 0))).toEqual([true, true, false]);
  expect(gate.enter(a, 1)).toBe(true);
  gate.leave(b);
  gate.leave(b);
  expect(gate.enter(c, 1)).toBe(true);
  expect(gate.size).toBe(2);
  expect(counters).toMatchObject({ handshakesStarted: 3, handshakesDeferred: 1 });
});

test("who stalls does not keep others out for longer than its slot", () => {
  const gate = new HandshakeGate(2, createCounters());
  gate.enter({}, 0);
  gate.enter({}, 1000);
  const slotUs = HANDSHAKE_SLOT_MS * 1000;
  expect(gate.enter({}, slotUs - 1)).toBe(false);
  expect(gate.enter({}, slotUs)).toBe(true);
  expect(gate.enter({}, slotUs)).toBe(false);
});
