import { expect, test } from "vitest";
import { FreezeMeter } from "./freeze-meter.ts";

/** Frames every `everyMs`, the first at `fromMs`; gives the time of the last one. */
function play(meter: FreezeMeter, fromMs: number, count: number, everyMs = 40): number {
  let atMs = fromMs;
  for (let i = 0; i < count; i++) {
    atMs = fromMs + i * everyMs;
    meter.frame(atMs);
  }
  return atMs;
}

test("a picture that moves does not stand", () => {
  const meter = new FreezeMeter();
  const last = play(meter, 0, 100);
  expect(meter.take(last + 40)).toEqual({ freezes: 0, frozenMs: 0 });
});

test("it stands when a frame comes 150 ms later than usual", () => {
  const meter = new FreezeMeter();
  const last = play(meter, 0, 40);
  play(meter, last + 190, 10);
  expect(meter.take(last + 600)).toEqual({ freezes: 0, frozenMs: 0 });
  const later = play(meter, last + 590, 10);
  meter.frame(later + 250);
  expect(meter.take(later + 250)).toEqual({ freezes: 1, frozenMs: 250 });
});

test("streams with few frames have more time: three times the usual distance", () => {
  const meter = new FreezeMeter();
  const last = play(meter, 0, 10, 1000);
  meter.frame(last + 3000);
  expect(meter.take(last + 3000).freezes).toBe(0);
  meter.frame(last + 3000 + 6000);
  expect(meter.take(last + 9000)).toEqual({ freezes: 1, frozenMs: 6000 });
});

test("one that goes on is counted once, and its time as it passes", () => {
  const meter = new FreezeMeter();
  const last = play(meter, 0, 40);
  expect(meter.take(last + 5000)).toEqual({ freezes: 1, frozenMs: 5000 });
  expect(meter.take(last + 9000)).toEqual({ freezes: 0, frozenMs: 4000 });
  meter.frame(last + 10_000);
  expect(meter.take(last + 10_000)).toEqual({ freezes: 0, frozenMs: 1000 });
});

test("while no frames are due nothing stands", () => {
  const meter = new FreezeMeter();
  const last = play(meter, 0, 40);
  meter.pause();
  expect(meter.take(last + 60_000)).toEqual({ freezes: 0, frozenMs: 0 });
  meter.frame(last + 60_000);
  expect(meter.take(last + 60_000)).toEqual({ freezes: 0, frozenMs: 0 });
});

test("the first frames tell no usual distance yet", () => {
  const meter = new FreezeMeter();
  meter.frame(0);
  meter.frame(10);
  meter.frame(900);
  expect(meter.take(900).freezes).toBe(0);
});

test("times that go back are no frames", () => {
  const meter = new FreezeMeter();
  const last = play(meter, 0, 40);
  meter.frame(last - 500);
  meter.frame(last + 40);
  expect(meter.take(last + 40).freezes).toBe(0);
});
