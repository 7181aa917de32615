import type { Frame, TrackInfo } from "@millrace/media/frame";
import { describe, expect, test } from "vitest";
import { FakeClock } from "./fake-clock.ts";
import { FakeTranscoder } from "./fake-transcoder.ts";
import { cachedSoundLimits } from "./frame-cache.ts";
import { silentLog } from "./log.ts";
import type { Derivation, DerivedSink, DerivedTarget } from "./ports.ts";
import type { Publisher } from "./publisher.ts";
import { Registry } from "./registry.ts";
import { audioInfo, frameAt, videoInfo } from "./test-frames.ts";
import type { FrameSink } from "./track.ts";

const aac = { kind: "audio", codec: "aac" } as const;
const opus = audioInfo({ codec: "opus", config: new Uint8Array(19) });
const ms = (frames: readonly Frame[]): number[] => frames.map(({ dtsUs }) => dtsUs / 1000);

/** A FakeTranscoder that is told the time. */
class TimedTranscoder extends FakeTranscoder {
  readonly told: number[] = [];

  override start(source: TrackInfo, target: DerivedTarget, sink: DerivedSink): Derivation {
    const derivation = super.start(source, target, sink);
    return { ...derivation, advance: (nowUs) => void this.told.push(nowUs / 1000) };
  }
}

class Scene {
  readonly clock = new FakeClock();
  readonly transcoder = new TimedTranscoder();
  readonly registry = new Registry({
    clock: this.clock,
    log: silentLog,
    transcoder: this.transcoder,
    limits: { derivedLingerMs: 0, graceMs: 30_000 },
  });
  readonly publisher: Publisher = this.registry.publish({
    stream: "live/cam",
    transport: "whip",
    address: "192.0.2.1",
    onKick() {},
  });

  get stream() {
    return this.publisher.stream;
  }

  /** Sound every 20 ms, and a picture every 40 ms where there is video, a key frame every 2 s. */
  run(fromMs: number, toMs: number, video = true, size = 20): void {
    for (let at = fromMs; at < toMs; at += 20) {
      if (video && at % 40 === 0) {
        this.publisher.frame("video", frameAt(at, { key: at % 2000 === 0 }));
      }
      this.publisher.frame("audio", frameAt(at, { key: true, size }));
      this.clock.advance(20);
    }
  }

  get derivation() {
    const [running] = this.transcoder.running;
    if (running === undefined) throw new Error("nothing is derived");
    return running;
  }

  /** What a codec makes of all it has by now but the last `heldBack` frames, from result `from` on. */
  transcode(from: number, heldBack: number): number {
    const { pushed, sink } = this.derivation;
    const to = pushed.length - heldBack;
    for (const frame of pushed.slice(from, to)) sink.frame({ ...frame, payload: [] });
    return to;
  }
}

function sinkOf(frames: Frame[]): FrameSink {
  return { frame: (frame) => void frames.push(frame) };
}

describe("sound derived from what is cached", () => {
  test("covers the cached group of pictures, in order and once, and goes on live", () => {
    const scene = new Scene();
    scene.publisher.setTrack(videoInfo());
    scene.publisher.setTrack(opus);
    scene.run(0, 3500);
    const { track } = scene.stream.acquire(aac);
    const live: Frame[] = [];
    track.subscribe(sinkOf(live));
    expect(ms(scene.derivation.pushed)).toEqual(
      Array.from({ length: 75 }, (_, i) => 2000 + i * 20),
    );
    // Live frames come while the codec is busy with the old ones.
    scene.run(3500, 3540);
    let done = scene.transcode(0, 10);
    // Not complete: nobody is to begin with half of it.
    expect(track.cache.frames).toEqual([]);
    expect(live).toEqual([]);
    done = scene.transcode(done, 3);
    expect(live[0]?.dtsUs).toBe(3_380_000);
    scene.run(3540, 3700);
    scene.transcode(done, 0);
    const all = ms(track.cache.frames);
    expect(all).toEqual(Array.from({ length: 85 }, (_, i) => 2000 + i * 20));
    expect(ms(live)).toEqual(all.filter((at) => at >= 3380));
  });

  test("is handed out to those who watch only from now on", () => {
    const scene = new Scene();
    scene.publisher.setTrack(opus);
    scene.run(0, 1000, false);
    const { track } = scene.stream.acquire({ kind: "audio", codec: "aac" });
    const live: Frame[] = [];
    track.subscribe(sinkOf(live));
    scene.run(1000, 1100, false);
    scene.transcode(0, 0);
    expect(live[0]?.dtsUs).toBe(980_000 - 100_000);
  });

  test("without pictures is a little of the newest", () => {
    const scene = new Scene();
    scene.publisher.setTrack(opus);
    scene.run(0, 10_000, false);
    scene.stream.acquire(aac);
    const { pushed } = scene.derivation;
    expect(pushed[0]?.dtsUs).toBe(9_980_000 - cachedSoundLimits.maxAloneUs);
    expect(pushed.at(-1)?.dtsUs).toBe(9_980_000);
  });

  test.each([
    ["time", 100, cachedSoundLimits.maxUs / 20_000 + 1],
    ["bytes", 2048, cachedSoundLimits.maxBytes / 2048],
  ])("of a long group is no more than the limit in %s, the newest", (_name, size, count) => {
    const scene = new Scene();
    scene.publisher.setTrack(videoInfo());
    scene.publisher.setTrack(opus);
    scene.publisher.frame("video", frameAt(0, { key: true }));
    for (let at = 20; at < 12_000; at += 20) {
      scene.clock.advance(20);
      scene.publisher.frame("video", frameAt(at, { size: 10 }));
      scene.publisher.frame("audio", frameAt(at, { key: true, size }));
    }
    scene.stream.acquire(aac);
    expect(scene.derivation.pushed).toHaveLength(count);
    expect(scene.derivation.pushed.at(-1)?.dtsUs).toBe(11_980_000);
  });

  test("that never becomes complete is forgotten with the track", () => {
    const scene = new Scene();
    scene.publisher.setTrack(opus);
    scene.run(0, 1000, false);
    const lease = scene.stream.acquire(aac);
    scene.transcode(0, 30);
    lease.release();
    scene.clock.advance(1);
    expect(scene.transcoder.running).toEqual([]);
    expect(lease.track.cache.frames).toEqual([]);
  });
});

describe("a transcoder that wants to know the time", () => {
  test("is told the stream's own while somebody publishes, until the end", () => {
    const scene = new Scene();
    scene.publisher.setTrack(opus);
    scene.clock.advance(5000);
    const lease = scene.stream.acquire(aac);
    scene.clock.advance(300);
    expect(scene.transcoder.told).toEqual([5100, 5200, 5300]);
    scene.publisher.close("PUBLISHER_CLOSED");
    scene.clock.advance(300);
    expect(scene.transcoder.told).toHaveLength(3);
    const again = scene.registry.publish({ ...scene.publisher.info });
    scene.clock.advance(100);
    expect(scene.transcoder.told).toEqual([5100, 5200, 5300, 5700]);
    lease.release();
    scene.clock.advance(1);
    scene.clock.advance(1000);
    expect(scene.transcoder.told).toHaveLength(4);
    again.close("PUBLISHER_CLOSED");
  });
});
