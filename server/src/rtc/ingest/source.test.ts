import { describe, expect, it } from "vitest";
import type { PacketEncoding } from "../../core/index.ts";
import { TestFrameSink, TestIngest, TestSink } from "./test-ingest.ts";
import { simulcastLine, type TestPacket, vp8Delta, vp8Key } from "./test-packets.ts";

/** An SPS of 320x240 and a PPS, as x264 writes them. */
const sps = Uint8Array.from(Buffer.from("6742c00dda0507ec0440000003004000000f23c50aa8", "hex"));
const pps = Uint8Array.from(Buffer.from("68ce0fc8", "hex"));
const idr = Uint8Array.of(0x65, 0x88, 0x84, 0, 1, 2, 3);
const slice = Uint8Array.of(0x41, 0x9a, 0, 1, 2, 3);
const disposable = Uint8Array.of(0x01, 0x9a, 0, 1, 2, 3);
const delimiter = Uint8Array.of(0x09, 0xf0);

/** RFC 6184 section 5.7.1. */
const aggregate = (...nals: Uint8Array[]) =>
  Uint8Array.of(0x78, ...nals.flatMap((nal) => [0, nal.length, ...nal]));

let sequence = 0;

/** A frame of H.264, one NAL unit or aggregate per packet. */
function avc(test: TestIngest, ...payloads: Uint8Array[]): void {
  const timestamp = 3000 * ++sequence;
  for (const [i, payload] of payloads.entries()) {
    const marker = i === payloads.length - 1;
    test.packet({ payloadType: 102, sequence: sequence++, timestamp, marker, payload });
  }
  sequence--;
  test.run(33);
}

function vp8Frame(test: TestIngest, key = false): void {
  sequence++;
  const payload = key ? vp8Key() : vp8Delta();
  test.packet({ sequence, timestamp: 3000 * sequence, marker: true, payload });
  test.run(33);
}

const encodingOf = (test: TestIngest) => test.video?.encodings[0] as PacketEncoding;

describe("H.264", () => {
  it("knows a key frame by its parameter sets, also behind a delimiter in a packet of its own", () => {
    const test = new TestIngest();
    avc(test, delimiter, aggregate(sps, pps), idr);
    expect(test.video).toMatchObject({ codec: "h264", profileLevelId: "42e01f" });
    const sink = new TestSink().follow(encodingOf(test));
    expect(sink.frames[0]).toMatchObject({ key: true, complete: true });
    expect(sink.frames[0]?.payloads).toHaveLength(3);
    expect(encodingOf(test)).toMatchObject({ width: 320, height: 240 });
    avc(test, delimiter, slice);
    avc(test, disposable);
    avc(test, delimiter);
    expect(sink.frames.slice(1).map(({ key, reference }) => [key, reference])).toEqual([
      [false, true],
      [false, false],
      [false, true],
    ]);
    expect(test.publisher.stream.track("video")?.info.codecString).toBe("avc1.42e01f");
  });

  it("does not begin with an IDR slice whose parameter sets may be lost", () => {
    const test = new TestIngest();
    avc(test, idr);
    expect(test.video).toBeUndefined();
    // The packet before it is known, so nothing of it is lost.
    avc(test, idr);
    expect(test.video).toBeDefined();
  });
});

describe("a change of codec", () => {
  it("is another source from the key frame on, and the old one hands out nothing more", () => {
    const test = new TestIngest();
    vp8Frame(test, true);
    vp8Frame(test);
    const before = test.video;
    const old = new TestSink().follow(encodingOf(test));
    avc(test, slice);
    expect(test.video).toBe(before);
    expect(test.rtcpOf("pli")).toHaveLength(1);
    avc(test, aggregate(sps, pps), idr);
    const after = test.video;
    expect(after).not.toBe(before);
    expect(after).toMatchObject({ codec: "h264" });
    expect(before?.encodings[0]).toMatchObject({ active: false, group: [] });
    const sink = new TestSink().follow(encodingOf(test));
    avc(test, slice);
    expect(sink.frames).toHaveLength(2);
    expect(old.frames).toHaveLength(2);
    expect(test.publisher.stream.track("video")?.info.codec).toBe("h264");
  });

  it("is not undone by what still comes of the old codec, but by a later change", () => {
    const test = new TestIngest();
    vp8Frame(test, true);
    avc(test, aggregate(sps, pps), idr);
    vp8Frame(test, true);
    expect(test.video?.codec).toBe("h264");
    test.run(2000);
    vp8Frame(test, true);
    expect(test.video?.codec).toBe("vp8");
  });

  it("takes the wish for frames along", () => {
    const test = new TestIngest();
    vp8Frame(test, true);
    const frames = new TestFrameSink();
    test.publisher.stream.track("video")?.subscribe(frames);
    vp8Frame(test, true);
    avc(test, aggregate(sps, pps), idr);
    // The cutter's wish is a key frame from when it began on.
    avc(test, aggregate(sps, pps), idr);
    expect(frames.frames.map(({ payload }) => payload.length)).toEqual([1, 1, 1]);
    expect(frames.frames.at(-1)?.payload[0]).toEqual(idr);
  });
});

describe("frames", () => {
  it("are cut only while somebody wants them, from a key frame on that is asked for", () => {
    const test = new TestIngest();
    avc(test, aggregate(sps, pps), idr);
    const track = test.publisher.stream.track("video");
    expect(track?.info.config).toHaveLength(0);
    const frames = new TestFrameSink();
    track?.subscribe(frames);
    expect(test.rtcpOf("pli")).toHaveLength(1);
    avc(test, slice);
    expect(frames.frames).toEqual([]);
    avc(test, aggregate(sps, pps), idr);
    avc(test, slice);
    expect(frames.frames.map(({ key }) => key)).toEqual([true, false]);
    expect(frames.frames[0]?.payload).toEqual([idr]);
    expect(track?.info).toMatchObject({ codecString: "avc1.42c00d", width: 320, height: 240 });
    expect(track?.reorders).toBe(false);
    const pts = encodingOf(test).group.map(({ ptsUs }) => ptsUs);
    expect(frames.frames.map(({ ptsUs }) => ptsUs)).toEqual(pts);
    track?.unsubscribe(frames);
    avc(test, slice);
    expect(frames.frames).toHaveLength(2);
    expect(test.ingest.stats.malformedFrames).toBe(0);
  });

  it("after a loss go on at the next key frame", () => {
    const test = new TestIngest();
    vp8Frame(test, true);
    const frames = new TestFrameSink();
    test.publisher.stream.track("video")?.subscribe(frames);
    vp8Frame(test, true);
    sequence++;
    for (let i = 0; i < 40; i++) vp8Frame(test);
    vp8Frame(test, true);
    vp8Frame(test);
    expect(frames.frames.map(({ key }) => key)).toEqual([true, true, false]);
  });

  it("that make no sense are counted and left out", () => {
    const test = new TestIngest();
    vp8Frame(test, true);
    const frames = new TestFrameSink();
    test.publisher.stream.track("video")?.subscribe(frames);
    vp8Frame(test, true);
    sequence++;
    test.packet({ sequence, timestamp: 1, marker: true, payload: Uint8Array.of(0x90) });
    vp8Frame(test);
    expect(frames.frames).toHaveLength(2);
    expect(test.ingest.stats.malformedFrames).toBe(1);
  });
});

describe("layers", () => {
  const sizes = { q: [320, 180], h: [640, 360], f: [1280, 720] } as const;
  const names = ["q", "h", "f"] as const;
  let at = 0;
  const sequences = new Map<string, number>();

  /** One frame of each of these layers, 25 per second. */
  function frames(test: TestIngest, rids: readonly (typeof names)[number][], keys = ""): void {
    at++;
    for (const rid of rids) {
      const ssrc = 1 + names.indexOf(rid);
      const payload = keys.includes(rid) ? vp8Key(...sizes[rid]) : vp8Delta();
      const number = (sequences.get(rid) ?? 0) + 1;
      sequences.set(rid, number);
      const packet: TestPacket = { ssrc, sequence: number, timestamp: 3600 * at, payload };
      test.packet({ ...packet, marker: true, mid: "0", rid });
    }
    test.run(40);
  }

  const active = (test: TestIngest) => test.video?.encodings.map((encoding) => encoding.active);

  it("are inactive a second after they alone stop, and active with their next frame", () => {
    const test = new TestIngest([simulcastLine()]);
    for (let i = 0; i < 60; i++) frames(test, names, i === 0 ? "qhf" : "");
    expect(active(test)).toEqual([true, true, true]);
    const [q, h, f] = test.video?.encodings ?? [];
    expect(f?.frameRate).toBeCloseTo(25, 0);
    expect(f?.bitrateBps).toBeGreaterThan(0);
    let told = 0;
    const stop = test.video?.observe(() => void told++);
    for (let i = 0; i < 24; i++) frames(test, ["q", "h"]);
    expect(active(test)).toEqual([true, true, true]);
    for (let i = 0; i < 8; i++) frames(test, ["q", "h"]);
    expect(active(test)).toEqual([true, true, false]);
    expect(f).toMatchObject({ group: [], frameRate: 0, bitrateBps: 0 });
    expect(q?.active && h?.active).toBe(true);
    expect(told).toBe(1);
    frames(test, names, "f");
    expect(active(test)).toEqual([true, true, true]);
    expect(told).toBe(2);
    stop?.();
    for (let i = 0; i < 40; i++) frames(test, ["q", "h"]);
    expect(told).toBe(2);
  });

  it("whose publisher shows a still picture once a second stay active; a camera that stops does not", () => {
    const test = new TestIngest();
    for (let i = 0; i < 5; i++) {
      vp8Frame(test, i === 0);
      test.run(1000);
    }
    expect(active(test)).toEqual([true]);
    test.run(2000);
    expect(active(test)).toEqual([false]);
    // The track stays, for it is only muted.
    expect(test.publisher.stream.track("video")).toBeDefined();
    vp8Frame(test);
    expect(active(test)).toEqual([true]);
  });

  it("of another size are put in order again", () => {
    const test = new TestIngest([simulcastLine()]);
    frames(test, ["q", "h"], "qh");
    let told = 0;
    test.video?.observe(() => void told++);
    const before = test.video?.encodings;
    const payload = vp8Key(1920, 1080);
    const number = (sequences.get("q") ?? 0) + 1;
    sequences.set("q", number);
    test.packet({ ssrc: 1, sequence: number, timestamp: 3600 * (at + 1), marker: true, payload });
    expect(test.video?.encodings.map(({ rid }) => rid)).toEqual(["h", "q"]);
    expect(before?.map(({ rid }) => rid)).toEqual(["q", "h"]);
    expect(told).toBeGreaterThan(0);
  });

  it("give frames of the best active one, and change with a key frame", () => {
    const test = new TestIngest([simulcastLine()]);
    frames(test, ["q", "h"], "qh");
    const sink = new TestFrameSink();
    const track = test.publisher.stream.track("video");
    track?.subscribe(sink);
    expect(test.rtcpOf("pli").map(({ mediaSsrc }) => mediaSsrc)).toEqual([2]);
    frames(test, ["q", "h"], "qh");
    const widths = () =>
      sink.frames
        .filter(({ key }) => key)
        .map(({ payload }) => (payload[0]?.[6] ?? 0) + 256 * (payload[0]?.[7] ?? 0));
    expect(widths()).toEqual([640]);
    frames(test, names, "f");
    expect(widths()).toEqual([640, 1280]);
    for (let i = 0; i < 60; i++) frames(test, ["q", "h"]);
    expect(active(test)).toEqual([true, true, false]);
    expect(test.rtcpOf("pli").at(-1)?.mediaSsrc).toBe(2);
    frames(test, ["q", "h"], "h");
    frames(test, ["q", "h"]);
    expect(widths()).toEqual([640, 1280, 640]);
    expect(track?.info).toMatchObject({ codec: "vp8" });
    const times = sink.frames.map(({ dtsUs }) => dtsUs);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });
});
