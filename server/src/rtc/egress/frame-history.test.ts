import { describe, expect, it } from "vitest";
import { FrameHistory } from "./frame-history.ts";
import type { RtpFrame, RtpFrameStart } from "./rtp-frame.ts";

/** Adds a frame of one packet that costs 100 bytes on the wire. */
function push(history: FrameHistory, change: Partial<RtpFrameStart> = {}): RtpFrame {
  return history.push(
    {
      codec: "h264",
      key: false,
      reference: true,
      payloads: [new Uint8Array(30)],
      ptsUs: history.next * 1000,
      arrivedUs: history.next * 1000,
      ticks: history.next * 90,
      captured: { seconds: 0, fraction: 0 },
      timed: false,
      lostBefore: 0,
      ...change,
    },
    true,
  );
}

describe("FrameHistory", () => {
  const limits = { maxPackets: 8, maxBytes: 1_000_000, maxUs: 1_000_000 };

  it("gives frames by number until they are too many packets", () => {
    const history = new FrameHistory(limits);
    for (let i = 0; i < 8; i++) push(history);
    expect(history.get(0)?.number).toBe(0);
    push(history);
    expect(history.get(0)).toBeUndefined();
    expect(history.get(1)?.number).toBe(1);
    expect(history.get(8)?.number).toBe(8);
    expect(history.get(9)).toBeUndefined();
    expect(history.packets).toBe(8);
  });

  it("forgets by bytes and by time", () => {
    const byBytes = new FrameHistory({ ...limits, maxBytes: 300 });
    for (let i = 0; i < 4; i++) push(byBytes);
    expect(byBytes.first).toBe(1);
    const byTime = new FrameHistory({ ...limits, maxUs: 2000 });
    for (let i = 0; i < 4; i++) push(byTime);
    expect(byTime.first).toBe(1);
  });

  it("keeps the newest frame and the newest key frame whatever their size", () => {
    const history = new FrameHistory({ ...limits, maxBytes: 50 });
    push(history, { key: true });
    expect(history.get(0)).toBeDefined();
    for (let i = 0; i < 20; i++) push(history);
    expect(history.get(0)?.key).toBe(true);
    expect(history.get(1)).toBeUndefined();
    history.forgetKey();
    expect(history.get(0)).toBeUndefined();
  });

  it("counts on after thousands of frames without keeping them", () => {
    const history = new FrameHistory(limits);
    for (let i = 0; i < 5000; i++) push(history);
    expect(history.next).toBe(5000);
    expect(history.first).toBe(4992);
    expect(history.get(4992)?.number).toBe(4992);
    expect(history.latest?.number).toBe(4999);
  });
});
