import { afterEach, describe, expect, it, vi } from "vitest";
import { silentLog } from "../../core/index.ts";
import { type RawClient, type Rig, startRig, turns } from "../pictures/test-rig.ts";
import { createSoundOutput, type SoundLimits, type SoundOutput } from "./index.ts";
import type { SoundStats } from "./session.ts";
import { aacFrameUs, hear, mp3Info, soundFrame } from "./test-sound.ts";

vi.setConfig({ testTimeout: 60_000 });

/** Frames this large fill what the kernel takes for a reader that sleeps. Bytes. */
const frameBytes = 100_000;
const interval = 8000;

let rig: Rig<SoundOutput>;

afterEach(() => rig.close());

async function start(limits: Partial<SoundLimits> = {}): Promise<void> {
  rig = await startRig((clock) => createSoundOutput({ clock, log: silentLog, limits }));
  rig.publisher.setTrack(mp3Info);
}

const askIcy = { headers: "Icy-MetaData: 1\r\n" };

/** Numbers of the frames in a body, each of which has to be whole, but for the last. */
function numbers(body: Uint8Array): number[] {
  const { audio } = hear(body, interval);
  const found: number[] = [];
  for (let at = 0; at + frameBytes <= audio.length; at += frameBytes) {
    expect(audio[at]).toBe(0xee);
    found.push(((audio[at + 1] ?? 0) << 8) | (audio[at + 2] ?? 0));
  }
  return found;
}

/** Publishes frames, each when the quick listener has the one before. */
async function play(from: number, to: number, quick: RawClient): Promise<void> {
  for (let number = from; number < to; number++) {
    const { size } = quick;
    rig.publisher.frame("audio", soundFrame(number, aacFrameUs(number), frameBytes));
    rig.clock.advance(aacFrameUs(1) / 1000);
    await quick.until((c) => c.size >= size + frameBytes || c.closed);
  }
}

describe("a slow listener", () => {
  it("is moved ahead at a frame while the count to the next block stays exact", async () => {
    await start({ pieceMs: 0, maxKeptBytes: 1_000_000, burstMs: 100 });
    const slow = await rig.client().ask("/live/cam.mp3", askIcy).untilHead();
    const quick = await rig.client().ask("/live/cam.mp3", askIcy).untilHead();
    slow.socket.pause();
    await play(0, 200, quick);
    const [viewer] = rig.stream.viewers.values();
    slow.socket.resume();
    await slow.until((c) => c.size > 3_000_000);
    await turns(50);
    await play(200, 210, quick);
    await slow.until((c) => numbers(c.body).at(-1) === 209);

    const got = numbers(slow.body);
    expect(got).toEqual([...got].sort((a, b) => a - b));
    expect(new Set(got).size).toBe(got.length);
    const stats = viewer?.info.stats?.() as SoundStats;
    expect(stats.skips).toBeGreaterThan(0);
    expect(stats.framesDropped).toBe(210 - got.length);
    expect(stats.framesDropped).toBeGreaterThan(10);
    const { titlesAt, blocks } = hear(slow.body, interval);
    expect(titlesAt).toEqual([interval]);
    expect(blocks).toBe(Math.floor((got.length * frameBytes) / interval));
    expect(numbers(quick.body)).toEqual(Array.from({ length: 210 }, (_, number) => number));
  });

  it("has a bounded number of bytes waiting for it", async () => {
    await start({ pieceMs: 0, maxKeptBytes: 500_000, maxAheadBytes: 16_384 });
    const waiting: (() => number)[] = [];
    rig.server.on("request", (_request, response) =>
      waiting.push(() => response.writableLength as number),
    );
    const slow = await rig.client().ask("/live/cam.mp3").untilHead();
    const quick = await rig.client().ask("/live/cam.mp3").untilHead();
    slow.socket.pause();
    await play(0, 200, quick);
    expect(waiting[0]?.()).toBeGreaterThan(0);
    expect(waiting[0]?.()).toBeLessThanOrEqual(16_384 + frameBytes);
  });

  it("is closed when its connection takes nothing for the limit, and nobody else is", async () => {
    await start({ pieceMs: 0, stallMs: 5_000 });
    const slow = await rig.client().ask("/live/cam.mp3").untilHead();
    const quick = await rig.client().ask("/live/cam.mp3").untilHead();
    slow.socket.pause();
    await play(0, 170, quick);
    await turns(50);
    expect(rig.output.stats.sessions).toBe(2);
    rig.clock.advance(4_500);
    await turns();
    rig.clock.advance(1_000);
    expect(rig.output.stats.sessions).toBe(1);
    expect(rig.stream.viewers.size).toBe(1);
    rig.clock.advance(1_000);
    slow.socket.resume();
    await slow.untilClosed();
    expect(quick.closed).toBe(false);
  });
});
