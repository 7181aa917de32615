import { describe, expect, it } from "vitest";
import { TestIngest, TestSink } from "./test-ingest.ts";
import {
  audioLine,
  opus,
  simulcastLine,
  type TestPacket,
  videoLine,
  vp8Delta,
  vp8Key,
} from "./test-packets.ts";

const undeclared = [{ rid: undefined, ssrc: undefined, rtxSsrc: undefined }];
const sizesOf = { q: [320, 180], h: [640, 360], f: [1280, 720] } as const;
const layers = ["q", "h", "f"] as const;

/** A packet of a layer: a whole frame. */
function layer(rid: (typeof layers)[number], sequence: number, key = false): TestPacket {
  const [width, height] = sizesOf[rid];
  const ssrc = 0x100 * (1 + layers.indexOf(rid));
  const payload = key ? vp8Key(width, height) : vp8Delta(80, sequence);
  return { ssrc, sequence, timestamp: 3000 * sequence, marker: true, payload, mid: "0", rid };
}

const rids = (test: TestIngest) => test.video?.encodings.map(({ rid }) => rid);

describe("telling SSRCs apart", () => {
  it("sorts three layers by rid, the smallest first, whatever the order in which they begin", () => {
    const test = new TestIngest([simulcastLine()]);
    for (const rid of ["h", "f", "q"] as const) test.packet(layer(rid, 10, true));
    expect(rids(test)).toEqual(["q", "h", "f"]);
    const sinks = layers.map((_, i) => new TestSink().follow(test.video?.encodings[i] as never));
    // Browsers leave the names out once they know that they arrived.
    for (const rid of layers) {
      const { mid, rid: _, ...packet } = layer(rid, 11);
      test.packet(packet);
    }
    expect(sinks.map((sink) => sink.frames.length)).toEqual([2, 2, 2]);
    expect(test.ingest.ssrcs).toBe(3);
    expect(test.ingest.stats.unknown).toBe(0);
  });

  it("asks for what is missing of each layer apart, and takes what is sent again by repaired rid", () => {
    const test = new TestIngest([simulcastLine()]);
    for (const rid of layers) test.packet(layer(rid, 10, true));
    const sink = new TestSink().follow(test.video?.encodings[2] as never);
    for (const sequence of [12, 13, 14]) {
      test.packet(layer("q", sequence - 1));
      test.packet(layer("f", sequence));
    }
    const asked = test.rtcpOf("nack");
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ mediaSsrc: 0x300, sequences: [11] });
    const { rid, ...lost } = layer("f", 11);
    const payload = Uint8Array.of(0, 11, ...(lost.payload ?? []));
    const repaired = { ...lost, ssrc: 0x999, payloadType: 97, payload, repairedRid: "f" };
    test.packet({ ...repaired, sequence: 1 });
    expect(rid).toBe("f");
    expect(sink.frames.map((frame) => frame.payloads[0]?.[10])).toEqual([
      vp8Key(1280, 720)[10],
      ...[11, 12, 13, 14],
    ]);
    expect(test.ingest.stats.encodings[2]).toMatchObject({ rid: "f", recovered: 1 });
  });

  it("drops and counts what no name tells of", () => {
    const test = new TestIngest([simulcastLine()]);
    const { rid: _, ...nameless } = layer("q", 1, true);
    test.packet(nameless);
    test.packet({ ...layer("q", 1, true), rid: "x" });
    test.packet({ ...layer("q", 1, true), mid: "7" });
    test.packet({ ...layer("q", 1, true), rid: "q".repeat(16) });
    expect(test.ingest.stats).toMatchObject({ unknown: 4, packets: 4 });
    expect(test.ingest.ssrcs).toBe(0);
  });

  it("learns a line without layers from its mid, or from a payload type that only it has", () => {
    const lines = [videoLine({ encodings: undeclared }), audioLine({ encodings: undeclared })];
    const test = new TestIngest(lines);
    const key = { sequence: 1, marker: true, payload: vp8Key() };
    test.packet({ ...key, ssrc: 5, mid: "0" });
    test.packet({ ssrc: 6, payloadType: 111, sequence: 1, payload: Uint8Array.of(0xfc, 1) });
    expect(test.ingest.stats.encodings.map(({ ssrc }) => ssrc)).toEqual([5, 6]);
    expect(test.audio?.codec).toBe("opus");
  });

  it("does not guess between two lines with the same payload types", () => {
    const lines = [
      audioLine({ encodings: undeclared }),
      videoLine({ encodings: undeclared, formats: [opus] }),
    ];
    const test = new TestIngest(lines);
    test.packet({ ssrc: 6, payloadType: 111, sequence: 1, payload: Uint8Array.of(0xfc) });
    expect(test.ingest.stats.unknown).toBe(1);
  });

  it("takes no other SSRC than the declared one, whatever its packets say", () => {
    const test = new TestIngest();
    test.packet({ ssrc: 0x77, sequence: 1, mid: "0", marker: true, payload: vp8Key() });
    expect(test.ingest.stats.unknown).toBe(1);
    expect(test.video).toBeUndefined();
  });

  it("lets a new SSRC of a layer take over, and drops what still comes of the old one", () => {
    const test = new TestIngest([simulcastLine()]);
    test.packet(layer("f", 10, true));
    const sink = new TestSink().follow(test.video?.encodings[0] as never);
    test.packet({ ...layer("f", 40_000, true), ssrc: 0x4444 });
    test.packet(layer("f", 11));
    test.packet({ ...layer("f", 40_001), ssrc: 0x4444 });
    expect(sink.frames.map((frame) => frame.key)).toEqual([true, true, false]);
    expect(test.ingest.stats).toMatchObject({ retired: 1, unknown: 0 });
    expect(test.nacked).toEqual([]);
  });

  it("has a table with an end, and forgets those that are not used any more first", () => {
    const test = new TestIngest([simulcastLine()], { maxSsrcs: 4 });
    for (const rid of layers) test.packet(layer(rid, 10, true));
    for (let i = 0; i < 10; i++) test.packet({ ...layer("f", 100 * i, true), ssrc: 0x5000 + i });
    expect(test.ingest.ssrcs).toBe(4);
    expect(test.ingest.stats.unknown).toBe(0);
    const full = new TestIngest([simulcastLine()], { maxSsrcs: 2 });
    for (const rid of layers) full.packet(layer(rid, 10, true));
    expect(full.ingest.ssrcs).toBe(2);
    expect(full.ingest.stats.unknown).toBe(1);
  });
});

describe("another negotiation", () => {
  it("adds a track, keeps the one that stays, and removes the one that goes", () => {
    const test = new TestIngest([videoLine()]);
    test.packet({ sequence: 1, marker: true, payload: vp8Key() });
    const video = test.video;
    test.ingest.configure([videoLine(), audioLine()]);
    test.packet({ ssrc: 0x2000, payloadType: 111, sequence: 9, payload: Uint8Array.of(0xfc) });
    expect(test.audio).toBeDefined();
    test.packet({ sequence: 2, timestamp: 1, marker: true, payload: vp8Delta() });
    expect(test.video).toBe(video);
    expect(video?.encodings[0]?.group).toHaveLength(2);
    test.ingest.configure([videoLine({ active: false }), audioLine()]);
    expect(test.publisher.stream.track("video")).toBeUndefined();
    expect(test.audio).toBeDefined();
    test.packet({ sequence: 3, timestamp: 2, marker: true, payload: vp8Key() });
    expect(test.ingest.stats.unknown).toBe(1);
    test.ingest.configure([videoLine(), audioLine()]);
    test.packet({ sequence: 4, timestamp: 3, marker: true, payload: vp8Key() });
    expect(test.video).toBeDefined();
    expect(test.video).not.toBe(video);
  });

  it("takes other SSRCs and layers", () => {
    const test = new TestIngest([simulcastLine()]);
    for (const rid of layers) test.packet(layer(rid, 10, true));
    const line = simulcastLine();
    test.ingest.configure([{ ...line, encodings: line.encodings.slice(0, 2) }]);
    expect(rids(test)).toEqual(["q", "h"]);
    expect(test.ingest.ssrcs).toBe(2);
    test.ingest.configure([
      videoLine({ encodings: [{ rid: undefined, ssrc: 0x42, rtxSsrc: undefined }] }),
    ]);
    test.packet({ ssrc: 0x42, sequence: 1, marker: true, payload: vp8Key() });
    expect(rids(test)).toEqual([undefined]);
    expect(test.ingest.ssrcs).toBe(1);
  });
});
