import { parseJpeg } from "@millrace/media/jpeg";
import { afterEach, describe, expect, it, vi } from "vitest";
import { silentLog } from "../../core/index.ts";
import { frameAt, videoInfo } from "../../core/test-frames.ts";
import { createPicturesOutput, type PictureLimits, type PicturesOutput } from "./index.ts";
import { give, numberOf } from "./test-jpeg.ts";
import { eventually, type RawClient, type Rig, startRig, turns } from "./test-rig.ts";

vi.setConfig({ testTimeout: 60_000 });

let rig: Rig<PicturesOutput>;

afterEach(() => rig.close());

async function start(limits: Partial<PictureLimits> = {}): Promise<void> {
  rig = await startRig((clock) => createPicturesOutput({ clock, log: silentLog, limits }));
  rig.publisher.setTrack(videoInfo());
}

const job = () => rig.transcoder.running[0];
const waiting = () => eventually(() => rig.output.stats.waiting > 0);

async function whole(client: RawClient): Promise<RawClient> {
  await client.untilHead();
  return client.until((c) => c.body.length === Number(c.header("Content-Length")));
}

describe(".jpg", () => {
  it("waits for the first picture and says when it was taken", async () => {
    await start();
    const client = rig.client().ask("/live/cam.jpg");
    await waiting();
    rig.clock.advance(1_500);
    give(job(), 7, rig.stream.nowUs() - 250_000);
    await whole(client);
    expect(client.head).toMatch(/^HTTP\/1.1 200/);
    expect(client.header("Content-Type")).toBe("image/jpeg");
    expect(client.header("Cache-Control")).toBe("no-cache");
    expect(client.header("Last-Modified")).toBe("Tue, 14 Nov 2023 22:13:21 GMT");
    expect(client.header("Access-Control-Expose-Headers")).toContain("Millrace-Captured-At");
    expect(client.header("Millrace-Captured-At")).toBe("2023-11-14T22:13:21.250Z");
    expect(parseJpeg(client.body)).toMatchObject({ width: 16, height: 16 });
    expect(numberOf(client.body)).toBe(7);
    expect(rig.stream.viewers.size).toBe(0);
  });

  it("is made once for many requests within the age that it may have", async () => {
    await start({ snapshotMaxAgeMs: 1_000 });
    const first = rig.client().ask("/live/cam.jpg");
    await waiting();
    give(job(), 1, rig.stream.nowUs());
    await whole(first);
    rig.clock.advance(1_000);
    for (let count = 0; count < 20; count++) {
      expect(numberOf((await whole(rig.client().ask("/live/cam.jpg"))).body)).toBe(1);
    }
    expect(rig.transcoder.running).toHaveLength(1);
    rig.clock.advance(1);
    const late = rig.client().ask("/live/cam.jpg");
    await waiting();
    give(job(), 2, rig.stream.nowUs());
    expect(numberOf((await whole(late)).body)).toBe(2);
    rig.clock.advance(10_000);
    expect(rig.transcoder.running).toHaveLength(0);
    expect(rig.clock.timers).toBe(0);
  });

  it("passes over the pictures of a group that began long ago", async () => {
    await start();
    rig.clock.advance(10_000);
    rig.publisher.frame("video", frameAt(10_000, { key: true }));
    const client = rig.client().ask("/live/cam.jpg");
    await waiting();
    const nowUs = rig.stream.nowUs();
    give(job(), 1, nowUs - 3_000_000);
    give(job(), 2, nowUs - 1_500_000);
    await turns();
    expect(client.received).toHaveLength(0);
    give(job(), 3, nowUs - 900_000);
    expect(numberOf((await whole(client)).body)).toBe(3);
  });

  it("takes an older picture when no newer one follows soon", async () => {
    await start({ snapshotSettleMs: 500 });
    rig.clock.advance(10_000);
    const client = rig.client().ask("/live/cam.jpg");
    await waiting();
    give(job(), 1, rig.stream.nowUs() - 4_000_000);
    give(job(), 2, rig.stream.nowUs() - 3_000_000);
    rig.clock.advance(500);
    expect(numberOf((await whole(client)).body)).toBe(2);
  });

  it("gives up after the limit", async () => {
    await start({ snapshotWaitMs: 5_000 });
    const client = rig.client().ask("/live/cam.jpg");
    await waiting();
    rig.clock.advance(4_999);
    expect(rig.output.stats.waiting).toBe(1);
    rig.clock.advance(1);
    await whole(client);
    expect(client.head).toMatch(/^HTTP\/1.1 504/);
    expect(client.header("Retry-After")).toBe("2");
    expect(client.body.toString()).toContain('"PICTURE_TIMEOUT"');
    expect(rig.output.stats).toEqual({ feeds: 0, sessions: 0, waiting: 0 });
  });

  it("lets a limited number wait", async () => {
    await start({ maxWaitingSnapshots: 2 });
    const clients = [1, 2].map(() => rig.client().ask("/live/cam.jpg"));
    await eventually(() => rig.stream.derivedTracks.length === 1);
    await turns(20);
    const third = await whole(rig.client().ask("/live/cam.jpg"));
    expect(third.head).toMatch(/^HTTP\/1.1 503/);
    expect(third.header("Retry-After")).toBe("1");
    expect(third.body.toString()).toContain('"SNAPSHOTS_BUSY"');
    give(job(), 1, rig.stream.nowUs());
    for (const client of clients) expect(numberOf((await whole(client)).body)).toBe(1);
  });

  it("keeps the connection and answers HEAD with the length", async () => {
    await start();
    const client = rig.client().ask("/live/cam.jpg", { method: "HEAD" });
    await waiting();
    give(job(), 1, rig.stream.nowUs(), 100);
    await client.untilHead();
    expect(client.header("Content-Length")).toBe("133");
    expect(client.body).toHaveLength(0);
    const before = client.received.length;
    client.ask("/live/cam.jpg");
    await client.until((c) => c.received.length > before && c.received.subarray(-2)[1] === 0xd9);
    expect(client.closed).toBe(false);
  });

  it("closes a client that takes nothing for the limit", async () => {
    await start({ stallMs: 2_000 });
    const client = rig.client().ask("/live/cam.jpg");
    client.socket.pause();
    await waiting();
    give(job(), 1, rig.stream.nowUs(), 16_000_000);
    await eventually(() => rig.output.stats.waiting === 0);
    await turns(50);
    rig.clock.advance(2_000);
    client.socket.resume();
    await client.untilClosed();
    expect(client.body.length).toBeLessThan(16_000_000);
    await turns();
    rig.clock.advance(10_000);
    expect(rig.clock.timers).toBe(0);
  });

  it("uses the picture that viewers of M-JPEG have", async () => {
    await start();
    await rig.client().ask("/live/cam.mjpg").untilHead();
    give(job(), 5, rig.stream.nowUs());
    expect(numberOf((await whole(rig.client().ask("/live/cam.jpg"))).body)).toBe(5);
    expect(rig.output.stats).toEqual({ feeds: 1, sessions: 1, waiting: 0 });
  });

  it("forgets clients that leave and ends with the stream", async () => {
    await start();
    const leaving = rig.client().ask("/live/cam.jpg");
    await waiting();
    leaving.socket.destroy();
    await eventually(() => rig.output.stats.waiting === 0);
    expect(rig.output.stats.feeds).toBe(0);
    const staying = rig.client().ask("/live/cam.jpg");
    await waiting();
    rig.stream.end("PUBLISHER_LEFT");
    await whole(staying);
    expect(staying.head).toMatch(/^HTTP\/1.1 503/);
    expect(staying.body.toString()).toContain('"PICTURES_UNAVAILABLE"');
  });

  it("leaves nothing behind after 500 requests", async () => {
    await start();
    for (let round = 0; round < 25; round++) {
      const clients = Array.from({ length: 20 }, () => rig.client().ask("/live/cam.jpg"));
      await eventually(() => rig.output.stats.waiting > 0);
      await turns(20);
      if (round % 2 === 0) give(job(), round, rig.stream.nowUs());
      else for (const { socket } of clients) socket.destroy();
      if (round % 2 === 0) await Promise.all(clients.map(whole));
      await eventually(() => rig.output.stats.waiting === 0);
      rig.clock.advance(2_000);
    }
    expect(rig.output.stats).toEqual({ feeds: 0, sessions: 0, waiting: 0 });
    rig.clock.advance(10_000);
    expect(rig.transcoder.running).toHaveLength(0);
    expect(rig.clock.timers).toBe(0);
  });
});
