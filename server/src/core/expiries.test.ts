import { expect, test } from "vitest";
import { Expiries } from "./expiries.ts";
import { FakeClock } from "./fake-clock.ts";

test("each is told once, within a second of its end, and no timer stays", () => {
  const clock = new FakeClock();
  const expiries = new Expiries(clock);
  const told: string[] = [];
  expiries.watch(clock.wallMs() + 5000, () => told.push("a"));
  expiries.watch(clock.wallMs() + 2000, () => told.push("b"));
  const forget = expiries.watch(clock.wallMs() + 3500, () => told.push("c"));
  expect(clock.timers).toBe(1);
  clock.advance(1999);
  expect(told).toEqual([]);
  clock.advance(1001);
  expect(told).toEqual(["b"]);
  forget();
  forget();
  clock.advance(3000);
  expect(told).toEqual(["b", "a"]);
  expect([clock.timers, expiries.size]).toEqual([0, 0]);
});

test("what has passed already is told later, not from within", () => {
  const clock = new FakeClock();
  const expiries = new Expiries(clock);
  let told = 0;
  expiries.watch(clock.wallMs() - 1, () => told++);
  expect(told).toBe(0);
  clock.advance(1000);
  expect(told).toBe(1);
});

test("one that is told may forget another and watch a new one", () => {
  const clock = new FakeClock();
  const expiries = new Expiries(clock);
  const told: string[] = [];
  const at = clock.wallMs() + 500;
  expiries.watch(at, () => {
    told.push("first");
    forget();
    expiries.watch(at + 2000, () => told.push("third"));
  });
  const forget = expiries.watch(at, () => told.push("second"));
  clock.advance(4000);
  expect(told).toEqual(["first", "third"]);
});

test("closing forgets all", () => {
  const clock = new FakeClock();
  const expiries = new Expiries(clock);
  expiries.watch(clock.wallMs() + 1, () => expect.unreachable());
  expiries.close();
  expiries.close();
  clock.advance(5000);
  expect(clock.timers).toBe(0);
});
