import { describe, expect, it } from "vitest";
import { TestFrameSink, TestIngest, TestSink } from "./test-ingest.ts";
import { audioLine, type TestPacket } from "./test-packets.ts";

/** 20 ms of sound. */
function sound(sequence: number, timestamp = 960 * sequence): TestPacket {
  const payload = Uint8Array.of(0xfc, sequence & 0xff, 7);
  return { ssrc: 0x2000, payloadType: 111, sequence, timestamp, payload };
}

function play(test: TestIngest, packets: readonly TestPacket[], sink = new TestSink()): TestSink {
  for (const packet of packets) {
    test.packet(packet);
    const encoding = test.audio?.encodings[0];
    if (sink.frames.length === 0 && encoding !== undefined) sink.follow(encoding);
    test.run(20);
  }
  return sink;
}

const withNack = () => {
  const line = audioLine();
  return new TestIngest([{ ...line, feedback: { ...line.feedback, nack: true } }]);
};
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const seeds = (sink: TestSink) => sink.frames.map((frame) => frame.payloads[0]?.[1]);
const losses = (sink: TestSink) => sink.frames.map((frame) => frame.lostBefore);

describe("sound", () => {
  it("is announced as Opus with two channels, each packet a complete key frame", () => {
    const test = new TestIngest();
    const sink = play(
      test,
      range(1, 4).map((i) => sound(i)),
    );
    expect(test.publisher.stream.track("audio")?.info).toMatchObject({
      codec: "opus",
      channels: 2,
      sampleRate: 48_000,
    });
    expect(sink.frames).toHaveLength(3);
    expect(sink.frames[1]).toMatchObject({ key: true, complete: true, lostBefore: 0 });
    expect((sink.frames[2]?.ptsUs ?? 0) - (sink.frames[1]?.ptsUs ?? 0)).toBe(20_000);
    expect(test.audio?.encodings[0]?.group).toEqual([sink.frames[2]]);
  });

  it("goes on without what is lost after 60 ms at most, and says how much that was", () => {
    const test = withNack();
    const sink = play(
      test,
      [1, 2, 3].map((i) => sound(i)),
    );
    test.packet(sound(6));
    test.run(59);
    expect(test.nacked).toEqual([4, 5]);
    expect(sink.frames).toHaveLength(3);
    test.run(2);
    expect(seeds(sink)).toEqual([1, 2, 3, 6]);
    expect(losses(sink)).toEqual([0, 0, 0, 2]);
    expect(test.rtcpOf("pli")).toEqual([]);
  });

  it("takes what comes again in time", () => {
    const test = withNack();
    const sink = play(
      test,
      [65_534, 65_535, 65_537, 65_538].map((i) => sound(i)),
    );
    expect(test.nacked).toEqual([0]);
    play(test, [sound(65_536), sound(65_539)], sink);
    expect(seeds(sink)).toEqual([0xfe, 0xff, 0, 1, 2, 3]);
    expect(losses(sink)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it("is not asked for without NACK, only put in order", () => {
    const test = new TestIngest();
    const sink = play(test, [sound(1)]);
    test.packet(sound(3));
    test.packet(sound(2));
    test.packet(sound(5));
    test.run(41);
    expect(test.nacked).toEqual([]);
    expect(seeds(sink)).toEqual([1, 2, 3, 5]);
    expect(losses(sink)).toEqual([0, 0, 0, 1]);
  });

  it("that pauses because nothing is said has lost nothing", () => {
    const test = new TestIngest();
    const sink = play(test, [sound(1), sound(2)]);
    test.run(380);
    play(test, [sound(3, 22 * 960), sound(4, 23 * 960)], sink);
    expect(losses(sink)).toEqual([0, 0, 0, 0]);
    expect((sink.frames[2]?.ptsUs ?? 0) - (sink.frames[1]?.ptsUs ?? 0)).toBe(400_000);
    expect(test.audio?.encodings[0]?.active).toBe(true);
  });

  it("with other numbers goes on at once, and nobody can say how much is missing", () => {
    const test = new TestIngest();
    const packets = [sound(1), sound(2), sound(30_000, 3 * 960), sound(30_001, 4 * 960)];
    const sink = play(test, packets);
    expect(losses(sink)).toEqual([0, 0, 0, 0]);
    expect(seeds(sink)).toEqual([1, 2, 30_000 & 0xff, 30_001 & 0xff]);
  });

  it("is given as frames while somebody wants them, with the times of the packets", () => {
    const test = new TestIngest();
    const packets = play(test, [sound(1)]);
    const frames = new TestFrameSink();
    const track = test.publisher.stream.track("audio");
    track?.subscribe(frames);
    play(test, [sound(2), sound(3)], packets);
    track?.unsubscribe(frames);
    play(test, [sound(4)], packets);
    expect(frames.frames.map(({ payload }) => payload[0]?.[1])).toEqual([2, 3]);
    expect(frames.frames.map(({ ptsUs }) => ptsUs)).toEqual(
      packets.frames.slice(1, 3).map(({ ptsUs }) => ptsUs),
    );
    const config = Buffer.from(track?.info.config ?? []).toString("latin1");
    expect(config.slice(0, 10)).toBe("OpusHead\u0001\u0002");
  });
});
