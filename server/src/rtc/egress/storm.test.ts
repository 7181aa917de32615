import { describe, expect, it } from "vitest";
import { defaultPacerLimits } from "./pacer-limits.ts";
import { TestStream } from "./test-rig.ts";
import { continuityFaults, join, TestViewer } from "./test-viewer.ts";

const stormers = 60;
const seconds = 3;
/** Of the node tier, which the test stream has. */
const resendsPerSecond = 8_000;

/** Everybody but the first viewer asks every 20 ms for the latest 40 packets again. */
function storm() {
  const stream = new TestStream();
  stream.run(1000);
  const output = stream.openOutput();
  const quiet = new TestViewer(stream, output);
  const others = Array.from({ length: stormers }, () => new TestViewer(stream, output));
  stream.run(2000);
  const before = quiet.packets.length;
  const startUs = stream.clock.nowUs();
  for (let turn = 0; turn < seconds * 30; turn++) {
    stream.run(stream.frameMs);
    for (const viewer of others) {
      viewer.nack(viewer.packets.slice(-40).map((packet) => packet.sequence));
    }
  }
  return { stream, quiet, others, before, startUs };
}

describe("viewers that ask for everything again all the time", () => {
  const { quiet, others, before, startUs, stream } = storm();

  it("cost another viewer neither a packet nor a moment", () => {
    const packets = quiet.packets.slice(before);
    expect(packets.length).toBeGreaterThanOrEqual(seconds * 30 * 9);
    expect(continuityFaults(quiet.packets)).toBe(0);
    const frames = new Set(packets.map((packet) => packet.atUs));
    // Every frame went out in the turn in which it came, all of it.
    expect(frames.size).toBe(new Set(packets.map((packet) => packet.timestamp)).size);
    expect(quiet.pacer.queuedBytes).toBe(0);
  });

  it("get their own live packets", () => {
    for (const viewer of others) expect(continuityFaults(viewer.packets)).toBe(0);
  });

  it("share what all together may be sent again, everybody some", () => {
    const spanS = (stream.clock.nowUs() - startUs) / 1e6;
    const resent = others.map((viewer) => viewer.resent.length);
    const total = resent.reduce((sum, count) => sum + count, 0);
    expect(total).toBeLessThanOrEqual(resendsPerSecond * (spanS + 0.05) + 1);
    expect(total).toBeGreaterThan(0.5 * resendsPerSecond * spanS);
    expect(Math.min(...resent)).toBeGreaterThan((0.5 * total) / stormers);
  });
});

describe("a viewer that asks for more packets than it may", () => {
  it("is heard up to the limit, and again a moment later", () => {
    const { stream, viewer } = join({}, 1000);
    stream.run(1000);
    const { maxRequestsPerSecond, maxMissing } = defaultPacerLimits;
    const old = Array.from({ length: maxMissing }, (_, i) => 30_000 + i);
    for (let i = 0; i < maxRequestsPerSecond / maxMissing; i++) viewer.nack(old);
    expect(viewer.pacer.refusedResends).toBe(0);
    viewer.nack([viewer.packets.at(-1)?.sequence ?? 0]);
    expect(viewer.pacer.refusedResends).toBe(1);
    expect(viewer.resent).toHaveLength(0);
    stream.clock.advance(1);
    viewer.nack([viewer.packets.at(-1)?.sequence ?? 0]);
    expect(viewer.resent).toHaveLength(1);
  });

  it("gets so many at once, the rest in the turns that follow", () => {
    const { stream, viewer } = join({}, 1000);
    stream.run(1000);
    const sequences = viewer.packets.slice(-30).map((packet) => packet.sequence);
    viewer.nack(sequences);
    expect(viewer.resent).toHaveLength(defaultPacerLimits.maxPromptResends);
    stream.clock.advance(12);
    expect(viewer.resent.length).toBeGreaterThanOrEqual(30);
  });
});
