import { parseRtcp } from "@millrace/media/rtp";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PacketFrame } from "../../core/index.ts";
import { TestIngest, TestSink } from "./test-ingest.ts";
import {
  audioLine,
  rtp,
  simulcastLine,
  type TestPacket,
  videoLine,
  vp8Delta,
  vp8Key,
  vp8Rest,
} from "./test-packets.ts";

describe("arbitrary input", () => {
  it("of RTP and RTCP never throws and never grows beyond its limits", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 40 }), (datagrams) => {
        const test = new TestIngest([simulcastLine(), audioLine()]);
        for (const bytes of datagrams) {
          test.ingest.rtp(bytes.slice(), test.nowUs);
          test.ingest.rtcp(bytes.slice(), test.nowUs);
          if (bytes.length > 0) bytes[0] = 0x80 | ((bytes[0] ?? 0) & 0x3f);
          test.ingest.rtp(bytes, test.nowUs);
          test.ingest.rtcp(bytes, test.nowUs);
          test.run(7);
        }
        expect(test.ingest.ssrcs).toBeLessThanOrEqual(32);
      }),
      { numRuns: 200 },
    );
  }, 60_000);

  it("with sound headers and any contents never throws", () => {
    const packet = fc.record({
      ssrc: fc.constantFrom(0x1000, 0x1001, 0x2000, 7),
      payloadType: fc.constantFrom(96, 97, 102, 103, 111, 120),
      sequence: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 65_535 })),
      timestamp: fc.oneof(
        fc.integer({ min: 0, max: 20 }),
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      ),
      marker: fc.boolean(),
      payload: fc.uint8Array({ maxLength: 30 }),
      transportCc: fc.integer({ min: 0, max: 65_535 }),
    });
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 60 }), (packets) => {
        const test = new TestIngest([videoLine(), audioLine()]);
        for (const each of packets) {
          test.packet(each);
          test.run(5);
        }
        test.run(3000);
      }),
      { numRuns: 200 },
    );
  }, 60_000);

  it("that is no RTP is counted", () => {
    const test = new TestIngest();
    const good = rtp({ sequence: 1, payload: vp8Key(), mid: "0" });
    for (let size = 0; size < 20; size++) test.ingest.rtp(good.slice(0, size), test.nowUs);
    test.rtcp(Uint8Array.of(0x80, 201));
    expect(test.ingest.stats.malformed).toBe(21);
  });
});

/** 600 frames of one to four packets, key frames so far apart; contents tell them apart. */
function camera(keyEvery: number): TestPacket[] {
  const packets: TestPacket[] = [];
  for (let i = 0; i < 600; i++) {
    const size = 1 + (i % 4);
    for (let k = 0; k < size; k++) {
      const begin = i % keyEvery === 0 ? vp8Key() : vp8Delta(40, i);
      const payload = k === 0 ? begin : vp8Rest(40, i * 4 + k);
      const sequence = 65_000 + packets.length;
      packets.push({ sequence, timestamp: 3000 * i, marker: k === size - 1, payload });
    }
  }
  return packets;
}

const text = (frame: PacketFrame | { payloads: readonly Uint8Array[] }) =>
  frame.payloads.map((payload) => Buffer.from(payload).toString("hex")).join();

describe("a bad network", () => {
  /**
   * Loses, doubles and reorders packets, and answers what is asked for after a round trip, as often as its own loss
   * lets it.
   */
  function transmit(
    sent: readonly TestPacket[],
    seed: number,
    loss: number,
  ): { test: TestIngest; sink: TestSink } {
    let state = seed;
    const random = () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
      return state / 0x7fff_ffff;
    };
    const test = new TestIngest();
    const bySequence = new Map(sent.map((packet) => [packet.sequence & 0xffff, packet]));
    const sink = new TestSink();
    const pending: { atUs: number; packet: TestPacket; rtx: boolean }[] = [];
    let heard = 0;
    const nacked = () => {
      const { packet } = test.sent[heard] as { packet: Uint8Array };
      heard++;
      return parseRtcp(packet).flatMap((each) => (each.type === "nack" ? each.sequences : []));
    };
    let rtxSequence = 9;
    const arrive = () => {
      pending.sort((a, b) => a.atUs - b.atUs);
      while (pending[0] !== undefined && pending[0].atUs <= test.nowUs) {
        const { packet, rtx } = pending.shift() as (typeof pending)[number];
        if (!rtx) test.packet(packet);
        else {
          const osn = packet.sequence & 0xffff;
          const payload = Uint8Array.of(osn >> 8, osn & 0xff, ...(packet.payload ?? []));
          const repeated = { ssrc: 0x1001, payloadType: 97, sequence: rtxSequence++, payload };
          test.packet({ ...packet, ...repeated });
        }
        const encoding = test.video?.encodings[0];
        if (sink.frames.length === 0 && encoding !== undefined) sink.follow(encoding);
      }
      while (heard < test.sent.length) {
        for (const sequence of nacked()) {
          const packet = bySequence.get(sequence);
          if (packet === undefined) throw new Error("asked for what was never sent");
          if (random() >= loss) pending.push({ atUs: test.nowUs + 40_000, packet, rtx: true });
        }
      }
    };
    for (const [i, packet] of sent.entries()) {
      if (i < 3 || random() >= loss) {
        const late = random() < 0.05 ? random() * 8000 : 0;
        pending.push({ atUs: test.nowUs + 10_000 + late, packet, rtx: false });
        if (random() < 0.05) pending.push({ atUs: test.nowUs + 15_000, packet, rtx: false });
      }
      for (let step = 0; step < 4; step++) {
        test.run(3);
        arrive();
      }
    }
    for (let step = 0; step < 400; step++) {
      test.run(3);
      arrive();
    }
    return { test, sink };
  }

  it.each([1, 2, 3])(
    "that loses a tenth costs nothing but time, over the wrap too, seed %i",
    (seed) => {
      const sent = camera(600);
      const { test, sink } = transmit(sent, seed, 0.1);
      const [stats] = test.ingest.stats.encodings;
      expect(stats).toMatchObject({ lost: 0, restarts: 0 });
      expect(stats?.recovered).toBeGreaterThan(50);
      expect(sink.frames).toHaveLength(600);
      expect(sink.frames.every(({ complete }) => complete)).toBe(true);
      expect(sink.frames.flatMap(({ payloads }) => payloads).length).toBe(sent.length);
      expect(sink.frames.map(text).join()).toBe(
        sent.map(({ payload }) => Buffer.from(payload ?? []).toString("hex")).join(),
      );
    },
  );

  it("that loses more than half hands out only what can be decoded", () => {
    const frames = camera(30);
    const { test, sink } = transmit(frames, 7, 0.6);
    const originals = new Set<string>();
    for (let i = 0; i < frames.length; ) {
      const end = frames.findIndex(({ marker }, at) => at >= i && marker === true);
      originals.add(
        text({ payloads: frames.slice(i, end + 1).map(({ payload }) => payload as Uint8Array) }),
      );
      i = end + 1;
    }
    const whole = sink.frames.filter(({ complete }) => complete);
    expect(whole.length).toBeGreaterThan(20);
    for (const frame of whole) expect(originals.has(text(frame))).toBe(true);
    // After a frame that broke off only a key frame may follow.
    for (const [i, frame] of sink.frames.entries()) {
      if (!frame.complete) expect(sink.frames[i + 1]?.key ?? true).toBe(true);
    }
    expect(test.rtcpOf("pli").length).toBeGreaterThan(0);
  }, 60_000);
});

describe("closing", () => {
  it("may come twice, ends what is handed out, and nothing moves after it", () => {
    const test = new TestIngest();
    test.packet({ sequence: 1, marker: true, payload: vp8Key() });
    const { video } = test;
    const sink = new TestSink().follow(video?.encodings[0] as never);
    test.ingest.close();
    test.ingest.close();
    const sent = test.sent.length;
    test.packet({ sequence: 2, marker: true, payload: vp8Key(), timestamp: 9 });
    test.ingest.configure([videoLine()]);
    video?.encodings[0]?.requestKeyFrame();
    video?.wantFrames(true);
    test.ingest.onTimeout(test.nowUs + 1e9);
    expect(sink.frames).toHaveLength(1);
    expect(test.sent).toHaveLength(sent);
    expect(test.ingest.ssrcs).toBe(0);
    // A publisher that comes back finds its track.
    expect(test.publisher.stream.track("video")).toBeDefined();
  });
});
