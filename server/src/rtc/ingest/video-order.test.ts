import { describe, expect, it } from "vitest";
import { TestIngest, TestSink } from "./test-ingest.ts";
import { type TestPacket, videoLine, vp8Delta, vp8Key, vp8Rest } from "./test-packets.ts";

/** Packets of a camera: a key frame of three packets, then frames of two. */
function camera(first: number, frames: number, startTimestamp = 3000): TestPacket[] {
  const packets: TestPacket[] = [];
  let sequence = first;
  for (let i = 0; i < frames; i++) {
    const payloads = i === 0 ? [vp8Key(), vp8Rest(), vp8Rest()] : [vp8Delta(100, i), vp8Rest()];
    for (const [k, payload] of payloads.entries()) {
      const marker = k === payloads.length - 1;
      packets.push({ sequence: sequence++, timestamp: startTimestamp + 3000 * i, marker, payload });
    }
  }
  return packets;
}

/** Sends the packets, one per 16 ms, and gives those who follow the only encoding. */
function play(test: TestIngest, packets: readonly TestPacket[], sink = new TestSink()): TestSink {
  for (const packet of packets) {
    test.packet(packet);
    const encoding = test.video?.encodings[0];
    if (sink.frames.length === 0 && encoding !== undefined) sink.follow(encoding);
    test.run(16);
  }
  return sink;
}

const sizes = (sink: TestSink) => sink.frames.map((frame) => frame.payloads.length);

describe("video in order", () => {
  it("goes out packet by packet, frames by timestamp and marker", () => {
    const test = new TestIngest();
    const packets = camera(100, 3);
    test.packet(packets[0] as TestPacket);
    const sink = new TestSink().follow(test.video?.encodings[0] as never);
    expect(sink.frames[0]).toMatchObject({ key: true, complete: false, reference: true });
    for (const packet of packets.slice(1)) test.packet(packet);
    expect(sink.events).toEqual([
      "grown 2",
      "grown 3 complete",
      "begun 1",
      "grown 2 complete",
      "begun 1",
      "grown 2 complete",
    ]);
    expect(sink.frames[2]?.payloads[1]).toEqual(vp8Rest());
    expect(test.nacked).toEqual([]);
  });

  it("announces the track with its codec and size at the first key frame, not before", () => {
    const test = new TestIngest();
    test.packet({ sequence: 1, timestamp: 1, payload: vp8Delta(), marker: true });
    expect(test.publisher.stream.track("video")).toBeUndefined();
    test.packet({ sequence: 2, timestamp: 2, payload: vp8Key(1280, 720), marker: true });
    const track = test.publisher.stream.track("video");
    expect(track?.info).toMatchObject({ codec: "vp8", width: 1280, height: 720, reorderDepth: 0 });
    expect(track?.packets?.encodings).toHaveLength(1);
    expect(track?.packets?.encodings[0]).toMatchObject({ width: 1280, height: 720, active: true });
  });

  it("ends a frame without a marker when the next timestamp begins", () => {
    const test = new TestIngest();
    const packets = camera(100, 3).map((packet) => ({ ...packet, marker: false }));
    const sink = play(test, packets);
    expect(sink.frames.map((frame) => frame.complete)).toEqual([true, true, false]);
  });

  it("puts packets in order without asking for those that are only late", () => {
    const test = new TestIngest();
    const packets = camera(65530, 6);
    const [a, b] = [packets[5] as TestPacket, packets[6] as TestPacket];
    packets[5] = b;
    packets[6] = a;
    const sink = new TestSink();
    for (const packet of packets) {
      test.packet(packet);
      const encoding = test.video?.encodings[0];
      if (sink.frames.length === 0 && encoding !== undefined) sink.follow(encoding);
    }
    expect(sizes(sink)).toEqual([3, 2, 2, 2, 2, 2]);
    expect(sink.frames.every((frame) => frame.complete)).toBe(true);
    expect(test.nacked).toEqual([]);
  });

  it("drops packets that come twice", () => {
    const test = new TestIngest();
    const packets = camera(100, 5).flatMap((packet) => [packet, packet]);
    expect(sizes(play(test, packets))).toEqual([3, 2, 2, 2, 2]);
    expect(test.ingest.stats.encodings[0]).toMatchObject({ duplicates: 11, lost: 0 });
  });
});

describe("missing video", () => {
  it("is asked for across the wrap of the numbers, and what comes again fills the gap", () => {
    const test = new TestIngest();
    const packets = camera(65533, 8);
    const lost = packets.splice(3, 3);
    const sink = play(test, packets.slice(0, 6));
    expect(test.nacked.slice(0, 3)).toEqual([0, 1, 2]);
    expect(sizes(sink)).toEqual([3]);
    for (const packet of lost) test.packet(packet);
    play(test, packets.slice(6), sink);
    expect(sizes(sink)).toEqual([3, 2, 2, 2, 2, 2, 2, 2]);
    expect(test.ingest.stats.encodings[0]).toMatchObject({
      recovered: 3,
      lost: 0,
      nackedPackets: 3,
    });
  });

  it("is taken from retransmissions into the place of the original", () => {
    const test = new TestIngest();
    const packets = camera(65534, 6);
    const [lost] = packets.splice(4, 1) as [TestPacket];
    const sink = play(test, packets.slice(0, 8));
    expect(test.nacked).toEqual([2]);
    const osn = lost.sequence & 0xffff;
    const payload = Uint8Array.of(osn >> 8, osn & 0xff, ...(lost.payload ?? []));
    test.packet({ ...lost, ssrc: 0x1001, payloadType: 97, sequence: 7, payload });
    play(test, packets.slice(8), sink);
    expect(sizes(sink)).toEqual([3, 2, 2, 2, 2, 2]);
    expect(sink.frames[1]?.payloads[1]).toEqual(lost.payload);
    expect(test.ingest.stats).toMatchObject({ probes: 0 });
    expect(test.ingest.stats.encodings[0]).toMatchObject({ recovered: 1, retransmitted: 1 });
    // Without reference times its delay tells how long the way is.
    expect(test.ingest.stats.roundTripMs).toBeGreaterThan(0);
  });

  it("is asked for first after three newer packets or 10 ms, then once per round trip, ten times", () => {
    const test = new TestIngest(undefined, { videoWaitUs: 1_000_000, maxVideoWaitUs: 5_000_000 });
    const packets = camera(100, 5);
    for (const packet of packets.slice(0, 3)) test.packet(packet);
    test.packet(packets[4] as TestPacket);
    test.packet(packets[5] as TestPacket);
    expect(test.nacked).toEqual([]);
    test.packet(packets[6] as TestPacket);
    expect(test.nacked).toEqual([103]);
    const start = test.nowUs;
    test.run(1350);
    const times = test.rtcpOf("nack").map(({ atUs }) => (atUs - start) / 1000);
    expect(times).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900]);
  });

  it("is asked for after 10 ms when nothing else comes", () => {
    const test = new TestIngest();
    const packets = camera(100, 2);
    for (const i of [0, 1, 2, 4]) test.packet(packets[i] as TestPacket);
    test.run(9);
    expect(test.nacked).toEqual([]);
    test.run(2);
    expect(test.nacked).toEqual([103]);
    expect(test.rtcpOf("nack")[0]).toMatchObject({ senderSsrc: 0xa, mediaSsrc: 0x1000 });
  });

  it("is given up in time, and video goes on at the next key frame, which is asked for", () => {
    const test = new TestIngest();
    const packets = camera(100, 40);
    const [lost] = packets.splice(5, 1) as [TestPacket];
    const sink = play(test, packets);
    expect(sizes(sink)).toEqual([3, 2]);
    expect(test.rtcpOf("pli")).not.toHaveLength(0);
    expect(test.ingest.stats.encodings[0]).toMatchObject({ lost: 1 });
    // Nobody can begin in between.
    expect(test.video?.encodings[0]?.group).toEqual([]);
    test.packet(lost);
    expect(test.ingest.stats.encodings[0]?.late).toBe(1);
    const next = camera(100 + 81, 3, 3000 * 50);
    play(test, next, sink);
    expect(sizes(sink)).toEqual([3, 2, 3, 2, 2]);
    expect(sink.frames[2]?.key).toBe(true);
    expect(test.video?.encodings[0]?.group).toHaveLength(3);
  });

  it("is given up after a round trip when a whole key frame waits behind it", () => {
    const test = new TestIngest();
    const packets = camera(100, 3);
    const key = camera(107, 2, 60_000);
    const sink = play(test, [...packets.slice(0, 4), ...packets.slice(5, 7), ...key.slice(0, 2)]);
    expect(sizes(sink)).toEqual([3, 1]);
    // What was asked for may still come.
    play(test, key.slice(2, 3), sink);
    expect(sizes(sink)).toEqual([3, 1]);
    test.run(100);
    expect(sizes(sink)).toEqual([3, 1, 3]);
    expect(sink.frames[2]).toMatchObject({ key: true, complete: true });
    expect(sink.frames[1]?.complete).toBe(false);
    expect(test.rtcpOf("pli")).toHaveLength(0);
  });

  it("is not asked for when the publisher takes no NACKs, only waited for shortly", () => {
    const { feedback } = videoLine();
    const test = new TestIngest([videoLine({ feedback: { ...feedback, nack: false } })]);
    const packets = camera(100, 10);
    packets.splice(4, 1);
    play(test, packets);
    expect(test.nacked).toEqual([]);
    expect(test.ingest.stats.encodings[0]?.lost).toBe(1);
    expect(test.rtcpOf("pli").length).toBeGreaterThan(0);
  });

  it("is a list with an end: more than 300 at once are given up, not asked for", () => {
    const test = new TestIngest();
    const sink = play(test, camera(100, 2));
    test.packet({ sequence: 105 + 300, timestamp: 1e6, payload: vp8Delta(), marker: true });
    test.run(20);
    expect(test.nacked).toHaveLength(300);
    const other = new TestIngest();
    play(other, camera(100, 2));
    other.packet({ sequence: 105 + 301, timestamp: 1e6, payload: vp8Delta(), marker: true });
    other.run(20);
    expect(other.nacked).toHaveLength(0);
    expect(other.ingest.stats.encodings[0]?.lost).toBe(301);
    expect(other.rtcpOf("pli").length).toBe(1);
    expect(sizes(sink)).toEqual([3, 2]);
  });
});

describe("packets that wait", () => {
  it("are as many as they may be; one more and the gap in front is given up", () => {
    const limits = { maxHeldPackets: 2048, maxVideoWaitUs: 60_000_000, videoWaitUs: 60_000_000 };
    const test = new TestIngest(undefined, limits);
    play(test, camera(100, 2));
    const first = 106;
    for (let i = 0; i < 2047; i++) {
      test.packet({ sequence: first + i, timestamp: 9e6 + i, marker: true, payload: vp8Delta() });
    }
    expect(test.ingest.stats.encodings[0]).toMatchObject({ lost: 0, restarts: 0 });
    test.packet({ sequence: first + 2047, timestamp: 1e7, marker: true, payload: vp8Delta() });
    expect(test.ingest.stats.encodings[0]).toMatchObject({ lost: 1, restarts: 0 });
    expect(test.rtcpOf("pli")).toHaveLength(1);
  });

  it("get what they wait for however far it is behind, also without a retransmission SSRC", () => {
    const limits = { maxVideoWaitUs: 60_000_000, videoWaitUs: 60_000_000 };
    const test = new TestIngest(undefined, limits);
    const sink = play(test, camera(100, 2));
    const late = [105, 106].map((sequence) => ({
      sequence,
      timestamp: 8e6 + sequence,
      marker: true,
      payload: vp8Delta(),
    }));
    for (let i = 0; i < 1500; i++) {
      test.packet({ sequence: 107 + i, timestamp: 9e6 + i, marker: true, payload: vp8Delta() });
    }
    for (const packet of late) test.packet(packet);
    expect(sink.frames).toHaveLength(1504);
    expect(test.ingest.stats.encodings[0]).toMatchObject({ lost: 0, restarts: 0, recovered: 2 });
  });
});

describe("numbers from elsewhere", () => {
  it("begin beyond a gap of a thousand packets", () => {
    const next = (sequence: number): TestPacket => {
      return { sequence, timestamp: 1e6, marker: true, payload: vp8Delta() };
    };
    const near = new TestIngest();
    play(near, [...camera(100, 2), next(104 + 1000), next(105 + 1000)]);
    expect(near.ingest.stats.encodings[0]).toMatchObject({ restarts: 0, lost: 999 });
    const far = new TestIngest();
    play(far, [...camera(100, 2), next(104 + 1001), next(105 + 1001)]);
    expect(far.ingest.stats.encodings[0]).toMatchObject({ restarts: 1, lost: 0 });
  });

  it.each([
    ["a gap of a million packets", 1_000_000],
    ["a restart behind", -20_000],
  ])("after %s nothing is asked for, and video goes on with the next key frame", (_, jump) => {
    const test = new TestIngest();
    const sink = play(test, camera(100, 5));
    const asked = test.rtcpOf("pli").length;
    play(test, camera(111 + jump, 5, 9_000_000), sink);
    expect(test.nacked).toEqual([]);
    expect(sizes(sink)).toEqual([3, 2, 2, 2, 2, 3, 2, 2, 2, 2]);
    expect(test.ingest.stats.encodings[0]?.restarts).toBe(1);
    expect(test.rtcpOf("pli").length).toBe(asked);
  });

  it("one stray packet changes nothing", () => {
    const test = new TestIngest();
    const packets = camera(100, 5);
    packets.splice(6, 0, { sequence: 40_000, timestamp: 77, payload: vp8Delta(), marker: true });
    expect(sizes(play(test, packets))).toEqual([3, 2, 2, 2, 2]);
    expect(test.ingest.stats.encodings[0]?.restarts).toBe(0);
  });

  it("asks for a key frame when the stream goes on elsewhere without one", () => {
    const test = new TestIngest();
    const sink = play(test, camera(100, 5));
    play(test, camera(30_000, 5, 9_000_000).slice(3), sink);
    expect(test.rtcpOf("pli")).toHaveLength(1);
    expect(sizes(sink)).toEqual([3, 2, 2, 2, 2]);
  });
});

describe("padding", () => {
  it("takes its place in the numbering, in the middle of a frame too, and is no frame", () => {
    const test = new TestIngest();
    const packets = camera(100, 2);
    const padded: TestPacket[] = [];
    for (const [i, packet] of packets.entries()) {
      padded.push({ ...packet, sequence: 100 + 2 * i });
      padded.push({ sequence: 101 + 2 * i, timestamp: packet.timestamp ?? 0, padding: 200 });
    }
    const sink = play(test, padded);
    expect(sizes(sink)).toEqual([3, 2]);
    expect(test.nacked).toEqual([]);
    expect(test.ingest.stats.encodings[0]).toMatchObject({ padding: 5, foreign: 0 });
  });

  it("on the retransmission SSRC is a probe", () => {
    const test = new TestIngest();
    play(test, camera(100, 2));
    test.packet({ ssrc: 0x1001, payloadType: 97, sequence: 1, padding: 255 });
    expect(test.ingest.stats.probes).toBe(1);
  });

  it("is cut off behind a payload", () => {
    const test = new TestIngest();
    const packets = camera(100, 2).map((packet) => ({ ...packet, padding: 9 }));
    expect(play(test, packets).frames[1]?.payloads).toEqual([vp8Delta(100, 1), vp8Rest()]);
  });

  it("of a payload type that is not negotiated takes its place in the numbering too", () => {
    const test = new TestIngest();
    const packets = camera(100, 3);
    packets[4] = { ...(packets[4] as TestPacket), payloadType: 120 };
    play(test, packets);
    expect(test.nacked).toEqual([]);
    expect(test.ingest.stats.encodings[0]?.foreign).toBe(1);
  });
});
