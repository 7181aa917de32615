import { AmfObject, parseAmf0 } from "@millrace/media/amf";
import { describe, expect, test } from "vitest";
import { audioInfo, videoInfo } from "../../core/test-frames.ts";
import { heading, opus, Scene, settle, vp8 } from "./test-scene.ts";

describe("a viewer of a stream that has just begun", () => {
  test("waits for the second track", async () => {
    const scene = new Scene([videoInfo()]);
    scene.video(0, true);
    const { carrier } = scene.watch();
    scene.clock.advance(399);
    await settle();
    expect(carrier.begun).toBe(0);
    scene.publisher.setTrack(audioInfo());
    await settle();
    expect(carrier.flv.flags).toBe(5);
    // The sound's configuration comes once more in band, where it came for those who watched already.
    expect(carrier.flv.words).toEqual([...heading, "key 0"]);
    scene.video(440);
    await settle();
    expect(carrier.flv.words.slice(4)).toEqual(["onMetaData", "audio config", "inter 440"]);
  });

  test("does not wait longer than the grace time", async () => {
    const scene = new Scene([videoInfo()]);
    scene.video(0, true);
    const { carrier } = scene.watch();
    scene.clock.advance(400);
    await settle();
    expect(carrier.flv.flags).toBe(1);
    expect(carrier.flv.words).toEqual([...heading.slice(0, 2), "key 0"]);
  });

  test("waits for the grace time from the first track on", async () => {
    const scene = new Scene([]);
    const { carrier } = scene.watch();
    scene.clock.advance(5000);
    scene.publisher.setTrack(audioInfo());
    scene.clock.advance(399);
    expect(carrier.begun).toBe(0);
    scene.clock.advance(1);
    await settle();
    expect(carrier.flv.flags).toBe(4);
  });

  test("is refused when no track comes", () => {
    const scene = new Scene([]);
    const { carrier } = scene.watch();
    scene.clock.advance(9999);
    expect(carrier.refused).toBeUndefined();
    scene.clock.advance(1);
    expect(carrier.refused).toMatchObject({ code: "STREAM_NOT_READY", status: 503 });
  });

  test("is refused when all that came cannot be had", () => {
    const scene = new Scene([opus, vp8]);
    scene.transcoder.refuses = "CODEC_UNSUPPORTED";
    const { carrier } = scene.watch();
    expect(carrier.refused).toMatchObject({ code: "CODEC_UNSUPPORTED", status: 415 });
  });
});

describe("a viewer who comes late", () => {
  test("does not wait, and is told when the stream was captured", async () => {
    const scene = new Scene([videoInfo()]);
    scene.video(0, true);
    scene.video(5000, true);
    const { carrier } = scene.watch();
    await settle();
    expect(carrier.flv.words).toEqual([...heading.slice(0, 2), "key 5000"]);
    const [name, fields] = parseAmf0(carrier.flv.tags[0]?.body ?? new Uint8Array(0));
    expect(name).toBe("onMetaData");
    expect(fields).toBeInstanceOf(AmfObject);
    expect(Object.fromEntries((fields as AmfObject).fields)).toMatchObject({
      captureStreamTimeMs: 5000,
      captureWallMs: 1_700_000_005_000,
    });
    expect(carrier.flv.tags[0]?.timestampMs).toBe(0);
  });

  test("begins with the newest key frame, also in a channel that has run for long", async () => {
    const scene = new Scene([videoInfo(), audioInfo()]);
    scene.video(0, true);
    const first = scene.watch();
    for (let ms = 1000; ms <= 4000; ms += 500) scene.video(ms, ms % 1000 === 0);
    scene.audio(4010);
    await settle();
    const second = scene.watch();
    await settle();
    expect(second.carrier.flv.words).toEqual([...heading, "key 4000", "audio 4010"]);
    expect(first.carrier.flv.words.length).toBe(heading.length + 9);
  });

  test("is sent configurations as they were at that key frame, and later ones in their place", async () => {
    const scene = new Scene([videoInfo(), audioInfo()]);
    scene.video(1000, true);
    scene.watch();
    await settle();
    scene.publisher.setTrack(audioInfo({ config: Uint8Array.of(0x12, 0x10) }));
    scene.audio(1020);
    await settle();
    const { carrier } = scene.watch();
    await settle();
    expect(carrier.flv.words).toEqual([
      ...heading,
      "key 1000",
      "onMetaData",
      "audio config",
      "audio 1020",
    ]);
    const configs = [2, 5].map((index) => carrier.flv.tags[index]?.body);
    expect(configs.map((body) => Buffer.from(body ?? []).toString("hex"))).toEqual([
      "af001190",
      "af001210",
    ]);
  });

  test("of a group over the limit is sent the heading, and frames from the next key frame", async () => {
    const scene = new Scene([videoInfo()], { maxGroupBytes: 2000, maxBlockBytes: 500 });
    scene.video(1000, true, 500);
    scene.watch();
    for (let ms = 1040; ms < 1400; ms += 40) scene.video(ms, false, 500);
    await settle();
    const { carrier } = scene.watch();
    await settle();
    scene.video(1400);
    await settle();
    expect(carrier.flv.words).toEqual(heading.slice(0, 2));
    scene.video(1440, true);
    await settle();
    expect(carrier.flv.words).toEqual([...heading.slice(0, 2), "key 1440"]);
  });

  test("of sound alone begins with the last second of it", async () => {
    const scene = new Scene([audioInfo()], { audioGroupMs: 100 });
    for (let ms = 0; ms <= 1000; ms += 20) scene.audio(ms);
    const first = scene.watch();
    await settle();
    expect(first.carrier.flv.words.slice(2)).toEqual(
      [920, 940, 960, 980, 1000].map((ms) => `audio ${ms}`),
    );
    for (let ms = 1020; ms <= 1060; ms += 20) scene.audio(ms);
    await settle();
    const second = scene.watch();
    await settle();
    expect(second.carrier.flv.words.slice(2)).toEqual(
      [1020, 1040, 1060].map((ms) => `audio ${ms}`),
    );
  });
});
