import { beforeEach, describe, expect, test } from "vitest";
import { adviceList } from "./encoder-advice.ts";
import { FakeClock } from "./fake-clock.ts";
import { noFigures } from "./figures.ts";
import { silentLog } from "./log.ts";
import type { Transport } from "./ports.ts";
import type { Publisher } from "./publisher.ts";
import { Registry } from "./registry.ts";
import type { StreamChange } from "./stream-events.ts";
import { audioInfo, frameAt, videoInfo } from "./test-frames.ts";

let clock: FakeClock;
let registry: Registry;
let publisher: Publisher;
let changes: StreamChange[];

function open(transport: Transport = "rtmp"): void {
  publisher = registry.publish({
    ...{ stream: "live/cam", transport, address: "127.0.0.1", userAgent: "agent/1" },
    onKick: () => {},
  });
  publisher.stream.observe((change) => changes.push(change));
  publisher.setTrack(videoInfo());
  publisher.setTrack(audioInfo());
}

beforeEach(() => {
  clock = new FakeClock();
  registry = new Registry({ clock, log: silentLog });
  changes = [];
  open();
});

interface Encoder {
  readonly seconds: number;
  readonly fps?: number;
  readonly keySeconds?: number;
  /** Encoder's time per time that passes. */
  readonly speed?: number;
  readonly sound?: boolean;
  /** How much later the sound is than the picture. */
  readonly soundLateMs?: number;
  /** Every other picture comes so much later. */
  readonly unevenMs?: number;
  size?(second: number): number;
}

let atMs = 0;
beforeEach(() => {
  atMs = 0;
});

/** Publishes for a time in steps of 20 ms, as an encoder does whose clock and settings may be wrong. */
function encode(options: Encoder): void {
  const { fps = 25, keySeconds = 2, speed = 1, sound = true, soundLateMs = 0 } = options;
  const picturesMs = 1000 / fps;
  const end = atMs + options.seconds * 1000 * speed;
  let nextMs = Math.ceil(atMs / picturesMs) * picturesMs;
  while (atMs < end) {
    while (nextMs <= atMs) {
      const number = Math.round(nextMs / picturesMs);
      const key = keySeconds > 0 && number % Math.round(keySeconds * fps) === 0;
      const late = number % 2 === 1 ? (options.unevenMs ?? 0) : 0;
      const size = options.size?.(Math.floor(nextMs / 1000)) ?? 5000;
      publisher.frame("video", frameAt(nextMs + late, { key, size }));
      nextMs += picturesMs;
    }
    if (sound) publisher.frame("audio", frameAt(atMs - soundLateMs, { key: true }));
    clock.advance(20);
    atMs += 20 * speed;
  }
}

const codes = (): string[] => publisher.stream.hints.map(({ code }) => code);
const message = (code: string): string =>
  publisher.stream.hints.find((hint) => hint.code === code)?.message ?? "";

describe("of what an encoder could do better", () => {
  test("nothing is said when all is well", () => {
    encode({ seconds: 120 });
    expect(codes()).toEqual([]);
  });

  test("an encoder that is slower than time", () => {
    encode({ seconds: 30, speed: 0.9 });
    expect(codes()).toContain("ENCODER_SLOW");
    expect(message("ENCODER_SLOW")).toContain("10 % slower");
    encode({ seconds: 40 });
    expect(codes()).toEqual([]);
  });

  test("one that stands still is not slow, it is away", () => {
    encode({ seconds: 20 });
    clock.advance(20_000);
    expect(codes()).toEqual([]);
  });

  test("no key frames", () => {
    encode({ seconds: 12, keySeconds: 0 });
    expect(codes()).toEqual(["KEY_FRAME_MISSING"]);
    expect(message("KEY_FRAME_MISSING")).toContain("-g 60");
    encode({ seconds: 20 });
    expect(codes()).toEqual([]);
  });

  test("key frames far apart, which is taken back", () => {
    encode({ seconds: 20, keySeconds: 6 });
    expect(codes()).toEqual(["KEY_INTERVAL_LONG"]);
    encode({ seconds: 6 });
    expect(codes()).toEqual([]);
  });

  test("no sound at all, and sound that stops", () => {
    publisher.removeTrack("audio");
    encode({ seconds: 15, sound: false });
    expect(message("SOUND_MISSING")).toContain("has no sound");
    publisher.setTrack(audioInfo());
    encode({ seconds: 15 });
    expect(codes()).toEqual([]);
    encode({ seconds: 25, sound: false });
    expect(message("SOUND_MISSING")).toContain("stopped");
  });

  test("a browser may be without sound, and show few pictures", () => {
    publisher.close("PEER_CLOSED");
    open("webrtc");
    publisher.removeTrack("audio");
    encode({ seconds: 30, sound: false, fps: 5 });
    expect(codes()).toEqual([]);
  });

  test.each([
    [800, "picture comes 800 ms before the sound"],
    [-800, "sound comes 800 ms before the picture"],
  ])("sound that is %i ms late", (soundLateMs, said) => {
    encode({ seconds: 20, soundLateMs });
    expect(message("AUDIO_VIDEO_APART")).toContain(said);
    encode({ seconds: 20 });
    expect(codes()).toEqual([]);
  });

  test("a time line that jumps", () => {
    for (let jump = 0; jump < 3; jump++) {
      encode({ seconds: 5 });
      atMs += 3_600_000;
    }
    encode({ seconds: 5 });
    expect(codes()).toEqual(["TIMELINE_JUMPS"]);
    encode({ seconds: 75 });
    expect(codes()).toEqual([]);
  });

  test("a clock that is far too fast", () => {
    encode({ seconds: 100, speed: 1.003 });
    expect(codes()).toEqual(["CLOCK_DRIFT"]);
    expect(message("CLOCK_DRIFT")).toContain("0.3 % too fast");
  });

  test("few pictures", () => {
    encode({ seconds: 20, fps: 8 });
    expect(codes()).toEqual(["FRAME_RATE_LOW"]);
    expect(message("FRAME_RATE_LOW")).toContain("Only 8.0 pictures");
    encode({ seconds: 20 });
    expect(codes()).toEqual([]);
  });

  test("pictures at uneven times", () => {
    encode({ seconds: 20, unevenMs: 25 });
    expect(codes()).toEqual(["FRAME_RATE_VARIABLE"]);
    encode({ seconds: 20 });
    expect(codes()).toEqual([]);
  });

  test("a bit rate that swings", () => {
    encode({ seconds: 40, size: (second) => (second % 12 < 3 ? 40_000 : 5000) });
    expect(codes()).toEqual(["BITRATE_UNSTEADY"]);
    encode({ seconds: 60 });
    expect(codes()).toEqual([]);
  });

  test("a bit rate above what viewers' networks carry", () => {
    const add = (estimateBps: number) =>
      publisher.stream.addViewer({
        ...{ transport: "webrtc", address: "192.0.2.1" },
        stats: () => ({ ...noFigures, estimateBps }),
      });
    const slow = [add(500_000), add(600_000)];
    encode({ seconds: 40 });
    // Two are not enough to say so.
    expect(codes()).toEqual([]);
    slow.push(add(3_000_000));
    encode({ seconds: 40 });
    expect(message("BITRATE_ABOVE_VIEWERS")).toContain("less than 0.6 Mbit/s");
    for (const viewer of slow) viewer.close();
    encode({ seconds: 20 });
    expect(codes()).toEqual([]);
  });

  test("sound that has to be resampled", () => {
    publisher.setTrack(audioInfo({ sampleRate: 44_100, config: Uint8Array.of(0x12, 0x10) }));
    encode({ seconds: 3 });
    expect(message("SAMPLE_RATE")).toContain("44.1 kHz");
  });
});

test("is said once, and taken back once, to whoever follows the stream", () => {
  encode({ seconds: 20, fps: 8 });
  encode({ seconds: 40 });
  expect(changes.filter(({ type }) => type.startsWith("hint"))).toEqual([
    { type: "hint", hint: expect.objectContaining({ code: "FRAME_RATE_LOW" }) },
    { type: "hint-cleared", code: "FRAME_RATE_LOW" },
  ]);
});

test("every advice names a setting of OBS or ffmpeg, or what to do", () => {
  const codesOf = adviceList.map(({ code }) => code);
  expect(new Set(codesOf).size).toBe(codesOf.length);
});

describe("figures", () => {
  test("of the media", () => {
    encode({ seconds: 60 });
    expect(publisher.figures).toMatchObject({
      frameRate: expect.closeTo(25, 0),
      keyIntervalMs: 2000,
      bFrames: false,
      timelineJumps: 0,
      clockDriftPpm: expect.closeTo(0, -3),
      encoder: "agent/1",
      tracks: [
        { kind: "video", codec: "avc1.42e01f", framesReceived: 1500, bFrames: false },
        { kind: "audio", codec: "mp4a.40.2", framesReceived: 3000 },
      ],
    });
    const { bitrateBps = 0, jitterMs = -1, framesReceived } = publisher.figures;
    expect(bitrateBps).toBeGreaterThan(25 * 5000 * 8);
    expect(framesReceived).toBe(4500);
    expect(jitterMs).toBeGreaterThanOrEqual(0);
  });

  test("what the media says of the encoder counts more than the user agent", () => {
    publisher.setEncoder("obs-output module (libobs version 30.0.0)");
    expect(publisher.figures.encoder).toContain("obs-output");
  });

  test("of the transport go before core's", () => {
    publisher.close("PEER_CLOSED");
    publisher = registry.publish({
      ...{ stream: "live/other", transport: "whip", address: "127.0.0.1" },
      onKick: () => {},
      stats: () => ({
        ...{ bytesReceived: 7, lossRatio: 0.5 },
        tracks: [
          {
            ...{ kind: "video", codec: "h264", bitrateBps: 9, jitterMs: 4, framesReceived: 11 },
            lossRatio: 0.5,
          },
        ],
      }),
    });
    publisher.setTrack(videoInfo());
    expect(publisher.figures).toMatchObject({
      ...{ bytesReceived: 7, lossRatio: 0.5, framesReceived: 11, jitterMs: 4 },
      tracks: [{ kind: "video", lossRatio: 0.5, jitterMs: 4 }],
    });
  });
});
