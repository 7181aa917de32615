import { describe, expect, test } from "vitest";
import { frameAt, videoInfo } from "../../core/test-frames.ts";
import { heading, opus, Scene, settle } from "./test-scene.ts";

const aac = { kind: "audio", codec: "aac", codecString: "mp4a.40.2", sampleRate: 48_000 } as const;
const aacInfo = { ...aac, channels: 2, config: Uint8Array.of(0x11, 0x90) };

/** A stream of Opus and pictures, both cached from 1000 ms on. */
function cached(): Scene {
  const scene = new Scene([videoInfo(), opus]);
  for (let ms = 1000; ms < 1500; ms += 100) {
    scene.video(ms, ms === 1000);
    scene.audio(ms + 10);
  }
  return scene;
}

/** What the codec makes of sound up to a time that has not been made. */
function transcode(scene: Scene, fromMs: number, toMs: number): void {
  const [derivation] = scene.transcoder.running;
  for (let ms = fromMs; ms < toMs; ms += 100) {
    derivation?.sink.frame(frameAt(ms, { key: true, size: 10 }));
  }
}

describe("the first viewer of AAC that has to be made", () => {
  test("is sent the cached group of pictures with its sound, in order, and what is live once", async () => {
    const scene = cached();
    const { carrier } = scene.watch();
    scene.transcoder.running[0]?.sink.info(aacInfo);
    transcode(scene, 1010, 1310);
    scene.video(1500);
    await settle();
    expect(carrier.begun).toBe(0);
    transcode(scene, 1310, 1410);
    await settle();
    expect(carrier.flv.words).toEqual([
      ...heading,
      ...["key 1000", "audio 1010", "inter 1100", "audio 1110", "inter 1200", "audio 1210"],
      ...["inter 1300", "audio 1310", "inter 1400", "inter 1500"],
    ]);
    scene.video(1600);
    transcode(scene, 1410, 1510);
    await settle();
    expect(carrier.flv.words.slice(-2)).toEqual(["inter 1600", "audio 1410"]);
  });

  test("does not wait longer for it than the limit", async () => {
    const scene = cached();
    const { carrier } = scene.watch();
    scene.clock.advance(scene.limits.soundWaitMs - 1);
    await settle();
    expect(carrier.begun).toBe(0);
    scene.clock.advance(1);
    await settle();
    expect(carrier.flv.words.filter((word) => word.startsWith("key"))).toEqual(["key 1000"]);
    // What comes too late is for those who come later.
    transcode(scene, 1010, 1410);
    await settle();
    expect(carrier.flv.words.filter((word) => word.startsWith("audio 1"))).toEqual(["audio 1310"]);
  });

  test("does not wait for a codec that gave up", async () => {
    const scene = cached();
    const { carrier } = scene.watch();
    scene.transcoder.running[0]?.sink.failed("TRANSCODER_CRASHED", "gone");
    await settle();
    expect(carrier.flv.words).toEqual([
      ...heading.slice(0, 2),
      ...["key 1000", "inter 1100", "inter 1200", "inter 1300", "inter 1400"],
    ]);
  });

  test("does not hold up the end", async () => {
    const scene = cached();
    const { viewer } = scene.watch();
    scene.channel?.close();
    scene.stream.end("PUBLISHER_CLOSED");
    scene.clock.advance(10_000);
    await settle();
    expect(viewer.isOpen).toBe(false);
    expect(scene.clock.timers).toBe(0);
  });
});
