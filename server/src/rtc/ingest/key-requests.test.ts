import { describe, expect, it } from "vitest";
import { TestIngest, TestSink } from "./test-ingest.ts";
import { simulcastLine, type TestPacket, videoLine, vp8Delta, vp8Key } from "./test-packets.ts";

let sequence = 0;

function frame(key = false): TestPacket {
  sequence++;
  const payload = key ? vp8Key() : vp8Delta();
  return { sequence, timestamp: 3000 * sequence, marker: true, payload };
}

/** Frames at 25 per second for so long. */
function play(test: TestIngest, ms: number): void {
  for (let at = 0; at < ms; at += 40) {
    test.packet(frame());
    test.run(40);
  }
}

function started(test: TestIngest = new TestIngest()): TestIngest {
  test.packet(frame(true));
  test.run(40);
  return test;
}

/** When key frames were asked for, in milliseconds from `sinceUs`. */
const asked = (test: TestIngest, sinceUs: number) =>
  test.rtcpOf("pli").map(({ atUs }) => (atUs - sinceUs) / 1000);

describe("key frames", () => {
  it("are asked for at once, and the wishes of many viewers are one request", () => {
    const test = started();
    const since = test.nowUs;
    const encoding = test.video?.encodings[0];
    for (let i = 0; i < 50; i++) encoding?.requestKeyFrame();
    expect(asked(test, since)).toEqual([0]);
    expect(test.rtcpOf("pli")[0]).toMatchObject({ senderSsrc: 0xa, mediaSsrc: 0x1000 });
    expect(test.wakes).toBe(50);
  });

  it("are asked for once more when a wish comes within 300 ms of a request", () => {
    const test = started();
    const since = test.nowUs;
    const encoding = test.video?.encodings[0];
    encoding?.requestKeyFrame();
    test.run(100);
    encoding?.requestKeyFrame();
    encoding?.requestKeyFrame();
    test.run(100);
    encoding?.requestKeyFrame();
    play(test, 320);
    expect(asked(test, since)).toEqual([0, 300]);
  });

  it("are asked for again after a round trip and 500 ms, until one comes", () => {
    const test = started();
    const since = test.nowUs;
    test.video?.encodings[0]?.requestKeyFrame();
    play(test, 2000);
    expect(asked(test, since)).toEqual([0, 600, 1200, 1800]);
    test.packet(frame(true));
    play(test, 2000);
    expect(asked(test, since)).toHaveLength(4);
    test.video?.encodings[0]?.requestKeyFrame();
    expect(asked(test, since)).toHaveLength(5);
  });

  it("are not asked for while nothing comes that could bring them", () => {
    const test = started();
    test.video?.encodings[0]?.requestKeyFrame();
    test.run(60_000);
    expect(test.rtcpOf("pli").length).toBeLessThan(6);
    test.packet(frame());
    test.run(600);
    expect(test.rtcpOf("pli").length).toBeLessThan(8);
  });

  it("are asked for by FIR with rising numbers where PLI is not taken", () => {
    const { feedback } = videoLine();
    const test = started(new TestIngest([videoLine({ feedback: { ...feedback, pli: false } })]));
    test.video?.encodings[0]?.requestKeyFrame();
    play(test, 1000);
    expect(test.rtcpOf("pli")).toEqual([]);
    expect(test.rtcpOf("fir").map(({ requests }) => requests)).toEqual([
      [{ ssrc: 0x1000, sequence: 1 }],
      [{ ssrc: 0x1000, sequence: 2 }],
    ]);
  });

  it("are not asked for where neither is taken", () => {
    const { feedback } = videoLine();
    const line = videoLine({ feedback: { ...feedback, pli: false, fir: false } });
    const test = started(new TestIngest([line]));
    test.video?.encodings[0]?.requestKeyFrame();
    play(test, 1000);
    expect(test.ingest.stats.encodings[0]?.keyRequests).toBe(0);
    expect(test.rtcpOf("fir")).toEqual([]);
  });

  it("are asked for when an encoding begins without one", () => {
    const test = new TestIngest();
    const since = test.nowUs;
    play(test, 400);
    expect(asked(test, since)).toEqual([0]);
    expect(test.video).toBeUndefined();
  });

  it("are asked for of each layer by itself", () => {
    const test = new TestIngest([simulcastLine()]);
    const layer = (rid: string, ssrc: number, width: number) =>
      test.packet({ ssrc, sequence: 1, mid: "0", rid, marker: true, payload: vp8Key(width, 100) });
    layer("q", 1, 100);
    layer("f", 3, 300);
    test.video?.encodings[1]?.requestKeyFrame();
    expect(test.rtcpOf("pli").map(({ mediaSsrc }) => mediaSsrc)).toEqual([3]);
  });
});

describe("what a late viewer is given", () => {
  it("is everything from the newest key frame on, the growing frame too", () => {
    const test = started();
    play(test, 80);
    const encoding = test.video?.encodings[0];
    const before = encoding?.group;
    test.packet({ ...frame(), marker: false });
    expect(encoding?.group.map(({ complete }) => complete)).toEqual([true, true, true, false]);
    test.packet(frame(true));
    expect(encoding?.group).toHaveLength(1);
    expect(before).toHaveLength(4);
  });

  it("is no frame of which it would miss the beginning", () => {
    const test = new TestIngest(undefined, { groupMaxFrames: 1 });
    started(test);
    play(test, 40);
    const encoding = test.video?.encodings[0];
    expect(encoding?.group).toEqual([]);
    const { sequence: at, ...rest } = frame();
    test.packet({ ...rest, sequence: at, marker: false });
    const sink = new TestSink().follow(encoding as never);
    test.packet({ ...frame(), timestamp: rest.timestamp as number });
    expect(sink.events).toEqual([]);
    test.packet(frame());
    expect(sink.events).toEqual(["begun 1 complete"]);
  });

  it.each([
    ["frames", { groupMaxFrames: 10 }],
    ["time", { groupMaxUs: 320_000 }],
    ["bytes", { groupMaxBytes: 11 + 100 + 9 * 100 }],
  ])("has an end in %s, after which it is empty until the next key frame", (_, limits) => {
    const test = started(new TestIngest(undefined, limits));
    const encoding = test.video?.encodings[0];
    for (let i = 0; i < 9; i++) {
      test.packet(frame());
      test.run(34);
    }
    expect(encoding?.group).toHaveLength(10);
    test.packet(frame());
    test.packet(frame());
    expect(encoding?.group).toEqual([]);
    test.packet(frame(true));
    test.packet(frame());
    expect(encoding?.group).toHaveLength(2);
  });

  it.each([
    ["packets", { maxFramePackets: 3 }],
    ["bytes", { maxFrameBytes: 300 }],
  ])("is no frame of more %s than a frame may have: it is given up", (_, limits) => {
    const test = started(new TestIngest(undefined, limits));
    const sink = new TestSink().follow(test.video?.encodings[0] as never);
    const timestamp = 3000 * (sequence + 1);
    for (let i = 0; i < 4; i++) test.packet({ ...frame(), timestamp, marker: false });
    expect(sink.frames.at(-1)?.payloads).toHaveLength(3);
    expect(test.ingest.stats.encodings[0]?.oversizedFrames).toBe(1);
    expect(test.rtcpOf("pli")).toHaveLength(1);
    test.packet(frame());
    expect(sink.frames).toHaveLength(2);
    test.packet(frame(true));
    expect(sink.frames).toHaveLength(3);
  });

  it("outlives a sink that throws", () => {
    const test = started();
    const encoding = test.video?.encodings[0];
    encoding?.subscribe({
      begun() {
        throw new Error("a bug");
      },
      grown() {},
    });
    const sink = new TestSink().follow(encoding as never);
    play(test, 80);
    expect(sink.frames).toHaveLength(3);
  });
});
