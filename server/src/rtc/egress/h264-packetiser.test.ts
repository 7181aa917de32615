import type { Frame } from "@millrace/media/frame";
import { describe, expect, it } from "vitest";
import { videoInfo } from "../../core/test-frames.ts";
import { H264Packetiser, maxPayloadBytes } from "./h264-packetiser.ts";
import { slice, testAvcC, testPps, testSps } from "./test-rig.ts";

const frame = (key: boolean, ...payload: Uint8Array[]): Frame => ({
  ptsUs: 0,
  dtsUs: 0,
  key,
  payload,
});

function open() {
  const packetiser = new H264Packetiser();
  packetiser.configure(videoInfo({ config: testAvcC() }));
  return packetiser;
}

describe("H264Packetiser", () => {
  it("puts the parameter sets in front of a key frame, in one STAP-A", () => {
    const made = open().packetise(frame(true, slice("key", 20)));
    expect(made?.payloads).toHaveLength(1);
    const stap = made?.payloads[0] as Uint8Array;
    expect((stap[0] ?? 0) & 0x1f).toBe(24);
    expect(Buffer.from(stap.subarray(3, 3 + testSps.length))).toEqual(Buffer.from(testSps));
    expect(Buffer.from(stap).includes(Buffer.from(testPps))).toBe(true);
  });

  it("sends what a decoder needs and nothing else", () => {
    const delimiter = Uint8Array.of(9, 0x10);
    const sei = Uint8Array.of(6, 5, 1, 0);
    const filler = Uint8Array.of(12, 0xff);
    const end = Uint8Array.of(10);
    const picture = slice("reference", 500);
    const made = open().packetise(frame(false, delimiter, sei, picture, filler, end));
    expect(made?.payloads).toEqual([picture]);
    expect(open().packetise(frame(false, delimiter, sei))).toBeUndefined();
    expect(open().packetise(frame(true))).toBeUndefined();
  });

  it("knows which frames nobody refers to", () => {
    const packetiser = open();
    const reference = slice("reference", 50);
    const disposable = slice("disposable", 50);
    expect(packetiser.packetise(frame(false, disposable, disposable))?.reference).toBe(false);
    expect(packetiser.packetise(frame(false, disposable, reference))?.reference).toBe(true);
  });

  it("cuts at the largest payload", () => {
    const packetiser = open();
    const sizes = (bytes: number) =>
      packetiser.packetise(frame(false, slice("reference", bytes)))?.payloads.map((p) => p.length);
    expect(sizes(maxPayloadBytes)).toEqual([maxPayloadBytes]);
    expect(sizes(maxPayloadBytes + 1)).toHaveLength(2);
    expect(Math.max(...(sizes(100_000) ?? []))).toBeLessThanOrEqual(maxPayloadBytes);
  });

  it("has no parameter sets before it was told any", () => {
    const packetiser = new H264Packetiser();
    packetiser.configure(videoInfo({ config: new Uint8Array() }));
    const key = slice("key", 20);
    expect(packetiser.packetise(frame(true, key))?.payloads).toEqual([key]);
  });
});
