import {
  joinRtcp,
  type ReportBlock,
  writeBye,
  writeFir,
  writeNack,
  writePli,
  writeReceiverReport,
} from "@millrace/media/rtp";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Feedback, type FeedbackLine } from "./feedback.ts";
import { LineReception } from "./line-reception.ts";

class TestLine implements FeedbackLine {
  readonly ssrc: number;
  readonly lost: number[] = [];
  keys = 0;
  readonly blocks: ReportBlock[] = [];

  constructor(ssrc: number) {
    this.ssrc = ssrc;
  }

  missing(sequences: readonly number[]): void {
    this.lost.push(...sequences);
  }

  keyRequested(): void {
    this.keys++;
  }

  reported(block: ReportBlock): void {
    this.blocks.push(block);
  }
}

function open() {
  const video = new TestLine(0x1111);
  const audio = new TestLine(0x3333);
  let byes = 0;
  const transport: Uint8Array[] = [];
  const rembs: number[] = [];
  const network = {
    transport: (data: Uint8Array) => void transport.push(data),
    remb: (bitrateBps: number) => void rembs.push(bitrateBps),
  };
  const feedback = new Feedback([video, audio], network, () => {
    byes++;
  });
  return { video, audio, feedback, transport, rembs, byes: () => byes };
}

const block: ReportBlock = {
  ssrc: 0x1111,
  fractionLost: 64,
  cumulativeLost: 12,
  highestSequence: 70_000,
  jitter: 900,
  lastSenderReport: 0,
  delaySinceLastSenderReport: 0,
};

describe("Feedback", () => {
  it("goes by the media SSRC, whatever SSRC the viewer calls itself", () => {
    const { video, audio, feedback } = open();
    // Firefox declares an SSRC of its own in a line on which it only receives.
    for (const sender of [1, 0x3333, 0x1111, 77]) feedback.receive(writePli(sender, 0x1111), 0);
    feedback.receive(writeNack(1, 0x3333, [65_535, 0, 1]), 0);
    feedback.receive(writeNack(1, 0x9999, [5]), 0);
    expect(video.keys).toBe(4);
    expect(video.lost).toEqual([]);
    expect(audio.lost).toEqual([65_535, 0, 1]);
    expect(audio.keys).toBe(0);
    expect(feedback.nacks).toBe(2);
  });

  it("takes every part of a compound", () => {
    const { video, audio, feedback, byes } = open();
    const report = writeReceiverReport(1, [block, { ...block, ssrc: 0x3333, fractionLost: 0 }]);
    feedback.receive(joinRtcp([report, writeNack(1, 0x1111, [3]), writePli(1, 0x1111)]), 0);
    expect(video.blocks).toHaveLength(1);
    expect(audio.blocks[0]?.fractionLost).toBe(0);
    expect(video.lost).toEqual([3]);
    expect(video.keys).toBe(1);
    feedback.receive(writeBye([1]), 0);
    expect(byes()).toBe(1);
  });

  it("takes a repeated FIR for one request", () => {
    const { video, feedback } = open();
    for (const sequence of [0, 0, 0, 1, 1]) feedback.receive(writeFir(1, 0x1111, sequence), 0);
    expect(video.keys).toBe(2);
  });

  it("survives arbitrary bytes", () => {
    const { feedback } = open();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        bytes[0] = 0x80 | ((bytes[0] ?? 0) & 0x3f);
        feedback.receive(bytes, 0);
      }),
    );
    expect(feedback.malformed).toBeGreaterThan(0);
  });
});

describe("LineReception", () => {
  it("measures the round trip from the echo of our report", () => {
    const reception = new LineReception(90_000);
    reception.report(block, 1_700_000_000_000);
    expect(reception).toMatchObject({ lossShare: 0.25, packetsLost: 12, jitterMs: 10 });
    expect(reception.roundTripMs).toBeUndefined();
    const compact = ((1_700_000_000 + 2_208_988_800) & 0xffff) * 65_536;
    const echoed = { ...block, lastSenderReport: compact, delaySinceLastSenderReport: 32_768 };
    reception.report(echoed, 1_700_000_000_550);
    expect(reception.roundTripMs).toBeCloseTo(50, 1);
  });
});
