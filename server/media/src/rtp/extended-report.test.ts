import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  maxReceptionDelays,
  writeReceiverReferenceTime,
  writeReceptionDelays,
} from "./extended-report.ts";
import { compactNtp, roundTripMs, wallMsToCompactNtp, wallMsToNtp } from "./ntp.ts";
import type { ReceptionDelay } from "./rtcp.ts";
import { parseRtcp } from "./rtcp-parse.ts";

const hex = (text: string): Uint8Array =>
  new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

const ntp = { seconds: 0xeeab_8cc2, fraction: 0x6a1a_f7d3 };

describe("extended reports", () => {
  it("carry a receiver reference time", () => {
    const bytes = writeReceiverReferenceTime(0xaabb_ccdd, ntp);
    expect(toHex(bytes)).toBe("80cf0004aabbccdd04000002eeab8cc26a1af7d3");
    expect(parseRtcp(bytes)).toEqual([
      { type: "extended-report", ssrc: 0xaabb_ccdd, receiverReferenceTime: ntp, delays: [] },
    ]);
  });

  it("carry answers: Chromium's to a reference time that it got in the middle of a session", () => {
    const text =
      "81c90007000000013c1de60b000000030000009400000021bfef00360000250381ce0002000000013c1de60b" +
      "80cf00050000000105000003000000018cc26a1a0000025a";
    const [report, pli, extended] = parseRtcp(hex(text));
    expect([report?.type, pli?.type]).toEqual(["receiver-report", "pli"]);
    const delay = {
      ssrc: 1,
      lastReceiverReport: compactNtp(ntp),
      delaySinceLastReceiverReport: 602,
    };
    expect(extended).toEqual({
      type: "extended-report",
      ssrc: 1,
      receiverReferenceTime: undefined,
      delays: [delay],
    });
    expect(toHex(writeReceptionDelays(1, [delay]))).toBe(text.slice(-48));
  });

  it("tell the round trip", () => {
    const sentMs = 1_700_000_000_000;
    const [asked] = parseRtcp(writeReceiverReferenceTime(5, wallMsToNtp(sentMs)));
    if (asked?.type !== "extended-report") throw new Error("no extended report");
    const reference = asked.receiverReferenceTime;
    if (reference === undefined) throw new Error("no reference time");
    const lastReceiverReport = compactNtp(reference);
    expect(lastReceiverReport).toBe(wallMsToCompactNtp(sentMs));
    const answer = { ssrc: 5, lastReceiverReport, delaySinceLastReceiverReport: 65_536 };
    const [answered] = parseRtcp(writeReceptionDelays(6, [answer]));
    const delay = answered?.type === "extended-report" ? answered.delays[0] : undefined;
    expect(
      roundTripMs(
        sentMs + 1040,
        delay?.lastReceiverReport ?? 0,
        delay?.delaySinceLastReceiverReport ?? 0,
      ),
    ).toBeCloseTo(40, 1);
  });

  it("may have blocks of other kinds around these", () => {
    const text =
      "80cf000e 00000007" +
      "06000001 11111111" + // statistics summary of no known length
      "04000002 00000001 00000002" +
      "2a000000" + // unknown, empty
      "05000006 00000008 00000009 0000000a 0000000b 0000000c 0000000d";
    expect(parseRtcp(hex(text))).toEqual([
      {
        type: "extended-report",
        ssrc: 7,
        receiverReferenceTime: { seconds: 1, fraction: 2 },
        delays: [
          { ssrc: 8, lastReceiverReport: 9, delaySinceLastReceiverReport: 10 },
          { ssrc: 11, lastReceiverReport: 12, delaySinceLastReceiverReport: 13 },
        ],
      },
    ]);
  });

  it.each([
    ["no sender", "80cf0000"],
    ["no block", "80cf0001 00000007"],
    ["other blocks alone", "80cf0002 00000007 2a000000"],
    ["a block past the end", "80cf0003 00000007 04000002 00000001"],
    ["a reference time of one word", "80cf0003 00000007 04000001 00000001"],
    ["a delay of two words", "80cf0004 00000007 05000002 00000001 00000002"],
  ])("are left out with %s", (_, text) => {
    expect(parseRtcp(hex(text))).toEqual([]);
  });

  it("hold their limit", () => {
    const delays: ReceptionDelay[] = Array.from({ length: maxReceptionDelays }, (_, i) => ({
      ssrc: i,
      lastReceiverReport: i * 2,
      delaySinceLastReceiverReport: i * 3,
    }));
    const bytes = writeReceptionDelays(1, delays);
    expect(parseRtcp(bytes)).toMatchObject([{ delays }]);
    const [first] = delays as [ReceptionDelay];
    expect(() => writeReceptionDelays(1, [...delays, first])).toThrow(RangeError);
    expect(() => writeReceptionDelays(1, [])).toThrow(RangeError);
    // A second block with one more.
    const longer = new Uint8Array(bytes.byteLength + 16);
    longer.set(bytes);
    longer.set(hex("05000003 00000001 00000002 00000003"), bytes.byteLength);
    new DataView(longer.buffer).setUint16(2, longer.byteLength / 4 - 1);
    expect(parseRtcp(longer)).toMatchObject([{ delays }]);
  });

  it("take arbitrary bytes", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(0xffff_ffff), { maxLength: 20 }), (words) => {
        const bytes = new Uint8Array(4 + words.length * 4);
        const view = new DataView(bytes.buffer);
        view.setUint32(0, 0x80cf_0000 + words.length);
        for (const [i, word] of words.entries()) view.setUint32(4 + i * 4, word);
        for (const packet of parseRtcp(bytes)) expect(packet.type).toBe("extended-report");
      }),
    );
  });
});
