import { findExtension } from "@millrace/media/rtp";
import { describe, expect, it } from "vitest";
import { slice, TestStream } from "./test-rig.ts";
import { accessUnits, continuityFaults, join, TestViewer } from "./test-viewer.ts";

describe("live", () => {
  it("sends frames in the turn in which they come, and only the rest of a large one later", () => {
    const { stream, viewer } = join({ keyEvery: 60, keyBytes: 150_000 }, 34);
    stream.run(1900);
    const before = viewer.packets.length;
    const nowUs = stream.clock.nowUs();
    const idle = stream.clock.timers;
    stream.frame();
    expect(viewer.packets.length).toBeGreaterThan(before);
    expect(viewer.packets.at(-1)?.atUs).toBe(nowUs);
    expect(viewer.packets.at(-1)?.marker).toBe(true);
    expect(stream.clock.timers).toBeLessThanOrEqual(idle);
    // The key frame of 150 kB.
    stream.run(134);
    const key = accessUnits(viewer.packets).findLast((unit) => unit.nals.length === 3);
    const marks = viewer.packets.filter((packet) => packet.timestamp === key?.timestamp);
    expect(marks.length).toBeGreaterThan(120);
    const spanUs = (marks.at(-1)?.atUs ?? 0) - (marks[0]?.atUs ?? 0);
    expect(spanUs).toBeGreaterThan(8_000);
    expect(spanUs).toBeLessThan(150_000);
  });

  it("has no timer while nothing waits", () => {
    const { stream } = join({}, 34);
    stream.run(500);
    // The staleness timer of the publisher.
    const idle = stream.clock.timers;
    stream.run(1000);
    expect(stream.clock.timers).toBeLessThanOrEqual(idle);
  });

  it("keeps datagrams within 1200 bytes of UDP payload, sent again or not", () => {
    for (const profile of ["AEAD_AES_128_GCM", "AES_CM_128_HMAC_SHA1_80"] as const) {
      const stream = new TestStream();
      stream.run(1000);
      const viewer = new TestViewer(stream, stream.openOutput(), { profile });
      stream.run(500);
      viewer.nack(viewer.packets.slice(0, 200).map((packet) => packet.sequence));
      stream.run(500);
      expect(viewer.resent.length).toBeGreaterThan(100);
      const sizes = viewer.receiver.received.map((packet) => packet.datagramBytes);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(1200);
      expect(Math.max(...sizes)).toBeGreaterThan(1100);
    }
  });

  it("carries playout delay 0 and mid on every packet, and the capture time on replayed, key and one frame a second", () => {
    const { stream, viewer } = join({}, 2000);
    stream.run(3000);
    let timed = 0;
    let faults = 0;
    let starts = true;
    for (const packet of viewer.packets) {
      const delay = findExtension(packet.extension, 5);
      if (delay?.length !== 3 || delay.some((byte) => byte !== 0)) faults++;
      if (findExtension(packet.extension, 4)?.[0] !== 0x30) faults++;
      const capture = findExtension(packet.extension, 6);
      if (capture !== undefined) timed++;
      if (capture !== undefined && !starts) faults++;
      starts = packet.marker;
    }
    expect(faults).toBe(0);
    expect(timed).toBeGreaterThan(60);
    expect(timed).toBeLessThan(90);
    const first = findExtension(viewer.packets[0]?.extension, 6) as Uint8Array;
    const seconds = new DataView(first.buffer, first.byteOffset).getUint32(0) - 2_208_988_800;
    expect(seconds).toBe(1_700_000_000);
  });

  it("waits for the next key frame when the queue grows over a limit", () => {
    const { stream, viewer } = join({ keyEvery: 90 }, 34, { maxQueueBytes: 200_000 });
    stream.run(500);
    for (let i = 0; i < 40; i++) stream.frame();
    expect(viewer.pacer.state).toBe("waiting");
    expect(viewer.pacer.schedule.droppedFrames).toBeGreaterThan(0);
    stream.run(2500);
    expect(viewer.pacer.state).toBe("live");
    expect(continuityFaults(viewer.packets)).toBe(0);
    expect(accessUnits(viewer.packets).some((unit) => unit.damaged)).toBe(false);
  });

  it("passes on a burst after a stall of the publisher without waiting for a key frame", () => {
    const { stream, viewer } = join({}, 34);
    stream.run(2000);
    stream.clock.advance(4000);
    for (let i = 0; i < 120; i++) stream.frame();
    stream.clock.advance(500);
    expect(viewer.pacer.state).toBe("live");
    expect(viewer.pacer.queuedBytes).toBe(0);
    expect(viewer.pacer.schedule.droppedFrames).toBe(0);
    expect(accessUnits(viewer.packets)).toHaveLength(stream.published.length);
  });

  it("waits for the next key frame when it cannot be sent frames for too long", () => {
    const { stream, viewer } = join({ keyEvery: 150 }, 34, {
      minRateBps: 0,
      liveFactor: 0.5,
      maxFactor: 0.5,
      drainUs: 1e12,
      maxQueueUs: 1_000_000,
    });
    stream.run(3500);
    expect(viewer.pacer.state).toBe("waiting");
    expect(viewer.pacer.schedule.droppedFrames).toBeGreaterThan(20);
    stream.run(1500);
    expect(viewer.pacer.state).toBe("live");
    expect(continuityFaults(viewer.packets)).toBe(0);
  });

  it("does not let a low rate hold up a scene change", () => {
    const { stream, viewer } = join({ frameBytes: 200, keyBytes: 2000, keyEvery: 3000 }, 34);
    stream.run(4000);
    const frame = slice("reference", 200_000);
    const ptsUs = 5_000_000 + 200 * 33_333;
    stream.publisher.frame("video", { ptsUs, dtsUs: ptsUs, key: false, payload: [frame] });
    const startUs = stream.clock.nowUs();
    stream.clock.advance(400);
    expect(viewer.pacer.queuedBytes).toBe(0);
    expect(viewer.packets.at(-1)?.atUs).toBeLessThan(startUs + 350_000);
  });
});
