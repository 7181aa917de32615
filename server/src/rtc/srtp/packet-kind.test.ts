import { describe, expect, it } from "vitest";
import { packetKind, rtpHeaderBytes } from "./packet-kind.ts";

const packet = (...start: number[]) => {
  const bytes = new Uint8Array(40);
  bytes.set(start);
  return bytes;
};

describe("packetKind", () => {
  it.each([
    [packet(0x80, 200), "rtcp"],
    [packet(0x81, 206), "rtcp"],
    [packet(0x80, 223), "rtcp"],
    [packet(0x80, 96), "rtp"],
    [packet(0x90, 0x80 | 111), "rtp"],
    [packet(0x80, 224), "rtp"],
    [packet(0x00, 200), undefined],
    [packet(0x16, 0xfe), undefined],
    [Uint8Array.of(0x80, 200, 0, 1), undefined],
    [packet(0x80, 96).subarray(0, 11), undefined],
  ])("case %#", (bytes, kind) => {
    expect(packetKind(bytes)).toBe(kind);
  });
});

describe("rtpHeaderBytes", () => {
  it("counts contributing sources and the extension", () => {
    expect(rtpHeaderBytes(packet(0x80))).toBe(12);
    expect(rtpHeaderBytes(packet(0x82))).toBe(20);
    const extended = packet(0x90);
    extended.set([0xbe, 0xde, 0, 2], 12);
    expect(rtpHeaderBytes(extended)).toBe(24);
  });

  it("refuses a header that is longer than the packet", () => {
    expect(rtpHeaderBytes(packet(0x8f).subarray(0, 71))).toBeUndefined();
    expect(rtpHeaderBytes(packet(0x90).subarray(0, 15))).toBeUndefined();
    const extended = packet(0x90);
    extended.set([0xbe, 0xde, 0xff, 0xff], 12);
    expect(rtpHeaderBytes(extended)).toBeUndefined();
  });
});
