import type { Frame, TrackInfo } from "@millrace/media/frame";
import { beforeEach, describe, expect, test } from "vitest";
import { FakeClock } from "./fake-clock.ts";
import { FakeTranscoder } from "./fake-transcoder.ts";
import { silentLog } from "./log.ts";
import type { Publisher } from "./publisher.ts";
import { Registry } from "./registry.ts";
import type { StreamChange } from "./stream-events.ts";
import { parseStreamName } from "./stream-name.ts";
import { audioInfo, frameAt, videoInfo } from "./test-frames.ts";
import type { FrameSink, Track } from "./track.ts";

class Sink implements FrameSink {
  readonly frames: Frame[] = [];
  readonly infos: TrackInfo[] = [];
  endedWith: string | undefined;
  frame(frame: Frame): void {
    this.frames.push(frame);
  }
  info(info: TrackInfo): void {
    this.infos.push(info);
  }
  ended(_track: Track, code: string): void {
    this.endedWith = code;
  }
}

let clock: FakeClock;
let registry: Registry;
let transcoder: FakeTranscoder;
const kicked: string[] = [];

beforeEach(() => {
  clock = new FakeClock();
  transcoder = new FakeTranscoder();
  kicked.length = 0;
  registry = new Registry({
    clock,
    log: silentLog,
    transcoder,
    limits: { graceMs: 30_000, maxStreams: 2, maxViewersPerStream: 2, derivedLingerMs: 5000 },
  });
});

function publish(stream = "live/cam"): Publisher {
  return registry.publish({
    stream,
    transport: "rtmp",
    address: "127.0.0.1",
    onKick: (reason) => kicked.push(reason),
  });
}

/** One second of 25 fps video with the first frame a key frame, in encoder time from `fromMs`. */
function second(publisher: Publisher, fromMs: number): void {
  for (let i = 0; i < 25; i++) {
    publisher.frame("video", frameAt(fromMs + i * 40, { key: i === 0 }));
    clock.advance(40);
  }
}

describe("Registry", () => {
  test("a name that is taken is refused, and only that", () => {
    publish();
    expect(() => publish()).toThrow(expect.objectContaining({ code: "STREAM_BUSY", status: 409 }));
    publish("live/other");
    expect(() => publish("live/third")).toThrow(expect.objectContaining({ code: "STREAMS_FULL" }));
  });

  test("frames reach the subscriber on the stream's own clock", () => {
    const publisher = publish();
    publisher.setTrack(videoInfo());
    const sink = new Sink();
    publisher.stream.track("video")?.subscribe(sink);
    clock.advance(500);
    publisher.frame("video", frameAt(7_000_000, { key: true }));
    expect(sink.frames.map((frame) => frame.dtsUs)).toEqual([500_000]);
    expect(publisher.stream.captureWallMs(500_000)).toBe(clock.wallMs());
  });

  test("nothing is handed out before the first key frame", () => {
    const publisher = publish();
    publisher.setTrack(videoInfo());
    const sink = new Sink();
    publisher.stream.track("video")?.subscribe(sink);
    publisher.frame("video", frameAt(0));
    expect(sink.frames).toHaveLength(0);
  });

  test("a publisher that returns within the grace time finds its viewers, who see one continuous stream", () => {
    const changes: StreamChange[] = [];
    registry.observe("live/cam", (change) => changes.push(change));
    const first = publish();
    first.setTrack(videoInfo());
    const sink = new Sink();
    const stream = first.stream;
    stream.track("video")?.subscribe(sink);
    second(first, 0);
    first.close("CONNECTION_LOST");
    clock.advance(29_000);
    const again = publish();
    expect(again.stream).toBe(stream);
    again.setTrack(videoInfo());
    again.frame("video", frameAt(0));
    second(again, 40);
    const times = sink.frames.map((frame) => frame.dtsUs);
    expect(times).toHaveLength(50);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(times[25]).toBe(30_000_000);
    expect(sink.frames[25]?.key).toBe(true);
    expect(sink.endedWith).toBeUndefined();
    expect(changes.filter((change) => change.type === "state")).toEqual([
      { type: "state", state: "live", reason: "PUBLISHED" },
      { type: "state", state: "waiting", reason: "CONNECTION_LOST" },
      { type: "state", state: "live", reason: "PUBLISHER_RETURNED" },
    ]);
  });

  test("after the grace time the stream is over and nothing of it is left", () => {
    const publisher = publish();
    publisher.setTrack(videoInfo());
    const sink = new Sink();
    publisher.stream.track("video")?.subscribe(sink);
    publisher.close("CONNECTION_LOST");
    clock.advance(29_999);
    expect(registry.get("live/cam")).toBeDefined();
    clock.advance(1);
    expect(registry.get("live/cam")).toBeUndefined();
    expect(sink.endedWith).toBe("STREAM_ENDED");
    expect(clock.timers).toBe(0);
  });

  test("a track that the returned publisher does not have any more goes after a while", () => {
    const first = publish();
    first.setTrack(videoInfo());
    first.setTrack(audioInfo());
    first.close("CONNECTION_LOST");
    const again = publish();
    again.setTrack(videoInfo());
    expect(again.stream.tracks.map((track) => track.kind)).toEqual(["video", "audio"]);
    clock.advance(3000);
    expect(again.stream.tracks.map((track) => track.kind)).toEqual(["video"]);
  });

  test("a new configuration is told once, and only when it is new", () => {
    const publisher = publish();
    publisher.setTrack(videoInfo());
    const sink = new Sink();
    publisher.stream.track("video")?.subscribe(sink);
    publisher.setTrack(videoInfo());
    expect(sink.infos).toHaveLength(0);
    publisher.setTrack(videoInfo({ config: Uint8Array.of(1, 0x64, 0, 0x28), width: 1920 }));
    expect(sink.infos).toMatchObject([{ width: 1920 }]);
  });

  test("B-frames are found from the times when the configuration is silent", () => {
    const publisher = publish();
    publisher.setTrack(videoInfo({ reorderDepth: undefined }));
    const track = publisher.stream.track("video");
    expect(track?.reorders).toBeUndefined();
    publisher.frame("video", frameAt(0, { key: true, ptsMs: 80 }));
    publisher.frame("video", frameAt(40, { ptsMs: 200 }));
    expect(track?.reorders).toBeUndefined();
    publisher.frame("video", frameAt(80, { ptsMs: 120 }));
    expect(track?.reorders).toBe(true);
    expect(publisher.stream.hints.map((hint) => hint.code)).toEqual(["B_FRAMES"]);
  });

  test("a constant composition offset is not a B-frame", () => {
    const publisher = publish();
    publisher.setTrack(videoInfo({ reorderDepth: undefined }));
    for (let i = 0; i < 31; i++) {
      publisher.frame("video", frameAt(i * 40, { key: i % 25 === 0, ptsMs: i * 40 + 80 }));
    }
    expect(publisher.stream.track("video")?.reorders).toBe(false);
    expect(publisher.stream.hints).toEqual([]);
  });

  test("a long key frame interval gives the encoder's user a hint", () => {
    const publisher = publish();
    publisher.setTrack(videoInfo());
    for (let i = 0; i <= 250; i++) {
      publisher.frame("video", frameAt(i * 40, { key: i % 250 === 0, size: 1 }));
      clock.advance(40);
    }
    expect(publisher.stream.hints.map((hint) => hint.code)).toEqual(["KEY_INTERVAL_LONG"]);
  });

  test("viewers are counted up to the limit", () => {
    const { stream } = publish();
    const info = { transport: "webrtc", address: "127.0.0.1" } as const;
    const viewer = stream.addViewer(info);
    stream.addViewer(info);
    expect(() => stream.addViewer(info)).toThrow(expect.objectContaining({ code: "VIEWERS_FULL" }));
    viewer.close();
    viewer.close();
    expect(stream.viewers.size).toBe(1);
  });

  test("a sink that throws is removed and costs nobody else a frame", () => {
    const publisher = publish();
    publisher.setTrack(videoInfo());
    const track = publisher.stream.track("video");
    const broken = new Sink();
    broken.frame = () => {
      throw new Error("bug");
    };
    const good = new Sink();
    track?.subscribe(broken);
    track?.subscribe(good);
    second(publisher, 0);
    expect(broken.endedWith).toBe("INTERNAL_ERROR");
    expect(good.frames).toHaveLength(25);
  });

  test("closing kicks publishers, ends streams and takes no more", () => {
    const publisher = publish();
    publisher.setTrack(videoInfo());
    registry.close("SHUTDOWN");
    registry.close("SHUTDOWN");
    expect(kicked).toEqual(["SHUTDOWN"]);
    expect(registry.list()).toEqual([]);
    expect(clock.timers).toBe(0);
    expect(() => publish()).toThrow(expect.objectContaining({ code: "SHUTTING_DOWN" }));
  });

  test("1 000 publish and stop cycles leave nothing behind", () => {
    for (let i = 0; i < 1000; i++) {
      const publisher = publish(`live/cam${i}`);
      publisher.setTrack(videoInfo());
      publisher.stream.addViewer({ transport: "webrtc", address: "::1" });
      registry.observe(`live/cam${i}`, () => {})();
      publisher.close("DONE");
      clock.advance(30_000);
    }
    expect(registry.list()).toEqual([]);
    expect(clock.timers).toBe(0);
  });
});

describe("derived tracks", () => {
  test("one transcoder serves everybody, from the first lease until a while after the last", () => {
    const publisher = publish();
    publisher.setTrack(audioInfo());
    const target = { kind: "audio", codec: "opus" } as const;
    const a = publisher.stream.acquire(target);
    const b = publisher.stream.acquire(target);
    expect(a.track).toBe(b.track);
    expect(transcoder.running).toHaveLength(1);
    const sink = new Sink();
    a.track.subscribe(sink);
    publisher.frame("audio", frameAt(0, { key: true }));
    transcoder.running[0]?.sink.frame(frameAt(0, { key: true }));
    expect(sink.frames).toHaveLength(1);
    a.release();
    a.release();
    b.release();
    clock.advance(4999);
    expect(transcoder.running).toHaveLength(1);
    clock.advance(1);
    expect(transcoder.running).toHaveLength(0);
    expect(sink.endedWith).toBe("UNUSED");
  });

  test("a lease taken while it lingers keeps it alive", () => {
    const publisher = publish();
    publisher.setTrack(audioInfo());
    const target = { kind: "audio", codec: "opus" } as const;
    publisher.stream.acquire(target).release();
    clock.advance(1000);
    publisher.stream.acquire(target);
    clock.advance(60_000);
    expect(transcoder.running).toHaveLength(1);
  });

  test("derived video starts with the cached group of pictures", () => {
    const publisher = publish();
    publisher.setTrack(videoInfo({ reorderDepth: 2 }));
    second(publisher, 0);
    publisher.stream.acquire({ kind: "video", codec: "h264", reorder: false });
    expect(transcoder.running[0]?.pushed).toHaveLength(25);
  });

  test("a transcoder that gives up ends the derived track; the next lease starts anew", () => {
    const publisher = publish();
    publisher.setTrack(audioInfo());
    const target = { kind: "audio", codec: "opus" } as const;
    const { track } = publisher.stream.acquire(target);
    const sink = new Sink();
    track.subscribe(sink);
    transcoder.running[0]?.sink.failed("TRANSCODER_CRASHED", "gone");
    expect(sink.endedWith).toBe("TRANSCODER_CRASHED");
    expect(publisher.stream.acquire(target).track).not.toBe(track);
  });

  test("what cannot be made is refused with its code", () => {
    const { stream } = publish();
    const target = { kind: "audio", codec: "opus" } as const;
    expect(() => stream.acquire(target)).toThrow(
      expect.objectContaining({ code: "TRACK_MISSING" }),
    );
    stream.setTrack(audioInfo());
    transcoder.refuses = "CODEC_UNSUPPORTED";
    expect(() => stream.acquire(target)).toThrow(
      expect.objectContaining({ code: "CODEC_UNSUPPORTED", status: 415 }),
    );
    transcoder.refuses = "TRANSCODER_CRASHED";
    expect(() => stream.acquire(target)).toThrow(expect.objectContaining({ status: 503 }));
  });

  test("the end of the stream closes its transcoders", () => {
    const publisher = publish();
    publisher.setTrack(audioInfo());
    publisher.stream.acquire({ kind: "audio", codec: "opus" });
    registry.close("SHUTDOWN");
    expect(transcoder.running).toHaveLength(0);
    expect(clock.timers).toBe(0);
  });
});

describe("parseStreamName", () => {
  test.each(["live/cam", "cam", "a/b/c", "live/John.Doe_1-2+3", "x".repeat(128)])(
    "takes %s",
    (name) => {
      expect(parseStreamName(name)).toBe(name);
    },
  );
  test.each([
    "",
    "/",
    "live/",
    "/live",
    "a/b/c/d",
    "live/..",
    "live/.",
    "live/ü",
    "live/a b",
    "x".repeat(129),
    "live/a?b",
    "live/%2e",
  ])("refuses %s", (name) => {
    expect(() => parseStreamName(name)).toThrow(
      expect.objectContaining({ code: "STREAM_NAME_INVALID", status: 400 }),
    );
  });
});
