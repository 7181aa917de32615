import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProtocolError } from "../error/index.ts";
import { ntpToWallMs, wallMsToNtp } from "./ntp.ts";
import type { ReportBlock } from "./rtcp.ts";
import { defaultRtcpLimits, parseRtcp } from "./rtcp-parse.ts";
import {
  joinRtcp,
  writeBye,
  writeFir,
  writeNack,
  writePli,
  writeReceiverReport,
  writeSdesCname,
  writeSenderReport,
} from "./rtcp-write.ts";

const hex = (text: string): Uint8Array =>
  new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
const ascii = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "latin1"));

function codeOf(bytes: Uint8Array): string | undefined {
  try {
    parseRtcp(bytes);
    return undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
}

const block: ReportBlock = {
  ssrc: 8,
  fractionLost: 12,
  cumulativeLost: 345,
  highestSequence: 70_000,
  jitter: 99,
  lastSenderReport: 0x1122_3344,
  delaySinceLastSenderReport: 0x1_0000,
};

describe("parseRtcp", () => {
  it("reads the last compound of a GStreamer sender", () => {
    const packets = parseRtcp(
      hex(
        "80c800069a659779eeab8cc26a1af7d30a2adb95000001930000e7ef" +
          "81ca000c9a659779011c757365723133323334353133393540686f73742d333135336530623006094753747265616d6572000000" +
          "81cb00019a659779",
      ),
    );
    const ssrc = 0x9a65_9779;
    expect(packets).toEqual([
      {
        type: "sender-report",
        ssrc,
        ntp: { seconds: 0xeeab_8cc2, fraction: 0x6a1a_f7d3 },
        rtpTime: 0x0a2a_db95,
        packetCount: 403,
        octetCount: 59_375,
        reports: [],
      },
      {
        type: "source-description",
        chunks: [{ ssrc, cname: ascii("user1323451395@host-3153e0b0") }],
      },
      { type: "bye", ssrcs: [ssrc] },
    ]);
  });

  it.each([
    [
      "receiver report",
      "81c90007 00000007 00000008 0c000159 00011170 00000063 11223344 00010000",
      { type: "receiver-report", ssrc: 7, reports: [block] },
    ],
    [
      "picture loss indication",
      "81ce0002 00000001 abcdef01",
      { type: "pli", senderSsrc: 1, mediaSsrc: 0xabcd_ef01 },
    ],
    [
      "generic NACK",
      "81cd0005 00000001 abcdef01 fffd0002 00003800 00280000",
      {
        type: "nack",
        senderSsrc: 1,
        mediaSsrc: 0xabcd_ef01,
        sequences: [65_533, 65_535, 0, 12, 13, 14, 40],
      },
    ],
    [
      "REMB",
      "8fce0006 00000001 00000000 52454d42 020f0d40 00000005 00000006",
      { type: "remb", senderSsrc: 1, bitrateBps: 1_600_000, ssrcs: [5, 6] },
    ],
    [
      "full intra request",
      "84ce0006 00000001 00000000 00000005 09000000 00000006 ff000000",
      {
        type: "fir",
        senderSsrc: 1,
        requests: [
          { ssrc: 5, sequence: 9 },
          { ssrc: 6, sequence: 255 },
        ],
      },
    ],
    [
      "transport-wide feedback with padding",
      "afcd0005 00000001 00000002 00010002 00000003 20020400 00000002".replace(
        "00000002".repeat(2),
        "",
      ),
      {
        type: "transport-cc",
        senderSsrc: 1,
        mediaSsrc: 2,
        data: hex("00010002 00000003 20020400 0000"),
      },
    ],
  ])("reads a %s", (_, text, wanted) => {
    const bytes = hex(text);
    const fitting = bytes.with(3, bytes.byteLength / 4 - 1);
    expect(parseRtcp(fitting)).toEqual([wanted]);
  });

  it("reads a loss count below zero", () => {
    const bytes = writeReceiverReport(7, [{ ...block, cumulativeLost: -3, fractionLost: 255 }]);
    expect(parseRtcp(bytes)).toMatchObject([
      { reports: [{ cumulativeLost: -3, fractionLost: 255 }] },
    ]);
  });

  it("reads a BYE with a reason, and source descriptions without CNAME", () => {
    expect(parseRtcp(hex("82cb0004 00000001 00000002 05627965 21000000"))).toEqual([
      { type: "bye", ssrcs: [1, 2] },
    ]);
    expect(parseRtcp(hex("82ca0005 00000001 06016100 00000002 01026162 00000000"))).toEqual([
      {
        type: "source-description",
        chunks: [
          { ssrc: 1, cname: undefined },
          { ssrc: 2, cname: ascii("ab") },
        ],
      },
    ]);
    expect(parseRtcp(hex("80ca0000"))).toEqual([{ type: "source-description", chunks: [] }]);
  });

  it("bounds bit rates that are no bit rates", () => {
    const [remb] = parseRtcp(hex("8fce0004 00000001 00000000 52454d42 00ffffff"));
    expect(remb).toMatchObject({ bitrateBps: Number.MAX_SAFE_INTEGER, ssrcs: [] });
  });

  it("leaves out what it does not know, and packets whose contents do not fit", () => {
    const pli = writePli(1, 2);
    for (const other of [
      "80cc0002 00000001 6e616d65", // APP
      "80cf0001 00000001", // XR
      "80cd0002 00000001 00000002", // unknown feedback
      "81cd0002 00000001 00000002", // NACK of nothing
      "84ce0002 00000001 00000002", // FIR of nothing
      "81cd0001 00000001", // feedback without media SSRC
      "8fce0003 00000001 00000000 52454d42", // REMB cut off
      "8fce0004 00000001 00000000 52454d42 ff000001", // REMB with missing sources
      "8fce0004 00000001 00000000 41424344 00000001", // other application
      "80c80005 00000001 00000000 00000000 00000000 00000000", // SR cut off
      "81c90001 00000001", // RR without its block
      "80c90000", // RR without its sender
      "81ca0001 00000001", // SDES without end
      "81ca0002 00000001 01ff6162", // SDES with a long item
      "82cb0001 00000001", // BYE with a missing source
    ]) {
      expect(parseRtcp(hex(other))).toEqual([]);
      expect(parseRtcp(joinRtcp([hex(other), pli]))).toHaveLength(1);
    }
  });

  it("refuses a datagram that is no RTCP", () => {
    expect(codeOf(hex(""))).toBe("RTCP_TRUNCATED");
    expect(codeOf(hex("80c800"))).toBe("RTCP_TRUNCATED");
    expect(codeOf(hex("80c80006 00000001"))).toBe("RTCP_TRUNCATED");
    expect(codeOf(hex("81ce0002 00000001 00000002 80"))).toBe("RTCP_TRUNCATED");
    expect(codeOf(hex("41ce0002 00000001 00000002"))).toBe("RTCP_VERSION");
    expect(codeOf(hex("a1ce0002 00000001 00000000"))).toBe("RTCP_PADDING");
    expect(codeOf(hex("a1ce0002 00000001 00000009"))).toBe("RTCP_PADDING");
    expect(codeOf(hex("a1ce0003 00000001 00000002 00000004"))).toBeUndefined();
  });

  it("holds its limits", () => {
    const { maxPackets, maxNackSequences } = defaultRtcpLimits;
    const pli = writePli(1, 2);
    const many = (count: number) => joinRtcp(new Array<Uint8Array>(count).fill(pli));
    expect(parseRtcp(many(maxPackets))).toHaveLength(maxPackets);
    expect(codeOf(many(maxPackets + 1))).toBe("RTCP_TOO_MANY");
    for (const [count, wanted] of [
      [maxNackSequences, maxNackSequences],
      [maxNackSequences + 1, maxNackSequences],
    ] as const) {
      const sequences = Array.from({ length: count }, (_, i) => i);
      const [nack] = parseRtcp(writeNack(1, 2, sequences));
      expect(nack).toEqual({
        type: "nack",
        senderSsrc: 1,
        mediaSsrc: 2,
        sequences: sequences.slice(0, wanted),
      });
    }
  });

  it("holds its limits over a whole compound", () => {
    const { maxNackSequences, maxTransportCcPackets } = defaultRtcpLimits;
    const numbers = (from: number, count: number) =>
      Array.from({ length: count }, (_, i) => from + i);
    const nacks = joinRtcp([0, 1, 2].map((i) => writeNack(1, 2, numbers(i * 600, 600))));
    const asked = parseRtcp(nacks).map((nack) => (nack.type === "nack" ? nack.sequences : []));
    expect(asked.flat()).toEqual(numbers(0, maxNackSequences));
    // A run-length chunk claims 8,191 packets that did not arrive.
    const claim = (count: number) => {
      const digits = count.toString(16).padStart(4, "0");
      return hex(`8fcd0006 00000001 00000002 0000${digits} 00000000 1fff 1fff 00000000`);
    };
    const kept = (...counts: number[]) => parseRtcp(joinRtcp(counts.map(claim))).length;
    expect(kept(maxTransportCcPackets)).toBe(1);
    expect(kept(maxTransportCcPackets, 1)).toBe(1);
    expect(kept(maxTransportCcPackets + 1)).toBe(0);
    expect(kept(4000, 4000, 4000, 192)).toBe(3);
  });

  it("gives a result or a ProtocolError for any bytes", () => {
    const head = fc.tuple(
      fc.constantFrom(0x80, 0x81, 0x84, 0x8f, 0xa1),
      fc.integer({ min: 200, max: 207 }),
    );
    const body = fc.uint8Array({ maxLength: 40 });
    const part = fc.tuple(head, body).map(([[first, type], rest]) => {
      const words = rest.byteLength >> 2;
      return Uint8Array.of(first, type, 0, words, ...rest.subarray(0, words * 4));
    });
    const datagram = fc.oneof(
      fc.array(part, { maxLength: 6 }).map(joinRtcp),
      fc.uint8Array({ maxLength: 40 }),
    );
    fc.assert(
      fc.property(datagram, (bytes) => void codeOf(bytes)),
      { numRuns: 2000 },
    );
  });
});

describe("RTCP writers", () => {
  it("write what GStreamer and werift write", () => {
    expect(writeReceiverReport(7, [block])).toEqual(
      hex("81c90007 00000007 00000008 0c000159 00011170 00000063 11223344 00010000"),
    );
    expect(writePli(1, 0xabcd_ef01)).toEqual(hex("81ce0002 00000001 abcdef01"));
    expect(writeNack(1, 0xabcd_ef01, [65_533, 65_535, 0, 12, 13, 14, 40])).toEqual(
      hex("81cd0005 00000001 abcdef01 fffdc006 000e0000 00280000"),
    );
    expect(writeBye([0x9a65_9779])).toEqual(hex("81cb0001 9a659779"));
    expect(writeFir(1, 5, 9)).toEqual(hex("84ce0004 00000001 00000000 00000005 09000000"));
  });

  it("write a sender report whose time is right", () => {
    const wallMs = 1_700_000_000_123.25;
    const bytes = writeSenderReport({
      ssrc: 0xffff_fffe,
      ntp: wallMsToNtp(wallMs),
      rtpTime: 2 ** 32 + 90_000,
      packetCount: 2 ** 32 + 3,
      octetCount: 1200,
      reports: [block, block],
    });
    const [report] = parseRtcp(bytes);
    expect(report).toMatchObject({
      type: "sender-report",
      ssrc: 0xffff_fffe,
      rtpTime: 90_000,
      packetCount: 3,
      octetCount: 1200,
      reports: [block, block],
    });
    if (report?.type !== "sender-report") throw new Error("no sender report");
    expect(ntpToWallMs(report.ntp)).toBeCloseTo(wallMs, 3);
  });

  it("end every CNAME with a zero and fill up to 4 bytes", () => {
    for (let size = 0; size <= 9; size += 1) {
      const cname = ascii("abcdefghi".slice(0, size));
      const bytes = writeSdesCname(5, cname);
      expect(bytes.byteLength % 4).toBe(0);
      expect(bytes.at(-1)).toBe(0);
      expect(parseRtcp(bytes)).toEqual([
        { type: "source-description", chunks: [{ ssrc: 5, cname }] },
      ]);
    }
    expect(writeSdesCname(5, new Uint8Array(255).fill(65)).byteLength).toBe(268);
    expect(() => writeSdesCname(5, new Uint8Array(256))).toThrow(RangeError);
  });

  it("hold the limits of the format", () => {
    const reports = (count: number) => new Array<ReportBlock>(count).fill(block);
    expect(parseRtcp(writeReceiverReport(1, reports(31)))).toMatchObject([
      { reports: reports(31) },
    ]);
    expect(() => writeReceiverReport(1, reports(32))).toThrow(RangeError);
    expect(() => writeBye(new Array<number>(32).fill(1))).toThrow(RangeError);
    expect(() => writeNack(1, 2, [])).toThrow(RangeError);
    expect(() => writeNack(1, 2, new Array<number>(16_385).fill(1))).toThrow(RangeError);
    const [clamped] = parseRtcp(writeReceiverReport(1, [{ ...block, cumulativeLost: 2 ** 30 }]));
    expect(clamped).toMatchObject({ reports: [{ cumulativeLost: 0x7f_ffff, fractionLost: 12 }] });
  });

  it("ask for every packet again, in any order", () => {
    const sequences = fc.uniqueArray(fc.nat(65_535), { minLength: 1, maxLength: 100 });
    fc.assert(
      fc.property(sequences, (list) => {
        const [nack] = parseRtcp(writeNack(1, 2, list));
        expect(nack?.type === "nack" && [...nack.sequences].sort()).toEqual([...list].sort());
      }),
    );
  });
});
