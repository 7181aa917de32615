import { describe, expect, it } from "vitest";
import { type Received, TestStream } from "./test-rig.ts";
import { accessUnits, continuityFaults, join, TestViewer } from "./test-viewer.ts";

describe("a viewer who lost packets", () => {
  it("gets them on the retransmission stream, original sequence number first", () => {
    const { stream, viewer } = join({}, 1000);
    stream.run(1000);
    const lost = viewer.packets.slice(5, 8);
    viewer.nack(lost.map((packet) => packet.sequence));
    expect(viewer.resent).toHaveLength(3);
    viewer.resent.forEach((packet, i) => {
      const original = lost[i] as Received;
      expect(packet.payloadType).toBe(103);
      expect(packet.sequence).toBe(7 + i);
      expect(packet.timestamp).toBe(original.timestamp);
      expect(packet.marker).toBe(original.marker);
      expect(((packet.payload[0] ?? 0) << 8) | (packet.payload[1] ?? 0)).toBe(original.sequence);
      expect(Buffer.from(packet.payload.subarray(2))).toEqual(Buffer.from(original.payload));
      expect(packet.extension).toEqual(original.extension);
    });
  });

  it("gets the very same datagram where there is no retransmission stream", () => {
    const stream = new TestStream();
    stream.run(1000);
    const output = stream.openOutput();
    const viewer = new TestViewer(stream, output, { rtx: false });
    const datagrams: string[] = [];
    viewer.receiver.loses = (datagram) => {
      datagrams.push(Buffer.from(datagram).toString("hex"));
      return false;
    };
    stream.run(500);
    const first = datagrams.length;
    const sequenceOf = (datagram = "") => Number.parseInt(datagram.slice(4, 8), 16);
    viewer.nack([sequenceOf(datagrams[5]), sequenceOf(datagrams[99])]);
    expect(datagrams.slice(first)).toEqual([datagrams[5], datagrams[99]]);
  });

  it("gets one answer per packet and 60 ms, or round trip", () => {
    const { stream, viewer } = join({}, 1000);
    stream.run(1000);
    const sequence = viewer.packets[40]?.sequence ?? 0;
    for (let i = 0; i < 10; i++) viewer.nack([sequence]);
    expect(viewer.resent).toHaveLength(1);
    stream.clock.advance(59);
    viewer.nack([sequence]);
    // The answer and its copy.
    expect(viewer.resent).toHaveLength(2);
    stream.clock.advance(1);
    viewer.nack([sequence]);
    expect(viewer.resent).toHaveLength(3);
    stream.clock.advance(100);
    viewer.nack([sequence], 200_000);
    expect(viewer.resent).toHaveLength(4);
  });

  it("cannot make a storm: requests for everything cost no more than the stream again", () => {
    const { stream, viewer } = join({}, 1000);
    stream.run(1000);
    const startUs = stream.clock.nowUs();
    const sent = viewer.packets.length;
    for (let i = 0; i < 400; i++) {
      const all = viewer.packets.slice(-400).map((packet) => packet.sequence);
      viewer.nack(all);
      stream.clock.advance(5);
      if (i % 7 === 0) stream.frame();
    }
    const seconds = (stream.clock.nowUs() - startUs) / 1e6;
    const bytes = viewer.resent.reduce((sum, packet) => sum + packet.datagramBytes, 0);
    const streamBytesPerSecond = 30 * (9_500 + 9 * 70);
    expect(bytes).toBeLessThan(streamBytesPerSecond * (seconds + 0.25) * 1.3);
    expect(viewer.pacer.refusedResends).toBeGreaterThan(1000);
    // Live went on meanwhile.
    expect(viewer.packets.length).toBeGreaterThan(sent + 9 * 50);
    expect(viewer.pacer.queuedBytes).toBe(0);
  });

  it("is not sent packets that were never sent, nor ones that are forgotten", () => {
    const { stream, viewer } = join({}, 34);
    stream.run(1000);
    const newest = viewer.packets.at(-1)?.sequence ?? 0;
    viewer.nack([newest + 1, newest + 500, 50]);
    expect(viewer.resent).toHaveLength(0);
    stream.run(16_000);
    viewer.nack([101]);
    expect(viewer.resent).toHaveLength(0);
    expect(viewer.sender.unanswered).toBe(1);
  });

  it("is replayed slower when it loses a lot, and as fast as before when it loses little", () => {
    const heavy = join({}, 5000);
    const light = join({}, 5000);
    for (let i = 0; i < 50; i++) {
      heavy.stream.clock.advance(10);
      light.stream.clock.advance(10);
      heavy.viewer.nack(heavy.viewer.packets.slice(-20).map((packet) => packet.sequence));
      light.viewer.nack(light.viewer.packets.slice(-1).map((packet) => packet.sequence));
    }
    expect(heavy.viewer.pacer.rate.cuts).toBeGreaterThan(1);
    expect(heavy.viewer.pacer.rate.factor).toBeLessThan(4);
    expect(light.viewer.pacer.rate.factor).toBeCloseTo(8, 3);
    expect(light.viewer.pacer.rate.cuts).toBe(0);
  });
});

describe("a viewer who asks for a key frame", () => {
  it("is replayed again while live, at most every two seconds", () => {
    const { stream, viewer } = join({}, 1000);
    stream.run(3000);
    expect(viewer.pacer.state).toBe("live");
    const ask = () => viewer.pacer.keyRequested(50_000, stream.clock.nowUs());
    const before = viewer.packets.length;
    ask();
    expect(viewer.pacer.state).toBe("replay");
    stream.run(1000);
    expect(viewer.pacer.state).toBe("live");
    ask();
    expect(viewer.pacer.state).toBe("live");
    expect(viewer.pacer.schedule.replays).toBe(2);
    stream.run(1100);
    ask();
    expect(viewer.pacer.schedule.replays).toBe(3);
    stream.run(1500);
    expect(continuityFaults(viewer.packets)).toBe(0);
    const again = accessUnits(viewer.packets.slice(before));
    expect(again[0]?.nals).toHaveLength(3);
    expect(again.some((unit) => unit.damaged)).toBe(false);
  });

  it("is not answered when the key frame is on its way", () => {
    const { stream, viewer } = join({}, 5000);
    viewer.pacer.keyRequested(0, stream.clock.nowUs());
    stream.clock.advance(100);
    viewer.pacer.keyRequested(0, stream.clock.nowUs());
    expect(viewer.pacer.schedule.replays).toBe(1);
    expect(viewer.pacer.keyRequests).toBe(2);
  });

  it("waits for the next key frame where that comes sooner than a slower replay ends", () => {
    // The second group, since the interval is known then.
    const { stream, viewer } = join({}, 18_000, { maxFactor: 4 });
    stream.run(400);
    expect(viewer.pacer.state).toBe("replay");
    viewer.pacer.keyRequested(0, stream.clock.nowUs());
    expect(viewer.pacer.state).toBe("waiting");
    stream.run(2000);
    expect(viewer.pacer.state).toBe("live");
    expect(continuityFaults(viewer.packets)).toBe(0);
  });

  it("is replayed once more and slower during a replay, then waits", () => {
    const { stream, viewer } = join({ keyEvery: 3000 }, 4000, { maxFactor: 4 });
    stream.run(500);
    viewer.pacer.keyRequested(0, stream.clock.nowUs());
    expect(viewer.pacer.state).toBe("replay");
    expect(viewer.pacer.rate.factor).toBe(2);
    stream.run(500);
    viewer.pacer.keyRequested(0, stream.clock.nowUs());
    expect(viewer.pacer.state).toBe("waiting");
    const packets = viewer.packets.length;
    stream.run(1000);
    expect(viewer.packets.length - packets).toBeLessThan(20);
  });

  it("is taken for one when it lacks more packets than can be sent again", () => {
    const { stream, viewer } = join({}, 2000);
    stream.run(3000);
    viewer.nack(Array.from({ length: 501 }, (_, i) => i));
    expect(viewer.pacer.keyRequests).toBe(1);
    expect(viewer.pacer.schedule.replays).toBe(2);
  });
});
