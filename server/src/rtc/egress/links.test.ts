import { describe, expect, it } from "vitest";
import { type LinkOptions, TestLink, TestNacker } from "./test-link.ts";
import { type Camera, TestStream } from "./test-rig.ts";
import { TestViewer } from "./test-viewer.ts";

/** A viewer behind a link who asks for what it loses, 5 s into a group of pictures of 2.4 Mbit/s. */
function joinOver(options: LinkOptions, camera: Camera = {}) {
  const stream = new TestStream(camera);
  stream.run(5000);
  let link: TestLink | undefined;
  const viewer = new TestViewer(stream, stream.openOutput(), {
    through: (far) => {
      link = new TestLink(stream.clock, options, far);
      return link;
    },
  });
  const { clock } = stream;
  const nacker = new TestNacker(clock, (sequences) => {
    clock.after(options.delayMs, () => viewer.nack(sequences, 2000 * options.delayMs));
  });
  viewer.receiver.onPacket = (packet) => {
    const { payload, ssrc, sequence } = packet;
    nacker.received(ssrc === 0x1111 ? sequence : ((payload[0] ?? 0) << 8) | (payload[1] ?? 0));
  };
  const joinedUs = clock.nowUs();
  /** Milliseconds until the viewer had everything up to the live edge. */
  const catchUpMs = (limitMs: number) => {
    for (let ms = 0; ms < limitMs; ms += 100) {
      stream.run(100);
      if (viewer.pacer.state === "live" && viewer.pacer.queuedBytes < 30_000) {
        return (clock.nowUs() - joinedUs) / 1000;
      }
    }
    return Number.POSITIVE_INFINITY;
  };
  return { stream, viewer, nacker, link: link as unknown as TestLink, catchUpMs };
}

describe("a replay over a link", () => {
  it("of 20 Mbit/s loses nothing and is done in a second", () => {
    const { link, catchUpMs } = joinOver({ rateBps: 22e6, queueBytes: 100_000, delayMs: 10 });
    expect(catchUpMs(3000)).toBeLessThanOrEqual(1100);
    expect(link.lost).toBe(0);
  });

  it("of 8 Mbit/s slows down after the first losses and gets everything, without a storm", () => {
    const over = joinOver({ rateBps: 8e6, queueBytes: 64_000, delayMs: 20 });
    const { stream, link, viewer, nacker, catchUpMs } = over;
    expect(catchUpMs(8000)).toBeLessThan(3500);
    stream.run(2000);
    expect(viewer.pacer.rate.cuts).toBeGreaterThan(0);
    expect(nacker.missing.length).toBeLessThan(5);
    expect(link.lost / link.sent).toBeLessThan(0.2);
    expect(viewer.pacer.keyRequests).toBe(0);
  });

  it.each([0.02, 0.05])(
    "that loses %f of all packets is as fast as one that loses none",
    (loss) => {
      const { stream, viewer, nacker, link, catchUpMs } = joinOver({ delayMs: 25, loss });
      expect(catchUpMs(4000)).toBeLessThanOrEqual(1300);
      expect(viewer.pacer.rate.cuts).toBe(0);
      stream.run(2000);
      // What is missing now was lost a moment ago.
      expect(nacker.missing.length).toBeLessThan(40);
      expect(viewer.resent.length).toBeLessThan(link.sent * loss * 3.5);
    },
  );

  it("that loses a tenth of all packets goes on", () => {
    const { stream, nacker, catchUpMs } = joinOver({ delayMs: 25, loss: 0.1 });
    expect(catchUpMs(8000)).toBeLessThan(2000);
    stream.run(2000);
    expect(nacker.missing.length).toBeLessThan(60);
  });

  it("that goes away for a while is filled up again at once when it is back", () => {
    const { stream, viewer, nacker } = joinOver({ delayMs: 20 });
    stream.run(3000);
    viewer.receiver.loses = () => true;
    stream.run(300);
    viewer.receiver.loses = () => false;
    stream.run(400);
    expect(nacker.missing).toEqual([]);
    expect(viewer.pacer.state).toBe("live");
  });
});
