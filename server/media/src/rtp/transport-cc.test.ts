import { describe, expect, it } from "vitest";
import { ProtocolError } from "../error/index.ts";
import { parseRtcp } from "./rtcp-parse.ts";
import {
  maxTransportCcPackets,
  parseTransportCc,
  type TransportCcFeedback,
} from "./transport-cc.ts";

const hex = (text: string): Uint8Array =>
  new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));

function codeOf(data: Uint8Array): string | undefined {
  try {
    parseTransportCc(data);
    return undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
}

/** Arrivals in steps of 250 us since a reference time; undefined: not received. */
function ticks(feedback: TransportCcFeedback, reference: number): (number | undefined)[] {
  return feedback.packets.map(({ arrivalUs }) =>
    arrivalUs === undefined ? undefined : (arrivalUs - reference * 64_000) / 250,
  );
}

const no = undefined;

describe("parseTransportCc", () => {
  // What Chromium says of a stream of which some packets are held back.
  it.each([
    {
      name: "one packet",
      text: "afcd0005 00000001 3c1de60b 00010001 04031800 20016501",
      count: 0,
      reference: 0x40318,
      first: 1,
      arrivals: [0x65],
    },
    {
      name: "a two-bit vector with a negative delta",
      text: "afcd0007 00000001 3c1de60b 00020007 04031a01 d655 4231fff9171513140002",
      count: 1,
      reference: 0x4031a,
      first: 2,
      arrivals: [0x42, 0x73, 0x6c, 0x83, 0x98, 0xab, 0xbf],
    },
    {
      name: "a first packet that was not received",
      text: "afcd0005 00000001 3c1de60b 00330002 04032709 c400 1701",
      count: 9,
      reference: 0x40327,
      first: 0x33,
      arrivals: [no, 0x17],
    },
    {
      name: "vectors and a run",
      text: "8fcd000a 00000001 3c1de60b 00350013 0403290a d545d5492005 da000100000000000100fff51214120f1313",
      count: 10,
      reference: 0x40329,
      first: 0x35,
      arrivals: [
        ...[0xda, 0xda, 0xdb, 0xdb, no, 0xdb, 0xdb, 0xdb, 0xdb, 0xdc, 0xdc, no],
        ...[0xd1, 0xe3, 0xf7, 0x109, 0x118, 0x12b, 0x13e],
      ],
    },
  ])("reads $name", ({ text, count, reference, first, arrivals }) => {
    const [packet] = parseRtcp(hex(text));
    if (packet?.type !== "transport-cc") throw new Error("no transport-wide feedback");
    const feedback = parseTransportCc(packet.data);
    expect(feedback.feedbackCount).toBe(count);
    expect(ticks(feedback, reference)).toEqual(arrivals);
    expect(feedback.packets.map(({ sequence }) => sequence)).toEqual(
      arrivals.map((_, i) => first + i),
    );
  });

  it("reads the chunks of section 3.1.3 and 3.1.4", () => {
    const run = parseTransportCc(hex("fff0 00dd 000001 07 00dd"));
    expect(run.packets).toHaveLength(221);
    expect(run.packets.every(({ arrivalUs }) => arrivalUs === undefined)).toBe(true);
    expect(run.packets[20]?.sequence).toBe(4);
    const oneBit = parseTransportCc(hex("0000 000e 000000 00 9f1c 0102030405 060708"));
    expect(ticks(oneBit, 0)).toEqual([no, 1, 3, 6, 10, 15, no, no, no, 21, 28, 36, no, no]);
    const twoBit = parseTransportCc(hex("0000 0007 000000 00 c950 7fff 01 02 03"));
    expect(ticks(twoBit, 0)).toEqual([no, 0x7fff, 0x8000, 0x8002, 0x8005, no, no]);
    const large = parseTransportCc(hex("0000 0002 000000 00 4002 8000 7fff"));
    expect(ticks(large, 0)).toEqual([-0x8000, -1]);
  });

  it("wraps the sequence and keeps the sign of the reference time", () => {
    const { packets } = parseTransportCc(hex("ffff 0002 ffffff 00 2002 04 08"));
    expect(packets).toEqual([
      { sequence: 65_535, arrivalUs: -63_000 },
      { sequence: 0, arrivalUs: -61_000 },
    ]);
    const [last] = parseTransportCc(hex("0000 0001 7fffff 00 2001 00")).packets;
    expect(last?.arrivalUs).toBe(0x7f_ffff * 64_000);
    const [first] = parseTransportCc(hex("0000 0001 800000 00 2001 00")).packets;
    expect(first?.arrivalUs).toBe(-0x80_0000 * 64_000);
  });

  it("ignores symbols beyond the count, chunks of nothing and bytes after the deltas", () => {
    const few = parseTransportCc(hex("0000 0002 000000 00 bfff 01 02 0304050607"));
    expect(ticks(few, 0)).toEqual([1, 3]);
    // The reserved symbol counts only where there is a packet.
    expect(ticks(parseTransportCc(hex("0000 0001 000000 00 dfff 05")), 0)).toEqual([5]);
    expect(ticks(parseTransportCc(hex("0000 0001 000000 00 0000 2001 05")), 0)).toEqual([5]);
  });

  it.each([
    ["nothing", ""],
    ["no chunk", "0000 0001 000000 00"],
    ["no packet", "0000 0000 000000 00 2001 05"],
    ["half a chunk", "0000 0008 000000 00 c950 40"],
    ["too few chunks", "0000 0008 000000 00 c000"],
    ["chunks of nothing alone", "0000 0001 000000 00 0000 0000"],
    ["a small delta cut off", "0000 0002 000000 00 2002 01"],
    ["a large delta cut off", "0000 0001 000000 00 4001 01"],
    ["the reserved symbol in a run", "0000 0001 000000 00 6001 01020304"],
    ["the reserved symbol in a vector", "0000 0007 000000 00 cd50 01020304050607"],
  ])("refuses %s", (_, text) => {
    expect(codeOf(hex(text))).toBe("RTCP_TRANSPORT_CC");
  });

  it("refuses feedback that is cut off anywhere", () => {
    const whole = hex("0000 0007 000000 00 c950 7fff 01 02 03");
    expect(codeOf(whole)).toBeUndefined();
    for (let size = 0; size < whole.byteLength; size += 1) {
      expect(codeOf(whole.subarray(0, size))).toBe("RTCP_TRANSPORT_CC");
    }
  });

  it("holds its limit", () => {
    const lost = (count: number) => {
      const bytes = new Uint8Array(8 + 2 * 16);
      const view = new DataView(bytes.buffer);
      view.setUint16(2, count);
      for (let at = 8; at < bytes.byteLength; at += 2) view.setUint16(at, 0x1fff);
      return bytes;
    };
    expect(parseTransportCc(lost(maxTransportCcPackets)).packets).toHaveLength(8192);
    expect(codeOf(lost(maxTransportCcPackets + 1))).toBe("RTCP_TRANSPORT_CC");
    expect(codeOf(lost(65_535))).toBe("RTCP_TRANSPORT_CC");
  });
});
