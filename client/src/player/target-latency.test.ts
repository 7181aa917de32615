import { expect, it } from "vitest";
import { parseTargetLatency } from "./target-latency.ts";

it.each([
  ["2", 2],
  ["0.5", 0.5],
  ["0.1", 0.1],
  ["0.09", 0.1],
  ["-3", 0.1],
  ["60", 60],
  ["60.1", 60],
  ["", undefined],
  ["soon", undefined],
  ["Infinity", undefined],
  [null, undefined],
])("reads %j as %s seconds", (text, seconds) => {
  expect(parseTargetLatency(text)).toBe(seconds);
});
