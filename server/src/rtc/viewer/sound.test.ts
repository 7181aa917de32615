import { parseRtcp } from "@millrace/media/rtp";
import { describe, expect, it } from "vitest";
import { audioInfo } from "../../core/test-frames.ts";
import type { TestReceiver } from "../egress/test-rig.ts";
import { TestGateway } from "../gateway/test-gateway.ts";

const opus = () => audioInfo({ codec: "opus", codecString: "opus", config: new Uint8Array() });

/** Sender reports as the far end sees them. */
function reports(receiver: TestReceiver) {
  return receiver.rtcp.flatMap(({ atUs, compound }) =>
    parseRtcp(compound).flatMap((packet) =>
      packet.type === "sender-report" ? [{ ...packet, atUs }] : [],
    ),
  );
}

describe("sound and picture", () => {
  it("are reported on one clock, every 800 ms from the start", async () => {
    const test = new TestGateway();
    test.stream.publisher.setTrack(opus());
    test.stream.run(1000);
    const { peer } = await test.join();
    for (let ms = 1000; ms < 5000; ms += 20) {
      test.stream.opus(ms);
      if (ms % 40 === 0) test.stream.frame();
      test.stream.clock.advance(20);
    }
    const all = reports(peer.receiver);
    const video = all.filter((report) => report.ssrc === 1000);
    const audio = all.filter((report) => report.ssrc === 1002);
    expect(video.length).toBeGreaterThanOrEqual(5);
    expect(audio.length).toBeGreaterThanOrEqual(4);
    const wallMs = (report: (typeof all)[number]) =>
      (report.ntp.seconds - 2_208_988_800) * 1000 + (report.ntp.fraction / 2 ** 32) * 1000;
    for (const report of all) {
      expect(wallMs(report)).toBeCloseTo(1_700_000_000_000 + report.atUs / 1000, 1);
    }
    // Each line's RTP time runs with the wall clock: first report to last.
    for (const [line, rate] of [
      [video, 90],
      [audio, 48],
    ] as const) {
      const first = line[0] as (typeof all)[number];
      const last = line.at(-1) as (typeof all)[number];
      const ticks = (last.rtpTime - first.rtpTime) | 0;
      expect(ticks / rate).toBeCloseTo(wallMs(last) - wallMs(first), 0);
    }
    // An Opus packet and a frame that entered at one moment mean the same moment by their reports.
    const at = (ssrc: number, rate: number, line: typeof all) => {
      const packet = peer.receiver.of(ssrc).at(-1);
      const report = line.at(-1) as (typeof all)[number];
      const ticks = ((packet?.timestamp ?? 0) - report.rtpTime) | 0;
      return wallMs(report) + ticks / rate - (packet?.atUs ?? 0) / 1000;
    };
    expect(at(1002, 48, audio)).toBeCloseTo(1_700_000_000_000, -1.5);
    expect(at(1000, 90, video) - at(1002, 48, audio)).toBeLessThan(400);
  });

  it("mark the beginning of sound and every packet has its time", async () => {
    const test = new TestGateway();
    test.stream.publisher.setTrack(opus());
    const { peer } = await test.join();
    for (let ms = 0; ms < 200; ms += 20) {
      test.stream.opus(ms);
      test.stream.clock.advance(20);
    }
    test.stream.clock.advance(500);
    test.stream.opus(700);
    const packets = peer.receiver.of(1002);
    expect(packets).toHaveLength(11);
    expect(packets.map((packet) => packet.marker)).toEqual(
      packets.map((_, i) => i === 0 || i === 10),
    );
    for (let i = 1; i < 10; i++) {
      expect(((packets[i]?.timestamp ?? 0) - (packets[i - 1]?.timestamp ?? 0)) | 0).toBe(960);
    }
    expect(((packets[10]?.timestamp ?? 0) - (packets[9]?.timestamp ?? 0)) | 0).toBe(520 * 48);
  });

  it("begin without what a transcoder that just started had queued", async () => {
    const test = new TestGateway();
    test.stream.publisher.setTrack(opus());
    test.stream.opus(0);
    const { session, peer } = await test.join();
    test.stream.clock.advance(500);
    // Half a second in one burst, then in time.
    for (let ms = 20; ms <= 500; ms += 20) test.stream.opus(ms);
    expect(peer.receiver.of(1002).length).toBeLessThanOrEqual(8);
    expect(peer.receiver.of(1002).length).toBeGreaterThanOrEqual(7);
    expect(peer.receiver.of(1002)[0]?.marker).toBe(true);
    expect(session.stats.egress?.lines[1]?.packets).toBe(peer.receiver.of(1002).length);
  });

  it("begin late rather than never where sound is always late", async () => {
    const test = new TestGateway();
    test.stream.publisher.setTrack(opus());
    test.stream.opus(0);
    const { peer } = await test.join();
    test.stream.clock.advance(400);
    for (let ms = 20; ms < 2000; ms += 20) {
      test.stream.opus(ms);
      test.stream.clock.advance(20);
    }
    const packets = peer.receiver.of(1002);
    expect(packets[0]?.atUs).toBe(1_400_000);
    expect(packets).toHaveLength(49);
  });

  it("are asked for once for all viewers, and go on without sound where it cannot be made", async () => {
    const test = new TestGateway();
    test.stream.publisher.setTrack(audioInfo());
    test.stream.run(300);
    const first = await test.join();
    await test.join();
    expect(test.transcoder.running).toHaveLength(1);
    const { sink } = test.transcoder.running[0] as (typeof test.transcoder.running)[number];
    const frame = { ptsUs: 300_000, dtsUs: 300_000, key: true, payload: [Uint8Array.of(0xfc, 1)] };
    sink.frame(frame);
    for (const { receiver } of test.peers.peers) {
      expect(receiver.received.some((packet) => packet.payloadType === 111)).toBe(true);
    }
    sink.failed("TRANSCODER_FAILED", "it crashed");
    expect(first.observer.byes).toEqual([]);
    expect(first.observer.latest?.hints.map((hint) => hint.code)).toEqual([
      "AUDIO_TRANSCODER_FAILED",
    ]);
    // It is tried again.
    test.stream.clock.advance(10_000);
    expect(test.transcoder.running).toHaveLength(1);
    expect(first.observer.latest?.hints).toEqual([]);
  });

  it("say why there is no sound", async () => {
    const test = new TestGateway();
    test.transcoder.refuses = "NO_TRANSCODER";
    test.stream.publisher.setTrack(audioInfo());
    const { observer } = await test.join();
    expect(observer.latest?.hints).toEqual([
      { code: "AUDIO_NO_TRANSCODER", message: expect.stringContaining("Opus") },
    ]);
  });
});
