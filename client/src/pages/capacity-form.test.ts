import { capacityWays } from "@millrace/signaling/capacity";
import { expect, test } from "vitest";
import { type FormTexts, readForm } from "./capacity-form.ts";

const texts = (change: Record<string, string> = {}): FormTexts =>
  new Map(
    Object.entries({
      ...Object.fromEntries(capacityWays.map((way) => [way, "0"])),
      ...{ streams: "2", fps: "25", record: "1.5", joins: "0", aac: "on" },
      ...{ cores: "4", memory: "8", network: "0.5", tier: "wasm", packet: "" },
      ...change,
    }),
  );
const one = [{ rate: "2.5", share: "100" }];

test("units are those that the fields are labelled with", () => {
  const read = readForm(texts({ webrtc: "50" }), [...one, { rate: "0.6", share: "0" }]);
  expect(read).toMatchObject({
    plan: {
      qualities: [
        { bitrateBps: 2_500_000, share: 1 },
        { bitrateBps: 600_000, share: 0 },
      ],
      streams: 2,
      viewers: { webrtc: 50, sse: 0 },
      picturesPerSecond: 25,
      transcodesSound: true,
      recordedSeconds: 5400,
    },
    machine: { cores: 4, memoryMb: 8000, networkBps: 500_000_000, tier: "wasm" },
    packetUs: undefined,
  });
  expect(readForm(texts({ packet: "1.7" }), one)?.packetUs).toBe(1.7);
});

test("nothing is reckoned with what is no number or cannot be", () => {
  for (const [name, text] of [
    ["streams", ""],
    ["webrtc", "-1"],
    ["cores", "0"],
    ["fps", "x"],
    ["packet", "0"],
    ["network", " "],
  ] as const) {
    expect(readForm(texts({ [name]: text }), one), name).toBeUndefined();
  }
  expect(readForm(texts(), [{ rate: "0", share: "100" }])).toBeUndefined();
  expect(readForm(texts(), [])).toBeUndefined();
});
