import {
  joinRtcp,
  msToCompactNtp,
  parseRtcp,
  parseTransportCc,
  wallMsToNtp,
  writeBye,
  writeReceptionDelays,
  writeSenderReport,
} from "@millrace/media/rtp";
import { describe, expect, it } from "vitest";
import { TestIngest } from "./test-ingest.ts";
import { audioLine, videoLine, vp8Delta, vp8Key } from "./test-packets.ts";

/** What transport-wide feedback said: number and arrival, or undefined for what is missing. */
function arrivals(test: TestIngest) {
  return test.rtcpOf("transport-cc").map(({ atUs, senderSsrc, data }) => {
    const { feedbackCount, packets } = parseTransportCc(data);
    return { atUs, senderSsrc, feedbackCount, packets };
  });
}

function numbered(test: TestIngest, transportCc: number, ssrc = 0x1000): void {
  test.packet({ ssrc, sequence: transportCc, transportCc, padding: 10 });
}

const onlyRemb = () => {
  const { feedback } = videoLine();
  return videoLine({ feedback: { ...feedback, transportCc: false } });
};

describe("transport-wide feedback", () => {
  it("tells 50 ms after a packet when each one arrived, all SSRCs together, missing ones as missing", () => {
    const test = new TestIngest();
    const start = test.nowUs;
    numbered(test, 65_534);
    test.run(10);
    test.packet({ ssrc: 0x2000, payloadType: 111, sequence: 1, transportCc: 65_535, padding: 4 });
    test.run(10);
    numbered(test, 2);
    // An SSRC that nobody knows is on the same path.
    numbered(test, 3, 0x7777);
    test.run(29);
    expect(arrivals(test)).toEqual([]);
    test.run(2);
    const [feedback] = arrivals(test);
    expect(feedback).toMatchObject({ senderSsrc: 0xa, feedbackCount: 0 });
    const times = feedback?.packets.map(({ sequence, arrivalUs }) => [
      sequence,
      arrivalUs === undefined ? undefined : arrivalUs - (feedback.packets[0]?.arrivalUs ?? 0),
    ]);
    expect(times).toEqual([
      [65_534, 0],
      [65_535, 10_000],
      [0, undefined],
      [1, undefined],
      [2, 20_000],
      [3, 20_000],
    ]);
    expect(feedback?.packets[0]?.arrivalUs).toBe(start - (start % 250));
  });

  it("counts its packets and tells of each number once, with what is lost between two of them", () => {
    const test = new TestIngest();
    for (let i = 0; i < 300; i++) {
      if (i % 20 !== 7 && i % 20 !== 8) numbered(test, 65_400 + i);
      test.run(5);
    }
    test.run(60);
    const all = arrivals(test);
    expect(all.map(({ feedbackCount }) => feedbackCount)).toEqual(all.map((_, i) => i & 0xff));
    const told = all.flatMap(({ packets }) => packets);
    expect(told.map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: 300 }, (_, i) => (65_400 + i) & 0xffff),
    );
    expect(told.filter(({ arrivalUs }) => arrivalUs === undefined)).toHaveLength(30);
    expect(test.ingest.stats.feedbacks).toBe(all.length);
  });

  it("is sent at once when a hundred arrivals wait", () => {
    const test = new TestIngest();
    for (let i = 0; i < 99; i++) numbered(test, i);
    expect(arrivals(test)).toHaveLength(0);
    numbered(test, 99);
    expect(arrivals(test)[0]?.packets).toHaveLength(100);
  });

  it("tells of a packet after all that came when it was told as missing", () => {
    const test = new TestIngest();
    numbered(test, 10);
    numbered(test, 12);
    test.run(60);
    numbered(test, 11);
    numbered(test, 13);
    test.run(60);
    const [first, second] = arrivals(test);
    expect(first?.packets.map(({ arrivalUs }) => arrivalUs !== undefined)).toEqual([
      true,
      false,
      true,
    ]);
    expect(second?.packets.map(({ sequence }) => sequence)).toEqual([11, 12, 13]);
    expect(second?.packets.every(({ arrivalUs }) => arrivalUs !== undefined)).toBe(true);
  });

  it("never claims that what is between two far numbers was lost, and follows a restart", () => {
    const test = new TestIngest();
    numbered(test, 10);
    numbered(test, 30_000);
    numbered(test, 30_001);
    test.run(60);
    expect(arrivals(test).flatMap(({ packets }) => packets.map((each) => each.sequence))).toEqual([
      30_001,
    ]);
  });

  it("stays within what the format can say when a packet comes ten seconds late", () => {
    const test = new TestIngest();
    numbered(test, 10);
    numbered(test, 12);
    test.run(60);
    test.run(10_000);
    numbered(test, 11);
    test.run(60);
    const told = arrivals(test).flatMap(({ packets }) => packets.map((each) => each.sequence));
    expect(told).toEqual([10, 11, 12, 11, 12]);
  });

  it("goes to nobody who did not negotiate it", () => {
    const test = new TestIngest([onlyRemb()]);
    numbered(test, 1);
    test.run(100);
    expect(arrivals(test)).toEqual([]);
  });
});

describe("a publisher that takes only REMB", () => {
  const rates = (test: TestIngest) => test.rtcpOf("remb").map(({ bitrateBps }) => bitrateBps / 1e6);

  /** 1,000 packets per second of 1,000 bytes, of which that share is lost. */
  function stream(test: TestIngest, seconds: number, lossEvery: number, first: number): number {
    let sequence = first;
    for (let i = 0; i < seconds * 1000; i++) {
      sequence++;
      if (i % lossEvery !== 0) test.packet({ sequence, payload: vp8Delta(988), timestamp: i });
      test.run(1);
    }
    return sequence;
  }

  it("is told of 5 Mbit/s with the first packet and more while nothing is lost", () => {
    const test = new TestIngest([onlyRemb()]);
    test.packet({ sequence: 1, payload: vp8Key() });
    expect(rates(test)[0]).toBeCloseTo(5, 3);
    expect(test.rtcpOf("remb")[0]?.ssrcs).toEqual([0x1000]);
    stream(test, 4, Number.POSITIVE_INFINITY, 1);
    expect(rates(test).at(-1)).toBeGreaterThan(9);
    expect(test.ingest.stats.estimateBps).toBeGreaterThan(9e6);
    test.run(60_000);
    expect(rates(test).at(-1)).toBeCloseTo(30, 3);
  });

  it("is told at once of less than came through when a fifth is lost, and keeps its rate at 5 %", () => {
    const test = new TestIngest([onlyRemb()]);
    let sequence = stream(test, 2, Number.POSITIVE_INFINITY, 0);
    sequence = stream(test, 2, 20, sequence);
    const steady = rates(test).at(-1) ?? 0;
    sequence = stream(test, 3, 5, sequence);
    expect(rates(test).at(-1)).toBeLessThan(6.4);
    expect(steady).toBeGreaterThan(5);
    const before = rates(test).length;
    stream(test, 5, Number.POSITIVE_INFINITY, sequence);
    expect(rates(test).at(-1)).toBeGreaterThan(rates(test)[before - 1] ?? 0);
  });

  it("is not slowed down for a few packets lost of few", () => {
    const test = new TestIngest([onlyRemb()]);
    for (let i = 1; i < 180; i++) {
      if (i % 6 !== 0) test.packet({ sequence: i, payload: vp8Delta(), timestamp: i });
      test.run(20);
    }
    expect(rates(test).at(-1)).toBeCloseTo(5, 3);
    for (let i = 180; i < 260; i++) {
      if (i % 6 !== 0) test.packet({ sequence: i, payload: vp8Delta(), timestamp: i });
      test.run(20);
    }
    // The lowest estimate that is ever told.
    expect(rates(test).at(-1)).toBeCloseTo(0.15, 3);
  });

  it("takes both: then only transport-wide feedback is sent", () => {
    const test = new TestIngest();
    test.packet({ sequence: 1, payload: vp8Key(), transportCc: 1 });
    test.run(3000);
    expect(test.rtcpOf("remb")).toEqual([]);
  });
});

describe("receiver reports", () => {
  it("come each second as a compound, with loss, jitter and the last sender report of each SSRC", () => {
    const test = new TestIngest();
    for (let i = 0; i < 50; i++) {
      if (i % 10 !== 5) {
        test.packet({ sequence: 65_530 + i, timestamp: 1800 * i, payload: vp8Delta() });
      }
      test.run(20);
    }
    const ntp = wallMsToNtp(1_700_000_000_000);
    test.rtcp(writeSenderReport({ ssrc: 0x1000, ntp, rtpTime: 0, packetCount: 1, octetCount: 1 }));
    test.run(1000);
    const compound = parseRtcp(test.sent.at(-1)?.packet ?? new Uint8Array());
    expect(compound.map(({ type }) => type)).toEqual([
      "receiver-report",
      "source-description",
      "extended-report",
    ]);
    const reports = test.rtcpOf("receiver-report");
    expect(reports.map(({ atUs }) => atUs % 1_000_000)).toEqual([0, 0]);
    expect(reports[0]?.reports).toHaveLength(1);
    const [first] = reports[0]?.reports ?? [];
    expect(first).toMatchObject({
      ssrc: 0x1000,
      cumulativeLost: 5,
      fractionLost: Math.floor((5 * 256) / 50),
      highestSequence: 65_530 + 49,
      lastSenderReport: 0,
    });
    const [second] = reports[1]?.reports ?? [];
    expect(second?.fractionLost).toBe(0);
    expect(second?.lastSenderReport).toBe(
      ((ntp.seconds & 0xffff) * 65_536 + Math.floor(ntp.fraction / 65_536)) >>> 0,
    );
    expect(second?.delaySinceLastSenderReport).toBe(msToCompactNtp(1000));
  });

  it("measure the jitter of RFC 3550", () => {
    const test = new TestIngest();
    for (let i = 0; i < 200; i++) {
      test.run(i % 2 === 0 ? 10 : 30);
      test.packet({ sequence: i, timestamp: 1800 * i, payload: vp8Delta() });
    }
    test.run(1000);
    // Every packet comes 10 ms sooner or later than its timestamp says.
    expect(test.ingest.stats.encodings[0]?.jitterMs).toBeCloseTo(10, 0);
  });

  it("ask for the round trip, and take the answer", () => {
    const test = new TestIngest();
    test.packet({ sequence: 1, payload: vp8Key() });
    test.run(1000);
    const reference = test.rtcpOf("extended-report").at(-1)?.receiverReferenceTime;
    if (reference === undefined) throw new Error("no reference time");
    const lastReceiverReport =
      ((reference.seconds & 0xffff) * 65_536 + Math.floor(reference.fraction / 65_536)) >>> 0;
    test.run(140);
    const answer = (ssrc: number) =>
      writeReceptionDelays(0x1000, [
        { ssrc, lastReceiverReport, delaySinceLastReceiverReport: msToCompactNtp(60) },
      ]);
    test.rtcp(answer(0xdead));
    expect(test.ingest.stats.roundTripMs).toBeUndefined();
    test.rtcp(answer(0xa));
    expect(test.ingest.stats.roundTripMs).toBeCloseTo(80, 0);
  });

  it("have no blocks before anything came, and none from a peer without lines", () => {
    const test = new TestIngest([audioLine()]);
    test.run(1500);
    expect(test.rtcpOf("receiver-report").map(({ reports }) => reports)).toEqual([[]]);
    const empty = new TestIngest([]);
    empty.run(3000);
    expect(empty.sent).toEqual([]);
  });
});

describe("goodbye", () => {
  it("of an SSRC makes its encoding inactive until more comes", () => {
    const test = new TestIngest();
    test.packet({ sequence: 1, payload: vp8Key(), marker: true });
    test.rtcp(joinRtcp([writeBye([0x1000, 0x9999])]));
    expect(test.video?.encodings[0]).toMatchObject({ active: false, group: [] });
    test.packet({ sequence: 2, timestamp: 9, payload: vp8Delta(), marker: true });
    expect(test.video?.encodings[0]?.active).toBe(true);
    expect(test.rtcpOf("pli")).toHaveLength(1);
  });
});
