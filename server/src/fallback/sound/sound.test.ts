import { AdtsReader } from "@millrace/media/aac";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { silentLog } from "../../core/index.ts";
import { frameAt, videoInfo } from "../../core/test-frames.ts";
import { eventually, type RawClient, type Rig, startRig } from "../pictures/test-rig.ts";
import { createSoundOutput, type SoundLimits, type SoundOutput } from "./index.ts";
import { aacFrameUs, aacInfo, hear, mp3Info, opusInfo, soundFrame } from "./test-sound.ts";

vi.setConfig({ testTimeout: 60_000 });

let rig: Rig<SoundOutput>;
/** Number of the frame that is published next. */
let at = 0;

afterEach(() => rig.close());

async function start(limits: Partial<SoundLimits> = {}, info = aacInfo): Promise<void> {
  at = 0;
  rig = await startRig((clock) => createSoundOutput({ clock, log: silentLog, limits }));
  rig.publisher.setTrack(info);
}

/** Publishes frames of 21.3 ms and lets that time pass. */
function play(frames: number, bytes?: number): void {
  for (let count = 0; count < frames; count++) {
    rig.publisher.frame("audio", soundFrame(at, aacFrameUs(at), bytes));
    rig.clock.advance((aacFrameUs(at + 1) - aacFrameUs(at)) / 1000);
    at++;
  }
}

const askIcy = { headers: "Icy-MetaData: 1\r\n" };

/** Numbers of the frames in ADTS. Every byte has to belong to one. */
function frames(audio: Uint8Array): number[] {
  const reader = new AdtsReader();
  const found = [...reader.receive(audio), ...reader.end()];
  expect(reader.skippedBytes).toBe(0);
  return found.map(({ data }) => ((data[1] ?? 0) << 8) | (data[2] ?? 0));
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);

const heard = (client: RawClient, bytes: number): Promise<RawClient> =>
  client.until((c) => c.body.length >= bytes);

describe(".aac", () => {
  it("answers as Icecast does, without metadata for who does not ask for it", async () => {
    await start();
    const client = await rig.client().ask("/live/cam.aac").untilHead();
    expect(client.head).toMatch(/^HTTP\/1.1 200 OK/);
    expect(client.header("Content-Type")).toBe("audio/aac");
    expect(client.header("Cache-Control")).toMatch(/^no-cache/);
    expect(client.header("icy-name")).toBe("live/cam");
    expect(client.header("icy-pub")).toBe("0");
    expect(client.header("Connection")).toBe("close");
    expect(client.header("Access-Control-Expose-Headers")).toMatch(/icy-name/);
    expect(client.head).not.toMatch(/^(icy-metaint|transfer-encoding|content-length)/im);
    play(150);
    await heard(client, 150 * 347);
    expect(client.body).toHaveLength(150 * 347);
    expect(frames(client.body)).toEqual(range(0, 150));
    expect([...rig.stream.viewers.values()][0]?.info.transport).toBe("icy");
  });

  it("puts a block after every 8000 bytes of audio for who asks, and counts for each alone", async () => {
    await start();
    const first = await rig.client().ask("/live/cam.aac", askIcy).untilHead();
    const plain = await rig.client().ask("/live/cam.aac").untilHead();
    expect(first.header("icy-metaint")).toBe("8000");
    play(40);
    const second = await rig
      .client()
      .ask("/live/cam.aac", { ...askIcy, version: "1.0" })
      .untilHead();
    expect(second.head).not.toMatch(/^transfer-encoding/im);
    play(110);
    await heard(plain, 150 * 347);
    await heard(first, 150 * 347 + 6 + 32);
    const whole = hear(first.body, 8000);
    expect(whole).toMatchObject({ titles: ["live/cam"], titlesAt: [8000], blocks: 6 });
    expect(whole.audio.equals(plain.body)).toBe(true);
    expect(first.body.subarray(8000, 8033).toString()).toBe(
      `\u0002StreamTitle='live/cam';${"\0".repeat(9)}`,
    );
    expect(first.body[8033 + 8000]).toBe(0);

    await second.until((c) => frames(hear(c.body, 8000).audio).at(-1) === 149);
    const late = hear(second.body, 8000);
    expect(late.titlesAt).toEqual([8000]);
    expect(frames(late.audio)).toEqual(range(frames(late.audio)[0] ?? -1, 150));
  });

  it("tells a new title with the next block, to each listener once", async () => {
    await start({ metadataInterval: 1_000 });
    const client = await rig.client().ask("/live/cam.aac", askIcy).untilHead();
    play(30);
    rig.output.titles.set(rig.stream, "It's Ünïcode 🎵");
    await heard(client, 30 * 347);
    const before = hear(client.body, 1_000).audio.length;
    play(30);
    rig.output.titles.setPublished(rig.stream, "what the encoder says");
    rig.output.titles.set(rig.stream, undefined);
    play(30);
    await client.until((c) => hear(c.body, 1_000).audio.length === 90 * 347);
    const whole = hear(client.body, 1_000);
    expect(whole.titles).toEqual(["live/cam", "It's Ünïcode 🎵", "what the encoder says"]);
    expect(whole.titlesAt[0]).toBe(1_000);
    expect(whole.titlesAt[1]).toBe(Math.ceil((before + 1) / 1_000) * 1_000);
    expect(frames(whole.audio)).toEqual(range(0, 90));
  });

  it("counts exactly whatever the sizes of frames and the interval", async () => {
    await start();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 3, max: 8_000 }), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 500, max: 20_000 }),
        async (sizes, interval) => {
          await rig.close();
          await start({ metadataInterval: interval });
          const client = await rig.client().ask("/live/cam.aac", askIcy).untilHead();
          for (const size of sizes) play(1, size);
          rig.stream.end("PUBLISHER_LEFT");
          await client.untilClosed();
          const whole = hear(client.body, interval);
          const expected = sizes.reduce((sum, size) => sum + size + 7, 0);
          expect(whole.audio.length).toBe(expected);
          expect(whole.blocks).toBe(Math.floor(expected / interval));
          expect(whole.titlesAt).toEqual(whole.blocks > 0 ? [interval] : []);
          expect(frames(whole.audio)).toEqual(range(0, sizes.length));
        },
      ),
      { numRuns: 25 },
    );
  });

  it("begins with the last second for a late listener, from the track or from other listeners", async () => {
    await start({ burstMs: 1_000 });
    play(300);
    const first = await rig.client().ask("/live/cam.aac").untilHead();
    await heard(first, 40 * 347);
    const begun = frames(first.body);
    expect(begun[0]).toBeGreaterThanOrEqual(300 - 49);
    expect(begun[0]).toBeLessThanOrEqual(300 - 44);

    // Key frames of video shorten what the track keeps; the feed has its own.
    rig.publisher.setTrack(videoInfo());
    play(100);
    rig.publisher.frame("video", frameAt(aacFrameUs(at) / 1000, { key: true }));
    await first.until((c) => frames(c.body).length > 120);
    expect(rig.stream.track("audio")?.cache.frames.length).toBeLessThan(3);
    const second = await rig.client().ask("/live/cam.aac").untilHead();
    await heard(second, 40 * 347);
    const later = frames(second.body);
    expect(later.length).toBeGreaterThanOrEqual(40);
    expect(later.length).toBeLessThanOrEqual(48);
    expect(first.header("icy-br")).toBe("128");
  });

  it("sends nothing of the past when that is long ago", async () => {
    await start();
    play(100);
    rig.publisher.close("PUBLISHER_LEFT");
    rig.clock.advance(10_000);
    const client = await rig.client().ask("/live/cam.aac").untilHead();
    const publisher = rig.registry.publish({ ...rig.publisher.info });
    publisher.setTrack(aacInfo);
    for (let number = 500; number < 510; number++) {
      publisher.frame("audio", soundFrame(number, aacFrameUs(number)));
      rig.clock.advance(aacFrameUs(1) / 1000);
    }
    await heard(client, 9 * 347);
    expect(frames(client.body)[0]).toBe(500);
    publisher.close("PUBLISHER_LEFT");
  });

  it("is made from other codecs, and goes on when the publisher changes", async () => {
    await start({}, opusInfo);
    const client = await rig.client().ask("/live/cam.aac").untilHead();
    expect(client.head).toMatch(/^HTTP\/1.1 200/);
    const [job] = rig.transcoder.running;
    expect(job?.target).toEqual({ kind: "audio", codec: "aac" });
    job?.sink.info(aacInfo);
    for (let number = 0; number < 6; number++) {
      job?.sink.frame(soundFrame(number, aacFrameUs(number)));
    }
    await heard(client, 6 * 347);
    // The publisher comes back with AAC: nothing needs to be made any more.
    rig.publisher.setTrack(aacInfo);
    at = 100;
    play(6);
    await heard(client, 12 * 347);
    expect(frames(client.body)).toEqual([...range(0, 6), ...range(100, 106)]);
    rig.clock.advance(5_000);
    expect(rig.transcoder.running).toHaveLength(0);
    // And with Opus again.
    rig.publisher.setTrack(opusInfo);
    rig.transcoder.running[0]?.sink.info(aacInfo);
    for (let number = 600; number < 606; number++) {
      rig.transcoder.running[0]?.sink.frame(soundFrame(number, aacFrameUs(number)));
    }
    await heard(client, 18 * 347);
    expect(frames(client.body).slice(12)).toEqual(range(600, 606));
  });

  it("refuses streams without sound, without tracks, and what cannot be made", async () => {
    rig = await startRig((clock) => createSoundOutput({ clock, log: silentLog }));
    const early = await rig.client().ask("/live/cam.aac").untilHead();
    expect(early.head).toMatch(/^HTTP\/1.1 503/);
    expect(early.header("Retry-After")).toBe("1");
    rig.publisher.setTrack(videoInfo());
    for (const method of ["GET", "HEAD"]) {
      const mute = await rig.client().ask("/live/cam.aac", { method }).untilHead();
      expect(mute.head).toMatch(/^HTTP\/1.1 404/);
    }
    rig.publisher.setTrack(opusInfo);
    rig.transcoder.refuses = "NO_TRANSCODER";
    const none = await rig.client().ask("/live/cam.aac").untilHead();
    expect(none.head).toMatch(/^HTTP\/1.1 501/);
    expect(rig.output.stats).toEqual({ feeds: 0, sessions: 0 });
  });

  it("refuses a listener too many and keeps the others", async () => {
    rig = await startRig((clock) => createSoundOutput({ clock, log: silentLog }), {
      limits: { maxViewersPerStream: 1 },
    });
    rig.publisher.setTrack(aacInfo);
    at = 0;
    const first = await rig.client().ask("/live/cam.aac").untilHead();
    const second = await rig.client().ask("/live/cam.aac").untilHead();
    expect(second.head).toMatch(/^HTTP\/1.1 503/);
    play(6);
    await heard(first, 6 * 347);
    expect(rig.output.stats).toEqual({ feeds: 1, sessions: 1 });
  });

  it("answers HEAD with the headers of GET", async () => {
    await start();
    const client = rig.client().ask("/live/cam.aac", { method: "HEAD", ...askIcy });
    await client.untilClosed();
    expect(client.header("Content-Type")).toBe("audio/aac");
    expect(client.header("icy-metaint")).toBe("8000");
    expect(client.body).toHaveLength(0);
    expect(rig.output.stats).toEqual({ feeds: 0, sessions: 0 });
  });
});

describe(".mp3", () => {
  it("hands on MP3 as it is", async () => {
    await start({}, mp3Info);
    const client = await rig.client().ask("/live/cam.mp3", askIcy).untilHead();
    expect(client.header("Content-Type")).toBe("audio/mpeg");
    play(60, 400);
    await heard(client, 60 * 400 - 800);
    const { audio } = hear(client.body, 8000);
    expect(range(0, 58).every((number) => audio[number * 400 + 2] === number)).toBe(true);
  });

  it("is refused for other codecs, with the address to use", async () => {
    await start();
    for (const method of ["GET", "HEAD"]) {
      const client = await rig.client().ask("/live/cam.mp3", { method }).untilHead();
      expect(client.head).toMatch(/^HTTP\/1.1 404/);
    }
    const client = await rig.client().ask("/live/cam.mp3").untilHead();
    await client.until((c) => c.body.includes("SOUND_NOT_MP3"));
    expect(client.body.toString()).toContain(".aac");
  });
});

describe("the end", () => {
  it("comes with the stream's, not while its publisher is away, and with all that was sent", async () => {
    await start();
    const client = await rig.client().ask("/live/cam.aac").untilHead();
    play(10);
    rig.publisher.close("PUBLISHER_LEFT");
    await heard(client, 10 * 347);
    rig.clock.advance(29_900);
    expect(rig.output.stats.sessions).toBe(1);
    rig.clock.advance(100);
    await client.untilClosed();
    expect(frames(client.body)).toEqual(range(0, 10));
    expect(rig.output.stats).toEqual({ feeds: 0, sessions: 0 });
    rig.clock.advance(10_000);
    expect(rig.clock.timers).toBe(0);
  });

  it("comes after the limit when the format cannot be had any more", async () => {
    await start({ maxRetries: 2, retryMs: 1_000 }, mp3Info);
    const client = await rig.client().ask("/live/cam.mp3").untilHead();
    rig.publisher.setTrack(aacInfo);
    rig.clock.advance(3_000);
    await client.untilClosed();
    expect(rig.stream.viewers.size).toBe(0);
  });

  it("leaves nothing behind after 500 listeners came and went", async () => {
    await start({}, opusInfo);
    for (let round = 0; round < 25; round++) {
      const clients = Array.from({ length: 20 }, () => rig.client().ask("/live/cam.aac", askIcy));
      await Promise.all(clients.map((client) => client.untilHead()));
      play(4);
      for (const { socket } of clients) socket.destroy();
    }
    await eventually(() => rig.output.stats.sessions === 0);
    expect(rig.output.stats.feeds).toBe(0);
    expect(rig.stream.viewers.size).toBe(0);
    rig.clock.advance(10_000);
    expect(rig.transcoder.running).toHaveLength(0);
    expect(rig.stream.track("audio")?.sinkCount).toBe(0);
    expect(rig.clock.timers).toBe(0);
  });
});
