import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProtocolError } from "../error/index.ts";
import { parseRtcp } from "./rtcp-parse.ts";
import {
  maxTransportCcPackets,
  parseTransportCc,
  type TransportCcFeedback,
  type TransportCcPacket,
} from "./transport-cc.ts";
import { writeTransportCc } from "./transport-cc-write.ts";

const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** Packets from `first` on with these arrivals in steps of 250 us; undefined: not received. */
function packets(first: number, arrivals: readonly (number | undefined)[]): TransportCcPacket[] {
  return arrivals.map((tick, i) => ({
    sequence: (first + i) & 0xffff,
    arrivalUs: tick === undefined ? undefined : tick * 250,
  }));
}

function write(reports: readonly TransportCcPacket[], feedbackCount = 0): Uint8Array {
  return writeTransportCc({ senderSsrc: 1, mediaSsrc: 2, feedbackCount, packets: reports });
}

function read(bytes: Uint8Array): TransportCcFeedback {
  const [packet, ...others] = parseRtcp(bytes);
  if (packet?.type !== "transport-cc" || others.length > 0) throw new Error("not one feedback");
  expect(packet).toMatchObject({ senderSsrc: 1, mediaSsrc: 2 });
  return parseTransportCc(packet.data);
}

/** The chunks and deltas without header and padding. */
function contents(arrivals: readonly (number | undefined)[]): string {
  const [packet] = parseRtcp(write(packets(0, arrivals)));
  return packet?.type === "transport-cc" ? toHex(packet.data.subarray(8)) : "";
}

const no = undefined;
/** A difference no small delta can say. */
const gap = 300;

function steady(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

describe("writeTransportCc", () => {
  it("writes what Chromium writes", () => {
    const [sender] = parseRtcp(
      writeTransportCc({
        senderSsrc: 1,
        mediaSsrc: 0x3c1d_e60b,
        feedbackCount: 9,
        packets: packets(0x33, [no, 0x40327 * 256 + 0x17]),
      }),
    );
    expect(sender).toMatchObject({ type: "transport-cc", mediaSsrc: 0x3c1d_e60b });
    const bytes = write(
      packets(
        2,
        [0x42, 0x73, 0x6c, 0x83, 0x98, 0xab, 0xbf].map((t) => t + 0x4031a00),
      ),
      1,
    );
    expect(toHex(bytes)).toBe(
      "afcd0007" + "00000001" + "00000002" + "00020007" + "04031a01" + "d6554231fff9171513140002",
    );
  });

  it("takes the chunk that covers the most packets", () => {
    expect(contents(steady(1))).toBe("200100");
    expect(contents(steady(20))).toBe(`2014${"00"}${"01".repeat(19)}`);
    // 14 packets with a loss: one vector of one bit each.
    expect(contents([0, 1, 2, no, ...steady(10).map((i) => i + 4)])).toBe(
      `bbff0001${"0102"}${"01".repeat(9)}`,
    );
    // 6 packets and a large delta at the end: one vector of two bits.
    expect(contents([...steady(6), 5 + gap])).toBe("d556000101010101012c");
    // Large deltas in a row.
    expect(contents([0, ...steady(8).map((i) => (i + 1) * gap)])).toBe(
      `daaa4002${"00"}${"012c".repeat(8)}`,
    );
    // A loss of 100 packets between two vectors, of which the first has room for 11 of them.
    const lost = new Array<undefined>(100).fill(no);
    expect(contents([0, no, 1, ...lost, 2, no, 3])).toBe("a8000059a80000010101");
  });

  it("says a loss of 8,190 packets in a few bytes", () => {
    const arrivals = [0, ...new Array<undefined>(8190).fill(no), 1];
    const bytes = write(packets(60_000, arrivals));
    expect(bytes.byteLength).toBeLessThanOrEqual(20 + 3 * 2 + 2 + 2);
    expect(read(bytes).packets).toEqual(packets(60_000, arrivals));
  });

  it("is no longer than it says", () => {
    const worst = packets(
      0,
      steady(500).map((i) => (i % 2 === 0 ? gap : 0)),
    );
    expect(write(worst).byteLength).toBeLessThanOrEqual(23 + 2.3 * 500);
    expect(write(packets(0, steady(500))).byteLength).toBeLessThanOrEqual(20 + 1.2 * 500);
  });

  it("rounds arrivals down without letting the error grow", () => {
    const reports = steady(100).map((i) => ({ sequence: i, arrivalUs: i * 333.3 }));
    for (const [i, packet] of read(write(reports)).packets.entries()) {
      expect(packet.arrivalUs).toBe(Math.floor((i * 333.3) / 250) * 250);
    }
  });

  it("wraps the sequence, the feedback count and the reference time", () => {
    const feedback = read(write(packets(65_534, [1, no, 2, 3]), 257));
    expect(feedback.feedbackCount).toBe(1);
    expect(feedback.packets.map(({ sequence }) => sequence)).toEqual([65_534, 65_535, 0, 1]);
    const rangeUs = 2 ** 24 * 64_000;
    for (const [arrivalUs, parsedUs] of [
      [rangeUs / 2 - 250, rangeUs / 2 - 250],
      [rangeUs / 2, -rangeUs / 2],
      [rangeUs - 250, -250],
      [rangeUs + 1000, 1000],
      [100 * rangeUs + 2000, 2000],
    ] as const) {
      expect(read(write([{ sequence: 0, arrivalUs }])).packets).toEqual([
        { sequence: 0, arrivalUs: parsedUs },
      ]);
    }
  });

  it("says deltas from -8.192 s to 8.19175 s and no more", () => {
    const base = 40_000;
    for (const delta of [-32_768, 32_767]) {
      const reports = packets(0, [base, no, base + delta]);
      expect(read(write(reports)).packets).toEqual(reports);
    }
    for (const delta of [-32_769, 32_768]) {
      expect(() => write(packets(0, [base, no, base + delta]))).toThrow(RangeError);
    }
  });

  it("refuses what cannot be said", () => {
    expect(() => write([])).toThrow(RangeError);
    expect(() => write(packets(0, [no, no]))).toThrow(RangeError);
    expect(() => write([{ sequence: 0, arrivalUs: -1 }])).toThrow(RangeError);
    expect(() => write([{ sequence: 0, arrivalUs: Number.NaN }])).toThrow(RangeError);
    expect(() => write([...packets(0, [1]), ...packets(2, [1])])).toThrow(RangeError);
    const most = packets(9, steady(maxTransportCcPackets));
    expect(read(write(most)).packets).toEqual(most);
    expect(() => write(packets(9, steady(maxTransportCcPackets + 1)))).toThrow(RangeError);
  });

  it("is read back whatever was lost, late or out of order", () => {
    const arrival = fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: 0, max: 60 }) },
      { weight: 2, arbitrary: fc.integer({ min: -400, max: 400 }) },
      { weight: 1, arbitrary: fc.integer({ min: -32_768, max: 32_767 }) },
      { weight: 4, arbitrary: fc.constant(no) },
    );
    const runs = fc.array(fc.record({ delta: arrival, times: fc.integer({ min: 1, max: 40 }) }), {
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(
        runs,
        fc.nat(65_535),
        fc.nat(255),
        fc.nat(4_000_000),
        (parts, first, count, start) => {
          let tick = start;
          const arrivals: (number | undefined)[] = [];
          for (const { delta, times } of parts) {
            for (let i = 0; i < times; i += 1) {
              if (delta === no || tick + delta < 0) arrivals.push(no);
              else {
                tick += delta;
                arrivals.push(tick);
              }
            }
          }
          arrivals.push(tick);
          const reports = packets(first, arrivals);
          const bytes = write(reports, count);
          expect(bytes.byteLength % 4).toBe(0);
          expect(bytes.byteLength).toBeLessThanOrEqual(23 + 2.3 * reports.length);
          expect(read(bytes)).toEqual({ feedbackCount: count, packets: reports });
        },
      ),
      { numRuns: 300 },
    );
  });

  it("is read, or refused as such, when made of arbitrary bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(40), (bytes, count) => {
        if (bytes.byteLength > 4) bytes.set([0, count], 2);
        try {
          const { packets: parsed } = parseTransportCc(bytes);
          expect(parsed).toHaveLength((bytes[2] as number) * 256 + (bytes[3] as number));
        } catch (error) {
          if (!(error instanceof ProtocolError)) throw error;
          expect(error.code).toBe("RTCP_TRANSPORT_CC");
        }
      }),
      { numRuns: 1000 },
    );
  });
});
