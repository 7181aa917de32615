import type { AudioTrackInfo, Frame } from "@millrace/media/frame";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RefusedError, Registry, silentLog, systemClock } from "../core/index.ts";
import { createTranscodePool } from "./create-pool.ts";
import type { TranscodePool } from "./pool.ts";
import { pushLive } from "./test/live.ts";
import { aacClicks, type TestTrack } from "./test/media.ts";
import { hasFfmpeg, hasNodeAv, until } from "./test/tools.ts";

const opus = { kind: "audio", codec: "opus" } as const;

describe.skipIf(!hasNodeAv || !hasFfmpeg)("a stream with a transcoder", { timeout: 60_000 }, () => {
  let pool: TranscodePool;
  let track: TestTrack<AudioTrackInfo>;

  beforeAll(async () => {
    pool = await createTranscodePool({ clock: systemClock, log: silentLog, engine: "node-av" });
    track = await aacClicks(44_100, 2, 2);
  }, 60_000);
  afterAll(() => pool.close());

  it("hands out Opus made of its AAC while somebody holds a lease", async () => {
    const limits = { derivedLingerMs: 0 };
    const registry = new Registry({ clock: systemClock, log: silentLog, transcoder: pool, limits });
    const publisher = registry.publish({
      stream: "live/cam",
      transport: "rtmp",
      address: "127.0.0.1",
      onKick() {},
    });
    publisher.setTrack(track.info);
    const lease = publisher.stream.acquire(opus);
    const frames: Frame[] = [];
    lease.track.subscribe({ frame: (frame) => void frames.push(frame) });
    const source = { push: (frame: Frame) => publisher.frame("audio", frame) };
    await pushLive([{ ...source, reconfigure() {}, close() {} }], track.frames);
    await until(() => frames.length >= 90, "Opus packets");
    expect(lease.track.info).toMatchObject({ codec: "opus", sampleRate: 48_000, channels: 2 });
    expect(lease.track.info.config).toHaveLength(19);
    expect(frames.every((frame) => frame.key && frame.payload.length === 1)).toBe(true);
    const nowUs = publisher.stream.nowUs();
    expect(frames.at(-1)?.ptsUs).toBeLessThan(nowUs);
    lease.release();
    await until(() => pool.counters().derivations === 0, "the end of the derivation");
    publisher.close("TEST");
    registry.close("TEST");
  });

  it("says why there is no Opus when there is no transcoder", async () => {
    const none = await createTranscodePool({ clock: systemClock, log: silentLog, engine: "none" });
    const registry = new Registry({ clock: systemClock, log: silentLog, transcoder: none });
    const publisher = registry.publish({
      stream: "live/cam",
      transport: "rtmp",
      address: "127.0.0.1",
      onKick() {},
    });
    publisher.setTrack(track.info);
    expect(() => publisher.stream.acquire(opus)).toThrow(
      expect.toSatisfy((error: unknown) => {
        return error instanceof RefusedError && error.code === "NO_TRANSCODER";
      }),
    );
    registry.close("TEST");
  });
});
