import { expect, test } from "vitest";
import { HistoryWindow, stacked } from "./history-window.ts";

const answer = (times: readonly number[], viewers: object = {}, more: object = {}): object => ({
  ...{ times, viewers, samples: 4, cores: 2 },
  inBps: times.map((time) => time * 10),
  now: { timeMs: 99, streams: 2, live: 1, viewers: { sse: 1 } },
  ...more,
});

test("a whole answer and what follows it make one window", () => {
  const history = new HistoryWindow();
  expect(history.lastMs).toBeUndefined();
  history.take(answer([1, 2], { webrtc: [1, 2] }));
  // The sample that is there already is not taken twice.
  history.take(answer([2, 3], { webrtc: [9, 3], sse: [9, 1] }));
  expect(history.times).toEqual([1, 2, 3]);
  expect(history.column("inBps")).toEqual([10, 20, 30]);
  expect(history.viewers("webrtc")).toEqual([1, 2, 3]);
  expect(history.viewers("sse")).toEqual([0, 0, 1]);
  expect([history.lastMs, history.last("inBps"), history.cores]).toEqual([3, 30, 2]);
  expect(history.now).toEqual({ timeMs: 99, streams: 2, live: 1, viewers: { sse: 1 } });
});

test("the window is as long as the server's, and forgets whom nobody watched by in it", () => {
  const history = new HistoryWindow();
  history.take(answer([1, 2, 3, 4], { icy: [1, 0, 0, 0], sse: [0, 0, 0, 2] }));
  history.take(answer([5, 6], { sse: [2, 2] }));
  expect(history.times).toEqual([3, 4, 5, 6]);
  expect(history.transports).toEqual(["sse"]);
  expect(history.viewers("sse")).toEqual([0, 2, 2, 2]);
  expect(history.viewers("icy")).toEqual([]);
});

test("the best way comes first, and all columns are of one length", () => {
  const history = new HistoryWindow();
  history.take(answer([1], { icy: [1], other: [1], webrtc: [1], "ll-hls": [1] }));
  history.take(answer([2], {}));
  expect(history.transports).toEqual(["webrtc", "ll-hls", "icy", "other"]);
  expect(history.transports.map((name) => history.viewers(name).length)).toEqual([2, 2, 2, 2]);
});

test("a server that says nonsense, or began anew, leaves no traces", () => {
  const history = new HistoryWindow();
  for (const nonsense of [undefined, 7, { times: "x" }, { times: [null, "1"], viewers: 5 }]) {
    history.take(nonsense);
  }
  expect([history.times, history.now]).toEqual([[], undefined]);
  history.take(answer([7], { sse: [1] }));
  history.clear();
  expect([history.times, history.transports, history.lastMs]).toEqual([[], [], undefined]);
  history.take(answer([1]));
  expect(history.times).toEqual([1]);
});

test("areas stand upon each other, the last one lowest", () => {
  expect(
    stacked([
      [1, 2],
      [10, 20],
      [100, 200],
    ]),
  ).toEqual([
    [111, 222],
    [110, 220],
    [100, 200],
  ]);
  expect(stacked([])).toEqual([]);
});
