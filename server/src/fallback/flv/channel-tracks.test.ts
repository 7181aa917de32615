import { describe, expect, test } from "vitest";
import { audioInfo, frameAt, videoInfo } from "../../core/test-frames.ts";
import { heading, opus, Scene, settle, vp8 } from "./test-scene.ts";

describe("tracks", () => {
  test("that come later are announced in band", async () => {
    const scene = new Scene([videoInfo()]);
    scene.video(1000, true);
    const { carrier } = scene.watch();
    scene.publisher.setTrack(audioInfo());
    scene.audio(1020);
    await settle();
    expect(carrier.flv.words.slice(2)).toEqual([
      "key 1000",
      "onMetaData",
      "audio config",
      "audio 1020",
    ]);
  });

  test("made by a transcoder are announced before they are configured", async () => {
    const scene = new Scene([videoInfo(), opus]);
    scene.video(1000, true);
    const { carrier } = scene.watch();
    await settle();
    expect(carrier.flv.flags).toBe(5);
    expect(carrier.flv.words).toEqual([...heading.slice(0, 2), "key 1000"]);
    const [derivation] = scene.transcoder.running;
    expect(derivation?.target).toEqual({ kind: "audio", codec: "aac" });
    derivation?.sink.info(audioInfo());
    derivation?.sink.frame(frameAt(1005, { key: true, size: 20 }));
    await settle();
    expect(carrier.flv.words.slice(3)).toEqual(["onMetaData", "audio config", "audio 1005"]);
  });

  test("that a transcoder loses are asked for again after a while", async () => {
    const scene = new Scene([videoInfo(), opus], { retryMs: 10_000 });
    scene.video(1000, true);
    const { carrier } = scene.watch();
    scene.transcoder.running[0]?.sink.failed("TRANSCODER_FAILED", "It broke.");
    expect(scene.transcoder.running.length).toBe(0);
    scene.clock.advance(9000);
    scene.channel?.tick(scene.clock.nowUs());
    expect(scene.transcoder.running.length).toBe(0);
    scene.clock.advance(2000);
    scene.channel?.tick(scene.clock.nowUs());
    expect(scene.transcoder.running.length).toBe(1);
    scene.transcoder.running[0]?.sink.info(audioInfo());
    scene.transcoder.running[0]?.sink.frame(frameAt(12_000, { key: true, size: 20 }));
    await settle();
    expect(carrier.flv.words.at(-1)).toBe("audio 12000");
    expect(scene.ended.size).toBe(0);
  });

  test("that are the only ones end their viewers when they are lost", () => {
    const scene = new Scene([opus]);
    scene.clock.advance(1000);
    const { viewer } = scene.watch();
    scene.transcoder.running[0]?.sink.failed("TRANSCODER_FAILED", "It broke.");
    expect(scene.ended.get(viewer)).toBe("TRANSCODER_FAILED");
  });

  test("whose codec changes are taken from where they can be had", async () => {
    const scene = new Scene([vp8]);
    scene.clock.advance(1000);
    const { carrier } = scene.watch();
    await settle();
    expect(scene.transcoder.running.length).toBe(1);
    scene.publisher.setTrack(videoInfo());
    scene.clock.advance(5000);
    expect(scene.transcoder.running.length).toBe(0);
    scene.video(6000, true);
    await settle();
    expect(carrier.flv.words.slice(-3)).toEqual(["onMetaData", "video config", "key 6000"]);
  });

  test("that are removed take nobody with them", async () => {
    const scene = new Scene([videoInfo(), audioInfo()]);
    scene.video(1000, true);
    const { carrier } = scene.watch();
    scene.publisher.removeTrack("video");
    for (let ms = 1020; ms < 1100; ms += 20) scene.audio(ms);
    await settle();
    expect(carrier.flv.words.at(-1)).toBe("audio 1080");
    expect(scene.ended.size).toBe(0);
  });
});

describe("a stream", () => {
  test("whose publisher returns goes on in its own time", async () => {
    const scene = new Scene([videoInfo(), audioInfo()]);
    scene.video(1000, true);
    const { carrier, viewer } = scene.watch();
    scene.publisher.close("PUBLISHER_CLOSED");
    scene.clock.advance(10_000);
    scene.publish(videoInfo(), audioInfo());
    scene.publisher.frame("video", frameAt(0, { key: true }));
    await settle();
    expect(carrier.flv.words.slice(3)).toEqual(["key 1000", "onMetaData", "key 11000"]);
    expect(viewer.stats.framesDropped).toBe(0);
    expect(scene.ended.size).toBe(0);
  });

  test("that ends is ended for its viewers, after its last frames", async () => {
    const scene = new Scene([videoInfo(), audioInfo()]);
    scene.video(1000, true);
    const { carrier, viewer } = scene.watch();
    scene.video(1040);
    scene.stream.end("PUBLISHER_CLOSED");
    await settle();
    expect(scene.ended.get(viewer)).toBe("STREAM_ENDED");
    expect(carrier.flv.words.at(-1)).toBe("inter 1040");
  });

  test("is let go when its channel is closed", async () => {
    const scene = new Scene([videoInfo(), opus]);
    scene.video(1000, true);
    const { viewer } = scene.watch();
    scene.video(1040);
    scene.channel?.remove(viewer);
    scene.channel?.close();
    scene.channel?.close();
    await settle();
    expect(scene.stream.track("video")?.sinkCount).toBe(0);
    expect(scene.pace.viewers).toBe(0);
    scene.clock.advance(10_000);
    expect(scene.transcoder.running.length).toBe(0);
    expect(scene.clock.timers).toBe(0);
  });
});

describe("the capture time", () => {
  test("is repeated in band, in front of a key frame, once it is old or was moved", async () => {
    const scene = new Scene([videoInfo()], { captureTimeMs: 10_000 });
    scene.video(1000, true);
    const { carrier } = scene.watch();
    scene.video(5000, true);
    scene.publisher.setCaptureDelay(100_000);
    scene.video(6000);
    scene.video(7000, true);
    scene.video(16_000, true);
    scene.video(17_000, true);
    await settle();
    expect(carrier.flv.words.slice(2)).toEqual([
      "key 1000",
      "key 5000",
      "inter 6000",
      "onMetaData",
      "key 7000",
      "key 16000",
      "onMetaData",
      "key 17000",
    ]);
  });
});

test("times are those of the stream modulo 2^32 milliseconds", async () => {
  const scene = new Scene([videoInfo()]);
  scene.video(2 ** 32 - 20, true);
  const { carrier } = scene.watch();
  scene.video(2 ** 32 + 20);
  await settle();
  expect(carrier.flv.words.slice(2)).toEqual([`key ${2 ** 32 - 20}`, "inter 20"]);
});
