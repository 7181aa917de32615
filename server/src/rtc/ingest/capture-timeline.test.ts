import { type NtpTime, wallMsToNtp, writeSenderReport } from "@millrace/media/rtp";
import { describe, expect, it } from "vitest";
import { CaptureTimeline } from "./capture-timeline.ts";
import { TestIngest, TestSink } from "./test-ingest.ts";
import { simulcastLine, vp8Delta, vp8Key } from "./test-packets.ts";

/** The publisher's clock is far from ours. */
const publisherEpochMs = 1_600_000_000_000;
const ntpAt = (publisherMs: number): NtpTime => wallMsToNtp(publisherEpochMs + publisherMs);

/**
 * A publisher with a clock of its own, which captures at given times on it; packets come after a delay of their own
 * kind. RTP times begin anywhere.
 */
class Source {
  readonly #rate: number;
  readonly #origin: number;

  constructor(rate: number, origin: number) {
    this.#rate = rate;
    this.#origin = origin;
  }

  rtpTime(publisherMs: number): number {
    return (this.#origin + Math.round((publisherMs * this.#rate) / 1000)) >>> 0;
  }
}

describe("one time line for all of a publisher", () => {
  it("keeps the first frame near its arrival and follows the RTP clock over its wrap", () => {
    const timeline = new CaptureTimeline(2_000_000);
    const line = timeline.open("video", 90_000);
    const source = new Source(90_000, 2 ** 32 - 4500);
    const times = [0, 33, 67, 100].map((ms) =>
      line.timeOf(source.rtpTime(ms), 7_000_000 + ms * 1000),
    );
    expect(times[0]).toBe(7_000_000);
    for (const [i, ms] of [0, 33, 67, 100].entries()) {
      expect(Math.abs((times[i] ?? 0) - 7_000_000 - ms * 1000)).toBeLessThan(20);
    }
  });

  it("brings sound and picture together once both have reported, without a step backwards", () => {
    const timeline = new CaptureTimeline(2_000_000);
    const video = timeline.open("video", 90_000);
    const audio = timeline.open("audio", 48_000);
    const camera = new Source(90_000, 12_345);
    const microphone = new Source(48_000, 4e9);
    // Pictures take 90 ms from capture to arrival, sound takes 20 ms.
    let lastVideo = Number.NEGATIVE_INFINITY;
    let lastAudio = Number.NEGATIVE_INFINITY;
    let apartUs = 0;
    let audioStepUs = 0;
    for (let ms = 0; ms < 8000; ms += 20) {
      if (ms === 500) video.report(ntpAt(ms), camera.rtpTime(ms));
      if (ms === 2500) audio.report(ntpAt(ms), microphone.rtpTime(ms));
      const a = audio.timeOf(microphone.rtpTime(ms), (ms + 20) * 1000);
      const v = video.timeOf(camera.rtpTime(ms), (ms + 90) * 1000);
      expect(a).toBeGreaterThan(lastAudio);
      expect(v).toBeGreaterThan(lastVideo);
      if (ms > 0) audioStepUs = Math.max(audioStepUs, Math.abs(a - lastAudio - 20_000));
      lastAudio = a;
      lastVideo = v;
      apartUs = Math.abs(a - v);
      if (ms === 2480) expect(apartUs).toBeGreaterThan(30_000);
    }
    expect(apartUs).toBeLessThan(1000);
    // Sound is never bent: a change of its times would be heard.
    expect(audioStepUs).toBeLessThan(100);
  });

  it("aligns layers that report one after the other, and one that begins later", () => {
    const timeline = new CaptureTimeline(2_000_000);
    const sources = [new Source(90_000, 5), new Source(90_000, 3e9), new Source(90_000, 1e9)];
    const lines = [0, 1].map(() => timeline.open("video", 90_000));
    const times: number[] = [];
    for (let ms = 0; ms < 6000; ms += 40) {
      if (ms === 3000) lines.push(timeline.open("video", 90_000));
      for (const [i, line] of lines.entries()) {
        const source = sources[i] as Source;
        if (ms % 1000 === 200 * (i + 1)) line.report(ntpAt(ms), source.rtpTime(ms));
        // Each larger layer arrives later.
        times[i] = line.timeOf(source.rtpTime(ms), (ms + 30 + 40 * i) * 1000);
      }
    }
    expect(Math.max(...times) - Math.min(...times)).toBeLessThan(1000);
  });

  it("goes on where it is when the publisher's clock is set", () => {
    const timeline = new CaptureTimeline(2_000_000);
    const video = timeline.open("video", 90_000);
    const audio = timeline.open("audio", 48_000);
    const camera = new Source(90_000, 0);
    const microphone = new Source(48_000, 0);
    for (let ms = 0; ms < 20_000; ms += 20) {
      const clockMs = ms < 8000 ? ms : ms + 3_600_000;
      if (ms % 1000 === 0) video.report(ntpAt(clockMs), camera.rtpTime(ms));
      if (ms % 1000 === 500) audio.report(ntpAt(clockMs), microphone.rtpTime(ms));
      const v = video.timeOf(camera.rtpTime(ms), ms * 1000);
      const a = audio.timeOf(microphone.rtpTime(ms), ms * 1000);
      expect(Math.abs(v - ms * 1000)).toBeLessThan(2000);
      expect(Math.abs(a - ms * 1000)).toBeLessThan(2000);
    }
  });

  it("forgets within a second how late the first frame was, and never steps back", () => {
    const timeline = new CaptureTimeline(2_000_000);
    const line = timeline.open("video", 90_000);
    const source = new Source(90_000, 9);
    let last = Number.NEGATIVE_INFINITY;
    for (let ms = 0; ms < 2000; ms += 40) {
      const lateMs = Math.max(20, 250 - 0.9 * ms);
      const arrivedUs = (ms + lateMs) * 1000;
      const us = line.timeOf(source.rtpTime(ms), arrivedUs);
      expect(us).toBeGreaterThan(last);
      last = us;
      if (ms >= 280) expect(Math.abs(us - arrivedUs)).toBeLessThan(100);
    }
  });

  it("takes a report without a clock for none, and one before the first packet for later", () => {
    const timeline = new CaptureTimeline(2_000_000);
    const line = timeline.open("video", 90_000);
    expect(line.report({ seconds: 0, fraction: 0 }, 0)).toBeUndefined();
    expect(line.report(ntpAt(1000), 90_000)).toBeDefined();
    expect(line.reported).toBe(false);
    line.timeOf(93_000, 5_000_000);
    expect(line.reported).toBe(true);
  });

  it("begins anew where RTP time jumps while the clock does not", () => {
    const timeline = new CaptureTimeline(2_000_000);
    const line = timeline.open("video", 90_000);
    line.timeOf(1000, 1_000_000);
    line.report(ntpAt(0), 1000);
    expect(line.timeOf(1000 + 90_000 * 3600, 1_040_000)).toBeCloseTo(1_040_000, -4);
    // A pause is no jump.
    expect(line.timeOf(1000 + 90_000 * 3660, 61_040_000)).toBeCloseTo(61_040_000, -4);
  });
});

describe("capture times of an ingest", () => {
  it("put layers with RTP times of their own on the same stream time", () => {
    const test = new TestIngest([simulcastLine()]);
    const sources = {
      q: new Source(90_000, 1),
      h: new Source(90_000, 2e9),
      f: new Source(90_000, 4e9),
    };
    const sinks: TestSink[] = [];
    for (let i = 0; i < 120; i++) {
      const ms = i * 40;
      for (const [at, rid] of (["q", "h", "f"] as const).entries()) {
        const ssrc = at + 1;
        const payload = i === 0 ? vp8Key(320 * ssrc, 180 * ssrc) : vp8Delta();
        const timestamp = sources[rid].rtpTime(ms);
        test.packet({ ssrc, sequence: i, timestamp, marker: true, payload, mid: "0", rid });
        if (i % 25 === 5 * (at + 1)) {
          const counts = { packetCount: 1, octetCount: 1 };
          test.rtcp(writeSenderReport({ ssrc, ntp: ntpAt(ms), rtpTime: timestamp, ...counts }));
        }
        test.run(10);
      }
      if (i === 0) {
        for (const encoding of test.video?.encodings ?? [])
          sinks.push(new TestSink().follow(encoding));
      }
      test.run(10);
    }
    const last = sinks.map((sink) => sink.frames.at(-1)?.ptsUs ?? 0);
    expect(Math.max(...last) - Math.min(...last)).toBeLessThan(1500);
    const arrived = sinks.map((sink) => sink.frames.at(-1)?.arrivedUs ?? 0);
    expect((arrived[2] ?? 0) - (arrived[0] ?? 0)).toBe(20_000);
  });

  it("tell how long before their arrival frames were captured", () => {
    const test = new TestIngest();
    const source = new Source(90_000, 77);
    const stream = test.publisher.stream;
    // Captured, then 120 ms of encoding and 40 ms on the way; reports are only on the way.
    const wallAtZero = test.clock.wallMs();
    const sink = new TestSink();
    for (let i = 0; i < 250; i++) {
      const payload = i === 0 ? vp8Key() : vp8Delta();
      const timestamp = source.rtpTime(i * 40 - 160);
      test.packet({ sequence: i, timestamp, marker: true, payload });
      if (i === 0) sink.follow(test.video?.encodings[0] as never);
      if (i % 25 === 10) {
        const sentMs = i * 40 - 40;
        const rtpTime = source.rtpTime(sentMs);
        const counts = { packetCount: 1, octetCount: 1 };
        test.rtcp(writeSenderReport({ ssrc: 0x1000, ntp: ntpAt(sentMs), rtpTime, ...counts }));
      }
      test.run(40);
    }
    const captureMs = stream.captureWallMs(sink.frames.at(-1)?.ptsUs ?? 0) - wallAtZero;
    // Without a measured round trip the way counts as nothing.
    expect(Math.abs(captureMs - (249 * 40 - 160 + 40))).toBeLessThan(3);
    expect(test.ingest.stats.captureDelayMs).toBeCloseTo(120, 0);
  });

  it("are believed up to two seconds", () => {
    const test = new TestIngest();
    test.packet({ sequence: 1, timestamp: 0, marker: true, payload: vp8Key() });
    test.rtcp(
      writeSenderReport({
        ssrc: 0x1000,
        ntp: ntpAt(0),
        rtpTime: 900_000,
        packetCount: 1,
        octetCount: 1,
      }),
    );
    expect(test.ingest.stats.captureDelayMs).toBe(2000);
    const other = new TestIngest();
    other.packet({ sequence: 1, timestamp: 900_000, marker: true, payload: vp8Key() });
    other.rtcp(
      writeSenderReport({ ssrc: 0x1000, ntp: ntpAt(0), rtpTime: 0, packetCount: 1, octetCount: 1 }),
    );
    expect(other.ingest.stats.captureDelayMs).toBe(0);
  });
});
