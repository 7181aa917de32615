import type { Frame } from "@millrace/media/frame";
import { describe, expect, it } from "vitest";
import { TestStream, testAvcC, testPps, testSps } from "./test-rig.ts";
import { accessUnits, continuityFaults, join, TestViewer } from "./test-viewer.ts";

describe("a viewer who joins in the middle of a group of pictures", () => {
  it("gets every NAL unit as it was published, from replay to live", () => {
    const { stream, viewer } = join({}, 5000);
    stream.run(3000);
    expect(viewer.pacer.state).toBe("live");
    const units = accessUnits(viewer.packets);
    expect(units).toHaveLength(stream.published.length);
    units.forEach((unit, i) => {
      expect(unit.damaged).toBe(false);
      const frame = stream.published[i] as Frame;
      const expected = frame.key ? [testSps, testPps, ...frame.payload] : frame.payload;
      expect(unit.nals).toHaveLength(expected.length);
      unit.nals.forEach((nal, j) => {
        expect(Buffer.compare(nal, expected[j] ?? new Uint8Array())).toBe(0);
      });
    });
  });

  it("has the first frame at once and the live edge within a second", () => {
    const { stream, viewer } = join({}, 5000);
    const joinedUs = stream.clock.nowUs();
    stream.run(1000);
    const key = viewer.packets.findIndex((packet) => packet.marker);
    expect(viewer.packets[key]?.atUs).toBeLessThan(joinedUs + 50_000);
    expect(viewer.pacer.state).toBe("live");
    expect(viewer.pacer.schedule.replays).toBe(1);
  });

  it.each([9900, 9000, 5000, 1000, 200])(
    "%i ms into ten seconds: first frame within 500 ms, live edge within 2 s",
    (ageMs) => {
      const { stream, viewer } = join({}, ageMs);
      const joinedUs = stream.clock.nowUs();
      stream.run(2000);
      const firstFrame = viewer.packets.find((packet) => packet.marker);
      expect(firstFrame?.atUs).toBeLessThan(joinedUs + 500_000);
      expect(viewer.pacer.state).toBe("live");
      expect(viewer.pacer.queuedBytes).toBe(0);
      const liveUs = viewer.packets.at(-1)?.atUs ?? 0;
      expect(liveUs).toBeGreaterThan(joinedUs + 1_900_000);
      expect(continuityFaults(viewer.packets)).toBe(0);
    },
  );

  it("sees contiguous sequence numbers and rising timestamps over replay, live and a returned publisher", () => {
    const { stream, viewer } = join({}, 4000);
    stream.run(2000);
    stream.publisher.close("GONE");
    stream.clock.advance(5000);
    const sps = Uint8Array.of(0x67, 0x64, 0, 0x28, 9);
    stream.publish(testAvcC(sps));
    stream.run(1000);
    expect(continuityFaults(viewer.packets)).toBe(0);
    const units = accessUnits(viewer.packets);
    expect(units).toHaveLength(stream.published.length);
    expect(units.some((unit) => unit.damaged)).toBe(false);
    const second = units.findLast((unit) => unit.nals.length === 3);
    expect(Buffer.from(second?.nals[0] ?? [])).toEqual(Buffer.from(sps));
    expect(viewer.pacer.state).toBe("live");
  });

  it("counts on over a wrap of the sequence number during the replay", () => {
    const stream = new TestStream();
    stream.run(3000);
    const viewer = new TestViewer(stream, stream.openOutput(), { sequence: 65_400 });
    stream.run(1000);
    expect(viewer.packets.at(-1)?.extendedSequence).toBeGreaterThan(65_536);
    expect(continuityFaults(viewer.packets)).toBe(0);
    expect(accessUnits(viewer.packets).some((unit) => unit.damaged)).toBe(false);
  });

  it("gets replayed frames with timestamps of the moment they are sent, live ones with their own", () => {
    const { stream, viewer } = join({}, 5000);
    stream.run(2000);
    let begins = true;
    let faults = 0;
    for (const packet of viewer.packets) {
      const ticks = (packet.timestamp - 4_294_960_000) >>> 0;
      const sentTicks = Math.round((packet.atUs * 90) / 1000);
      if (begins && (sentTicks - ticks < -2 || sentTicks - ticks > 3010)) faults++;
      begins = packet.marker;
    }
    expect(faults).toBe(0);
  });

  it("never gets more than the budget", () => {
    const { stream, viewer } = join({ frameBytes: 9_500 }, 6000);
    stream.run(1500);
    const packets = viewer.packets;
    const streamBytesPerUs = ((9_500 + 9 * 70) * 30) / 1e6;
    for (const windowMs of [4, 20, 100, 500]) {
      let from = 0;
      let bytes = 0;
      let most = 0;
      for (const packet of packets) {
        bytes += packet.datagramBytes + 28;
        while ((packets[from]?.atUs ?? 0) < packet.atUs - windowMs * 1000) {
          bytes -= (packets[from++]?.datagramBytes ?? 0) + 28;
        }
        most = Math.max(most, bytes);
      }
      // The key frame raises the rate by a little; one packet may overdraw.
      const allowed = 8 * 1.05 * streamBytesPerUs * (windowMs * 1000 + 20_000) + 1_300;
      expect(most).toBeLessThan(allowed);
    }
    const perInstant = new Map<number, number>();
    for (const at of packets.map((packet) => packet.atUs))
      perInstant.set(at, (perInstant.get(at) ?? 0) + 1);
    // A turn of the driver and a live frame may fall on the same instant.
    expect(Math.max(...perInstant.values())).toBeLessThanOrEqual(80);
  });

  it("jumps to a key frame that comes during the replay, after the frame it was at", () => {
    const { stream, viewer } = join({}, 9000, { maxFactor: 4 });
    stream.run(1500);
    expect(viewer.pacer.state).toBe("live");
    expect(viewer.pacer.schedule.skippedFrames).toBeGreaterThan(50);
    const units = accessUnits(viewer.packets);
    expect(units.some((unit) => unit.damaged)).toBe(false);
    expect(units.filter((unit) => unit.nals.some((nal) => nal[0] === 0x65))).toHaveLength(2);
    expect(continuityFaults(viewer.packets)).toBe(0);
  });

  it("leaves out frames that nobody refers to, but not the latest", () => {
    const { stream, viewer } = join({ disposable: true }, 5000);
    stream.run(1500);
    expect(viewer.pacer.schedule.skippedFrames).toBeGreaterThan(60);
    const units = accessUnits(viewer.packets);
    const references = stream.published.filter(
      (frame) => ((frame.payload[0]?.[0] ?? 0) & 0x60) > 0,
    );
    const got = new Set(units.map((unit) => Buffer.from(unit.nals.at(-1) ?? []).toString("hex")));
    for (const frame of references) {
      expect(got.has(Buffer.from(frame.payload[0] ?? []).toString("hex"))).toBe(true);
    }
  });

  it("shows the key frame and waits for the next where a replay would be too long", () => {
    const { stream, viewer } = join({ keyEvery: 600 }, 15_000);
    stream.run(4000);
    expect(viewer.pacer.state).toBe("held");
    expect(accessUnits(viewer.packets)).toHaveLength(1);
    stream.run(1500);
    expect(viewer.pacer.state).toBe("live");
    expect(continuityFaults(viewer.packets)).toBe(0);
    expect(accessUnits(viewer.packets).filter((u) => u.nals.length === 3)).toHaveLength(2);
  });

  it("just gets a young group", () => {
    const { stream, viewer } = join({}, 67);
    stream.run(300);
    expect(viewer.pacer.state).toBe("live");
    expect(viewer.pacer.schedule.replays).toBe(0);
    expect(accessUnits(viewer.packets)).toHaveLength(stream.published.length);
  });

  it("waits for the first key frame of a stream without any", () => {
    const stream = new TestStream();
    const viewer = new TestViewer(stream, stream.openOutput());
    expect(viewer.pacer.state).toBe("waiting");
    stream.run(100);
    expect(viewer.pacer.state).toBe("live");
    expect(accessUnits(viewer.packets)).toHaveLength(3);
  });
});

describe("many viewers who join at once", () => {
  it("share the replays: some at once, the others see a picture and follow when a place is free", () => {
    const stream = new TestStream({ frameBytes: 3000, keyBytes: 20_000 }, 2);
    stream.run(2000);
    const output = stream.openOutput();
    const viewers = Array.from({ length: 6 }, () => new TestViewer(stream, output));
    expect(stream.driver.replays).toEqual({ running: 2, waiting: 4 });
    stream.run(200);
    for (const viewer of viewers) {
      expect(viewer.packets.some((packet) => packet.marker)).toBe(true);
    }
    stream.run(2000);
    expect(stream.driver.replays).toEqual({ running: 0, waiting: 0 });
    for (const viewer of viewers) {
      expect(viewer.pacer.state).toBe("live");
      expect(viewer.pacer.schedule.replays).toBe(1);
      expect(continuityFaults(viewer.packets)).toBe(0);
      const units = accessUnits(viewer.packets);
      expect(units).toHaveLength(stream.published.length);
      expect(units.some((unit) => unit.damaged)).toBe(false);
    }
  });

  it("give their place up when they leave", () => {
    const stream = new TestStream({}, 1);
    stream.run(3000);
    const output = stream.openOutput();
    const [first, second, third] = [1, 2, 3].map(() => new TestViewer(stream, output));
    expect(stream.driver.replays).toEqual({ running: 1, waiting: 2 });
    second?.close();
    first?.close();
    expect(third?.pacer.state).toBe("replay");
    expect(stream.driver.replays).toEqual({ running: 1, waiting: 0 });
    third?.close();
    third?.close();
    expect(stream.driver.replays).toEqual({ running: 0, waiting: 0 });
    output.close();
    stream.publisher.close("END");
    stream.registry.close("END");
    expect(stream.clock.timers).toBe(0);
  });
});

describe("another source", () => {
  it("is continued with in the same numbering", () => {
    const { stream, output, viewer } = join({}, 1000);
    stream.run(1000);
    const track = stream.publisher.stream.track("video");
    output.video.setSource(undefined);
    expect(viewer.pacer.state).toBe("waiting");
    output.video.setSource(track);
    stream.run(1500);
    expect(viewer.pacer.state).toBe("live");
    expect(continuityFaults(viewer.packets)).toBe(0);
    expect(accessUnits(viewer.packets).some((unit) => unit.damaged)).toBe(false);
  });
});
