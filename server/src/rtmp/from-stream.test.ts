import { AmfObject, parseAmf0 } from "@millrace/media/amf";
import { parseVideoTag } from "@millrace/media/flv";
import type { TrackInfo } from "@millrace/media/frame";
import { describe, expect, it } from "vitest";
import { FakeClock } from "../core/fake-clock.ts";
import { silentLog } from "../core/log.ts";
import type { Publisher } from "../core/publisher.ts";
import { Registry } from "../core/registry.ts";
import { audioInfo, frameAt, videoInfo } from "../core/test-frames.ts";
import { RtmpPlayer, type RtmpPlayerOptions, type TagOutput } from "./from-stream.ts";
import { TagBodies } from "./tag-bodies.ts";

interface Tag {
  readonly kind: "script" | "video-config" | "audio-config" | "key" | "inter" | "audio";
  readonly timestampMs: number;
  readonly body: Uint8Array;
}

class FakeOutput implements TagOutput {
  readonly tags: Tag[] = [];
  waitingBytes = 0;
  /** What each flush adds to what waits. */
  stalled = false;
  ended: string | undefined;
  #unflushed = 0;

  writeTag(tagType: number, timestampMs: number, body: Uint8Array): void {
    this.tags.push({ kind: kindOf(tagType, body), timestampMs, body });
    this.#unflushed += body.length;
  }

  flush(): void {
    if (this.stalled) this.waitingBytes += this.#unflushed;
    this.#unflushed = 0;
  }

  streamEnded(code: string): void {
    this.ended = code;
  }

  get kinds(): string[] {
    return this.tags.map(({ kind }) => kind);
  }
}

function kindOf(tagType: number, body: Uint8Array): Tag["kind"] {
  if (tagType === 18) return "script";
  if (tagType === 8) return body[1] === 0 ? "audio-config" : "audio";
  const [packet] = parseVideoTag(body);
  if (packet?.type === "config") return "video-config";
  return packet?.type === "frame" && packet.key ? "key" : "inter";
}

function setup(tracks: readonly TrackInfo[] = [videoInfo(), audioInfo()]) {
  const clock = new FakeClock();
  const registry = new Registry({ clock, log: silentLog });
  const publish = (): Publisher =>
    registry.publish({ stream: "live/cam", transport: "rtmp", address: "::1", onKick() {} });
  const publisher = publish();
  for (const info of tracks) publisher.setTrack(info);
  const bodies = new TagBodies();
  let atMs = 0;
  /** Feeds 20 ms of audio and a video frame at a time. */
  const feed = (count: number, keyEvery = 5, size = 100): void => {
    for (let index = 0; index < count; index++) {
      if (tracks.some(({ kind }) => kind === "video")) {
        publisher.frame("video", frameAt(atMs, { key: (atMs / 20) % keyEvery === 0, size }));
      }
      publisher.frame("audio", frameAt(atMs + 1, { key: true, size: 10 }));
      clock.advance(20);
      atMs += 20;
    }
  };
  const join = (
    change: Partial<RtmpPlayerOptions> = {},
  ): { player: RtmpPlayer; output: FakeOutput } => {
    const output = new FakeOutput();
    const player = new RtmpPlayer({
      stream: publisher.stream,
      output,
      bodies,
      fourCcs: new Set(),
      queue: { maxBytes: 5_000, maxUs: 1_000_000 },
      maxWaitingBytes: 300,
      onMedia() {},
      ...change,
    });
    player.start();
    return { player, output };
  };
  return { clock, registry, publisher, publish, feed, join, bodies };
}

describe("RtmpPlayer", () => {
  it("begins with metadata, configurations and the key frame of the current group (rows 72, 73)", () => {
    const { feed, join } = setup();
    feed(8);
    const { output } = join();
    expect(output.kinds).toEqual([
      "script",
      "video-config",
      "audio-config",
      "key",
      "audio",
      "inter",
      "audio",
      "inter",
      "audio",
    ]);
    expect(output.tags.map(({ timestampMs }) => timestampMs)).toEqual([
      0, 0, 0, 0, 1, 20, 21, 40, 41,
    ]);
    feed(1);
    expect(output.kinds.slice(-2)).toEqual(["inter", "audio"]);
    expect(output.tags.at(-1)?.timestampMs).toBe(61);
  });

  it("tells what there is in the metadata", () => {
    const { output } = setup([videoInfo()]).join();
    const [name, fields] = parseAmf0(output.tags[0]?.body ?? new Uint8Array(0));
    expect(name).toBe("onMetaData");
    expect((fields as AmfObject).get("width")).toBe(1280);
    expect((fields as AmfObject).fields.has("audiocodecid")).toBe(false);
    expect(fields).toBeInstanceOf(AmfObject);
  });

  it("waits for a key frame where there is no group yet, audio included", () => {
    const { publisher, join } = setup();
    const { output } = join();
    expect(output.kinds).toEqual(["script", "video-config", "audio-config"]);
    publisher.frame("audio", frameAt(0, { key: true }));
    publisher.frame("video", frameAt(1, { key: true }));
    publisher.frame("audio", frameAt(20, { key: true }));
    expect(output.kinds.slice(3)).toEqual(["key", "audio"]);
  });

  it("plays audio alone", () => {
    const { feed, join } = setup([audioInfo()]);
    feed(3);
    const { output } = join();
    feed(2);
    expect(output.kinds).toEqual(["script", "audio-config", "audio", "audio"]);
  });

  it("plays video alone", () => {
    const { feed, join } = setup([videoInfo()]);
    feed(2);
    expect(join().output.kinds).toEqual(["script", "video-config", "key", "inter"]);
  });

  it("shares one body among all players of a stream", () => {
    const { feed, join } = setup();
    const outputs = [join(), join(), join()].map(({ output }) => output);
    feed(1);
    const bodies = outputs.map(({ tags }) => tags.find(({ kind }) => kind === "key")?.body);
    expect(bodies[0]).toBeDefined();
    expect(bodies[1]).toBe(bodies[0]);
    expect(bodies[2]).toBe(bodies[0]);
  });

  it("leaves out codecs that the client does not know, and sends them to who does", () => {
    const opus = audioInfo({ codec: "opus" });
    const hevc = videoInfo({ codec: "h265" });
    const { feed, join } = setup([hevc, opus]);
    const legacy = join();
    const modern = join({ fourCcs: new Set(["hvc1", "Opus"]) });
    const any = join({ fourCcs: new Set(["*"]) });
    const some = join({ fourCcs: new Set(["Opus"]) });
    feed(1);
    expect(legacy.output.kinds).toEqual([]);
    expect(modern.output.tags).toHaveLength(5);
    expect(any.output.tags).toHaveLength(5);
    expect(some.output.tags).toHaveLength(3);
  });

  describe("when the network is slow", () => {
    it("keeps a bounded amount, then goes on at the next key frame", () => {
      const { feed, join } = setup();
      feed(1);
      const { player, output } = join();
      output.stalled = true;
      feed(200);
      expect(output.waitingBytes).toBeLessThan(600);
      expect(player.queuedBytes).toBeLessThanOrEqual(5_000);
      expect(player.droppedFrames).toBeGreaterThan(100);
      const before = output.tags.length;
      output.stalled = false;
      output.waitingBytes = 0;
      player.drained();
      feed(10);
      expect(output.kinds[before]).toBe("key");
      const times = output.tags.map(({ timestampMs }) => timestampMs);
      expect([...times].sort((a, b) => a - b)).toEqual(times);
      expect(times.at(-1)).toBeGreaterThan(4_000);
    });

    it("sends the group of pictures as fast as the network takes it, and what is live after it", () => {
      const { feed, join } = setup();
      feed(10, 10);
      const output = new FakeOutput();
      output.stalled = true;
      const { player } = join({ output });
      expect(output.kinds.filter((kind) => kind === "inter").length).toBeLessThan(5);
      feed(2, 100);
      for (let index = 0; index < 20; index++) {
        output.waitingBytes = 0;
        player.drained();
      }
      const frames = output.kinds.filter((kind) => kind === "key" || kind === "inter");
      expect(frames).toHaveLength(12);
      const times = output.tags.map(({ timestampMs }) => timestampMs);
      expect([...times].sort((a, b) => a - b)).toEqual(times);
      expect(player.droppedFrames).toBe(0);
    });

    it("costs the others nothing", () => {
      const { feed, join } = setup();
      const slow = join();
      const quick = join();
      slow.output.stalled = true;
      feed(100);
      expect(quick.output.kinds.filter((kind) => kind === "audio")).toHaveLength(100);
    });
  });

  it("sends a new configuration before the frames that need it", () => {
    const { publisher, feed, join } = setup();
    feed(2);
    const { output } = join();
    const before = output.tags.length;
    const changed = videoInfo({ config: Uint8Array.of(1, 2, 3) });
    publisher.setTrack(changed);
    feed(8);
    expect(
      output.kinds
        .slice(before)
        .filter((kind) => kind !== "audio")
        .slice(0, 3),
    ).toEqual(["script", "video-config", "key"]);
    const config = output.tags.filter(({ kind }) => kind === "video-config").at(-1);
    expect([...(config?.body.subarray(5) ?? [])]).toEqual([1, 2, 3]);
    expect(config?.timestampMs).toBeGreaterThan(0);
  });

  it("plays a track that comes later, and goes on without one that leaves", () => {
    const { publisher, feed, join } = setup([audioInfo()]);
    const { output } = join();
    feed(1);
    publisher.setTrack(videoInfo());
    publisher.frame("video", frameAt(40, { key: true }));
    expect(output.kinds).toEqual([
      "script",
      "audio-config",
      "audio",
      "script",
      "video-config",
      "key",
    ]);
    publisher.removeTrack("video");
    feed(1);
    expect(output.kinds.slice(6)).toEqual(["script", "audio"]);
  });

  it("goes on when the publisher comes back, on one time line", () => {
    const { clock, publisher, publish, feed, join } = setup();
    feed(7);
    const { output } = join();
    publisher.close("PUBLISHER_GONE");
    clock.advance(5_000);
    const second = publish();
    second.setTrack(videoInfo());
    second.setTrack(audioInfo());
    const before = output.tags.length;
    second.frame("video", frameAt(900_000, { key: false }));
    second.frame("video", frameAt(900_020, { key: true }));
    expect(output.ended).toBeUndefined();
    expect(output.kinds.slice(before)).toEqual(["key"]);
    expect(output.tags.at(-1)?.timestampMs).toBeGreaterThan(5_000);
    expect(output.tags.at(-1)?.timestampMs).toBeLessThan(5_200);
  });

  it("pauses, and goes on at a key frame without going back in time", () => {
    const { feed, join } = setup();
    feed(3);
    const { player, output } = join();
    player.pause(true);
    const before = output.tags.length;
    feed(1);
    expect(output.tags).toHaveLength(before);
    player.pause(false);
    expect(output.tags).toHaveLength(before);
    feed(3);
    expect(output.kinds[before]).toBe("key");
    player.pause(true);
    feed(20);
    const paused = output.tags.length;
    player.pause(false);
    expect(output.kinds[paused]).toBe("key");
  });

  it("leaves out what the player does not want", () => {
    const { feed, join } = setup();
    feed(1);
    const { player, output } = join();
    player.select("audio", false);
    const before = output.tags.length;
    feed(4);
    expect(output.kinds.slice(before)).not.toContain("audio");
    player.select("audio", true);
    feed(1);
    expect(output.kinds.at(-1)).toBe("audio");
  });

  it("ends with the stream, and holds on to nothing after it was closed", () => {
    const { clock, publisher, feed, join } = setup();
    const first = join();
    const second = join();
    second.player.close();
    second.player.close();
    feed(1);
    expect(second.output.kinds).not.toContain("key");
    const { stream } = publisher;
    publisher.close("PUBLISHER_GONE");
    clock.advance(31_000);
    expect(first.output.ended).toBe("STREAM_ENDED");
    expect(second.output.ended).toBeUndefined();
    expect(stream.tracks.every(({ sinkCount }) => sinkCount === 0)).toBe(true);
  });
});
