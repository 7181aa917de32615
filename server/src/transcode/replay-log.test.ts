import type { Frame, TrackInfo } from "@millrace/media/frame";
import { describe, expect, it } from "vitest";
import { audioInfo, frameAt, videoInfo } from "../core/test-frames.ts";
import { defaultTranscodeLimits, type TranscodeLimits } from "./limits.ts";
import { ReplayLog } from "./replay-log.ts";

const none = new Uint8Array(0);
const running = { waiting: false, recovering: false };
const recovering = { waiting: false, recovering: true };
const waiting = { waiting: true, recovering: false };

function logOf(info: TrackInfo, limits: Partial<TranscodeLimits> = {}): ReplayLog {
  return new ReplayLog(info, { ...defaultTranscodeLimits, ...limits });
}

function times(entries: readonly { frame: Frame | undefined }[]): number[] {
  return entries.map(({ frame }) => (frame?.dtsUs ?? Number.NaN) / 1000);
}

/** Pushes audio frames 20 ms apart, acknowledging all but the last `open`. Checkpoint of frame n is [n]. */
function audioRun(log: ReplayLog, count: number, open: number): void {
  for (let index = 0; index < count; index++) {
    const entry = log.push(frameAt(index * 20), index * 20_000, running);
    if (entry !== undefined && index < count - open) log.ack(entry.seq, Uint8Array.of(index));
  }
}

describe("ReplayLog of audio", () => {
  it("replays what is not acknowledged and twelve frames before it, from the state before them", () => {
    const log = logOf(audioInfo());
    audioRun(log, 30, 3);
    expect(log.pending).toBe(3);
    log.rewind(0, false);
    const replay = log.replay();
    expect(times(replay.entries)).toEqual(Array.from({ length: 15 }, (_, at) => (15 + at) * 20));
    expect(replay.checkpoint).toEqual(Uint8Array.of(14));
    expect(log.pending).toBe(15);
  });

  it("replays from the very beginning while that is near", () => {
    const log = logOf(audioInfo());
    audioRun(log, 5, 2);
    log.rewind(0, false);
    const replay = log.replay();
    expect(times(replay.entries)).toEqual([0, 20, 40, 60, 80]);
    expect(replay.checkpoint).toEqual(none);
    expect(replay.resumeAfterUs).toBeNull();
  });

  it("goes on after a replay as before", () => {
    const log = logOf(audioInfo());
    audioRun(log, 30, 3);
    log.rewind(0, false);
    const first = log.replay();
    for (const entry of first.entries) log.ack(entry.seq, Uint8Array.of(100));
    expect(log.pending).toBe(0);
    log.rewind(0, false);
    const second = log.replay();
    expect(times(second.entries)).toEqual(Array.from({ length: 12 }, (_, at) => (18 + at) * 20));
  });

  it("keeps more of short finished frames, so that what the encoder holds back is not lost", () => {
    const log = logOf(audioInfo());
    for (let at = 0; at < 200; at++) {
      const frame = { ...frameAt(0), ptsUs: at * 2_500, dtsUs: at * 2_500 };
      log.ack(log.push(frame, 0, running)?.seq ?? 0, none);
    }
    const kept = log.replay().entries.map(({ frame }) => frame?.ptsUs ?? 0);
    expect(kept.at(-1)).toBe(199 * 2_500);
    expect((kept.at(-1) ?? 0) - (kept[0] ?? 0)).toBe(147_500);
    for (let at = 0; at < 300; at++) {
      const still = { ...frameAt(0), ptsUs: 600_000, dtsUs: 600_000 };
      log.ack(log.push(still, 0, running)?.seq ?? 0, none);
    }
    expect(log.replay().entries).toHaveLength(100);
  });

  it("says what was delivered, and refuses to deliver it again", () => {
    const log = logOf(audioInfo());
    expect([0, 20, 40].map((us) => log.deliver(us))).toEqual([true, true, true]);
    expect(log.replay().resumeAfterUs).toBe(40);
    expect([20, 40, 60].map((us) => log.deliver(us))).toEqual([false, false, true]);
  });

  it("ignores acknowledgements of what it does not wait for", () => {
    const log = logOf(audioInfo());
    log.push(frameAt(0), 0, running);
    log.ack(0, none);
    log.ack(9, none);
    expect(log.pending).toBe(1);
  });

  it("replays changes of configuration in their place", () => {
    const log = logOf(audioInfo());
    const other = audioInfo({ sampleRate: 44_100 });
    log.push(frameAt(0), 0, running);
    log.configure(other, 0);
    log.push(frameAt(20), 0, running);
    log.rewind(0, false);
    const replay = log.replay();
    expect(replay.info).toEqual(audioInfo());
    expect(replay.entries.map(({ frame, info }) => [frame?.dtsUs, info])).toEqual([
      [0, audioInfo()],
      [undefined, other],
      [20_000, other],
    ]);
  });

  it("drops frames while the oldest waits longer than maxAudioQueueMs, in recovery maxRecoveryMs", () => {
    const log = logOf(audioInfo(), { maxAudioQueueMs: 500, maxRecoveryMs: 1000 });
    const first = log.push(frameAt(0), 0, running);
    expect(log.push(frameAt(20, { size: 0 }), 0, running)).toBeUndefined();
    expect(log.push(frameAt(20), 500_000, running)).toBeDefined();
    expect(log.push(frameAt(40), 500_001, running)).toBeUndefined();
    expect(log.push(frameAt(60), 1_000_000, recovering)).toBeDefined();
    expect(log.push(frameAt(80), 1_000_001, recovering)).toBeUndefined();
    expect(log.droppedFrames).toBe(3);
    log.ack(first?.seq ?? 0, none);
    expect(log.push(frameAt(100), 1_000_000, running)).toBeDefined();
  });

  it("drops frames above maxAudioQueueBytes and maxAudioFrameBytes", () => {
    const log = logOf(audioInfo(), { maxAudioQueueBytes: 300, maxAudioFrameBytes: 200 });
    expect(log.push(frameAt(0, { size: 201 }), 0, running)).toBeUndefined();
    const first = log.push(frameAt(0, { size: 200 }), 0, running);
    expect(log.push(frameAt(20, { size: 101 }), 0, running)).toBeUndefined();
    expect(log.push(frameAt(20, { size: 100 }), 0, running)).toBeDefined();
    log.ack(first?.seq ?? 0, none);
    expect(log.push(frameAt(40, { size: 200 }), 0, running)).toBeDefined();
  });

  it("can leave out the frame at which the codec crashed, and keeps the state before it", () => {
    const log = logOf(audioInfo());
    audioRun(log, 30, 3);
    log.rewind(0, true);
    expect(times(log.replay().entries).slice(-3)).toEqual([26 * 20, 28 * 20, 29 * 20]);
    const fresh = logOf(audioInfo());
    fresh.push(frameAt(0), 0, running);
    fresh.rewind(0, true);
    expect(fresh.replay().entries).toEqual([]);
    expect(fresh.sizeBytes).toBe(0);
  });
});

describe("ReplayLog of audio while no process takes frames", () => {
  it("keeps the newest and leaves out what is older than the limit", () => {
    const log = logOf(audioInfo(), { maxAudioQueueMs: 100 });
    for (let ms = 0; ms <= 200; ms += 20) log.push(frameAt(ms), ms * 1000, waiting);
    expect(times(log.replay().entries)).toEqual([100, 120, 140, 160, 180, 200]);
    expect(log.droppedFrames).toBe(5);
  });

  it("keeps the state before what it leaves out, and counts no frame that was finished", () => {
    const log = logOf(audioInfo(), { maxRecoveryMs: 1000 });
    audioRun(log, 30, 3);
    log.rewind(600_000, false);
    const phase = { waiting: true, recovering: true };
    log.push(frameAt(620), 1_600_000, phase);
    expect(log.droppedFrames).toBe(0);
    log.push(frameAt(640), 1_600_001, phase);
    expect(times(log.replay().entries)).toEqual([620, 640]);
    expect(log.replay().checkpoint).toEqual(Uint8Array.of(14));
    expect(log.droppedFrames).toBe(3);
  });
});

describe("ReplayLog of video", () => {
  const gop = (startMs: number, count: number): Frame[] =>
    Array.from({ length: count }, (_, at) => frameAt(startMs + at * 40, { key: at === 0 }));

  it("begins with a key frame", () => {
    const log = logOf(videoInfo());
    expect(log.push(frameAt(0), 0, running)).toBeUndefined();
    expect(log.push(frameAt(40, { key: true }), 0, running)).toBeDefined();
    expect(log.push(frameAt(80), 0, running)).toBeDefined();
    expect(log.droppedFrames).toBe(1);
  });

  it("keeps everything since the last acknowledged key frame", () => {
    const log = logOf(videoInfo());
    for (const frame of gop(0, 5)) log.ack(log.push(frame, 0, running)?.seq ?? 0, none);
    expect(times(log.replay().entries)).toEqual([0, 40, 80, 120, 160]);
    const again = logOf(videoInfo());
    for (const frame of [...gop(0, 5), ...gop(200, 3)]) {
      again.ack(again.push(frame, 0, running)?.seq ?? 0, none);
    }
    expect(times(again.replay().entries)).toEqual([200, 240, 280]);
  });

  it("keeps the group before a key frame that is not acknowledged", () => {
    const log = logOf(videoInfo());
    for (const frame of gop(0, 3)) log.ack(log.push(frame, 0, running)?.seq ?? 0, none);
    for (const frame of gop(120, 2)) log.push(frame, 0, running);
    expect(times(log.replay().entries)).toEqual([0, 40, 80, 120, 160]);
  });

  it("gives up what is done, then new frames up to a key frame, above maxVideoQueueBytes", () => {
    const log = logOf(videoInfo(), { maxVideoQueueBytes: 300 });
    const entries = gop(0, 3).map((frame) => log.push(frame, 0, running));
    log.ack(entries[0]?.seq ?? 0, none);
    expect(log.push(frameAt(120), 0, running)).toBeDefined();
    expect(log.sizeBytes).toBe(300);
    expect(log.push(frameAt(160), 0, running)).toBeUndefined();
    for (const entry of entries.slice(1)) log.ack(entry?.seq ?? 0, none);
    expect(log.push(frameAt(200), 0, running)).toBeUndefined();
    expect(log.push(frameAt(240, { key: true }), 0, running)).toBeDefined();
    expect(log.sizeBytes).toBeLessThanOrEqual(300);
    log.rewind(0, false);
    // Its group lost its beginning: a replay can only begin at the next key frame.
    expect(times(log.replay().entries)).toEqual([240]);
  });

  it("drops to the next key frame when the oldest frame waits longer than maxVideoQueueMs", () => {
    const log = logOf(videoInfo(), { maxVideoQueueMs: 4000, maxVideoFrameBytes: 1000 });
    const first = log.push(frameAt(0, { key: true }), 0, running);
    expect(log.push(frameAt(40), 4_000_000, running)).toBeDefined();
    expect(log.push(frameAt(80), 4_000_001, running)).toBeUndefined();
    log.ack(first?.seq ?? 0, none);
    expect(log.push(frameAt(120), 4_000_002, running)).toBeUndefined();
    expect(log.push(frameAt(160, { key: true, size: 1001 }), 4_000_002, running)).toBeUndefined();
    expect(log.push(frameAt(160, { key: true, size: 1000 }), 4_000_002, running)).toBeDefined();
  });

  it("begins with the newest key frame while no process takes frames", () => {
    const log = logOf(videoInfo());
    for (const frame of [...gop(0, 3), ...gop(120, 2)]) log.push(frame, 0, waiting);
    expect(times(log.replay().entries)).toEqual([120, 160]);
    expect(log.droppedFrames).toBe(3);
  });

  it("goes on at the next key frame after the one at which the codec crashed", () => {
    const log = logOf(videoInfo());
    for (const frame of [...gop(0, 3), ...gop(120, 2)]) log.push(frame, 0, running);
    log.rewind(0, true);
    expect(times(log.replay().entries)).toEqual([120, 160]);
    log.rewind(0, true);
    expect(log.replay().entries).toEqual([]);
    expect(log.push(frameAt(200), 0, running)).toBeUndefined();
    expect(log.push(frameAt(240, { key: true }), 0, running)).toBeDefined();
  });
});
