import { parseJpeg } from "@millrace/media/jpeg";
import { MultipartReader, type Part } from "@millrace/media/multipart";
import { afterEach, describe, expect, it, vi } from "vitest";
import { silentLog } from "../../core/index.ts";
import { audioInfo, videoInfo } from "../../core/test-frames.ts";
import { createPicturesOutput, type PictureLimits, type PicturesOutput } from "./index.ts";
import { give, numberOf, testJpeg } from "./test-jpeg.ts";
import { eventually, pass, type RawClient, type Rig, startRig } from "./test-rig.ts";

vi.setConfig({ testTimeout: 60_000 });

let rig: Rig<PicturesOutput>;

afterEach(() => rig.close());

async function start(limits: Partial<PictureLimits> = {}): Promise<void> {
  rig = await startRig((clock) => createPicturesOutput({ clock, log: silentLog, limits }));
  rig.publisher.setTrack(videoInfo());
}

/** More than the kernel takes for a reader that sleeps. Bytes. */
const big = 16_000_000;
const job = () => rig.transcoder.running[0];
const picture = (number: number, bytes?: number): void =>
  give(job(), number, rig.stream.nowUs(), bytes);
const parts = (client: RawClient): Part[] =>
  new MultipartReader("imgboundary").receive(client.body);
const numbers = (client: RawClient): number[] => parts(client).map((part) => numberOf(part.body));
const stats = (): Record<string, number> => {
  const [viewer] = rig.stream.viewers.values();
  return (viewer?.info.stats?.() ?? {}) as Record<string, number>;
};

describe(".mjpg", () => {
  it("sends parts with exact lengths and times, each closed at once by the next delimiter", async () => {
    await start();
    const client = await rig.client().ask("/live/cam.mjpg").untilHead();
    expect(client.head).toMatch(/^HTTP\/1.1 200 OK/);
    expect(client.header("Content-Type")).toBe("multipart/x-mixed-replace; boundary=imgboundary");
    expect(client.header("Connection")).toBe("close");
    expect(client.header("Access-Control-Allow-Origin")).toBe("*");
    expect(client.head).not.toMatch(/^(transfer-encoding|content-length)/im);
    await client.until((c) => c.body.length > 0);
    expect(client.body.toString()).toBe("--imgboundary\r\n");

    rig.clock.advance(100.25);
    picture(1);
    await client.until((c) => parts(c).length === 1);
    expect(client.body.subarray(-16).toString()).toBe("\r\n--imgboundary\r\n".slice(-16));
    rig.clock.advance(40);
    picture(2, 70_000);
    await client.until((c) => parts(c).length === 2);
    for (const [index, part] of parts(client).entries()) {
      expect([...part.headers.keys()]).toEqual(["content-type", "content-length", "x-timestamp"]);
      expect(part.headers.get("content-type")).toBe("image/jpeg");
      expect(part.headers.get("content-length")).toBe(String(part.body.length));
      expect(parseJpeg(part.body)).toMatchObject({ width: 16, height: 16 });
      expect(numberOf(part.body)).toBe(index + 1);
      expect(part.headers.get("x-timestamp")).toBe(
        index === 0 ? "1700000000.100250" : "1700000000.140250",
      );
    }
  });

  it("shows a late viewer the newest picture at once, and all viewers share one derivation", async () => {
    await start();
    const first = await rig.client().ask("/live/cam.mjpg").untilHead();
    picture(1);
    rig.clock.advance(40);
    picture(2);
    await first.until((c) => parts(c).length === 2 || parts(c).length === 1);
    const second = await rig.client().ask("/live/cam.mjpg", { version: "1.0" }).untilHead();
    await second.until((c) => parts(c).length === 1);
    expect(numbers(second)).toEqual([2]);
    expect(second.head).not.toMatch(/transfer-encoding/i);
    expect(rig.transcoder.running).toHaveLength(1);
    expect(rig.output.stats).toEqual({ feeds: 1, sessions: 2, waiting: 0 });
    expect(rig.stream.viewers.size).toBe(2);
    expect([...rig.stream.viewers.values()][0]?.info.transport).toBe("mjpeg");
  });

  it("has never more than one picture on its way to a slow reader, which goes on with the newest", async () => {
    await start();
    const slow = await rig.client().ask("/live/cam.mjpg").untilHead();
    const quick = await rig.client().ask("/live/cam.mjpg").untilHead();
    slow.socket.pause();
    for (let number = 1; number <= 6; number++) {
      const before = quick.size;
      const bytes = number === 1 ? big : 1_000;
      rig.clock.advance(40);
      picture(number, bytes);
      await quick.until((c) => c.size > before + bytes);
    }
    expect(stats()).toMatchObject({ framesSent: 1, framesDropped: 5, codecs: ["jpeg"] });
    slow.socket.resume();
    await slow.until((c) => c.size > big + 1_500);
    expect(numbers(slow)).toEqual([1, 6]);
    expect(numbers(quick)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("closes a viewer that takes nothing for the limit, and nobody else", async () => {
    await start({ stallMs: 2_000, repeatMs: 1_000 });
    const slow = await rig.client().ask("/live/cam.mjpg").untilHead();
    slow.socket.pause();
    const quick = await rig.client().ask("/live/cam.mjpg").untilHead();
    picture(1, big);
    await quick.until((c) => c.size > big);
    rig.clock.advance(1_900);
    expect(rig.output.stats.sessions).toBe(2);
    rig.clock.advance(100);
    expect(rig.output.stats.sessions).toBe(1);
    expect(rig.stream.viewers.size).toBe(1);
    rig.clock.advance(1_000);
    slow.socket.resume();
    await slow.untilClosed();
    expect(quick.closed).toBe(false);
  });

  it("sends a picture once more when nothing follows, and only once", async () => {
    await start({ repeatMs: 250 });
    const client = await rig.client().ask("/live/cam.mjpg").untilHead();
    picture(1);
    await client.until((c) => parts(c).length === 1);
    rig.clock.advance(500);
    await client.until((c) => parts(c).length === 2);
    rig.clock.advance(500);
    rig.clock.advance(500);
    picture(2);
    await client.until((c) => parts(c).length === 3);
    expect(numbers(client)).toEqual([1, 1, 2]);
  });

  it("lowers the rate for one viewer", async () => {
    await start({ repeatMs: 60_000 });
    const all = await rig.client().ask("/live/cam.mjpg").untilHead();
    const some = await rig.client().ask("/live/cam.mjpg?fps=10").untilHead();
    for (let number = 0; number <= 30; number++) {
      picture(number);
      await all.until((c) => parts(c).length === number + 1);
      rig.clock.advance(1000 / 30);
    }
    await some.until((c) => parts(c).length === 11);
    expect(numbers(some)).toEqual([0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30]);
  });

  it("refuses rates out of range", async () => {
    await start();
    for (const fps of ["0", "0.09", "60.1", "-1", "1e1", "x", ""]) {
      const client = await rig.client().ask(`/live/cam.mjpg?fps=${fps}`).untilHead();
      expect(client.head).toMatch(/^HTTP\/1.1 400/);
      expect(client.body.toString()).toContain('"FPS_INVALID"');
    }
    for (const fps of ["0.1", "60", "29.97"]) {
      const client = await rig.client().ask(`/live/cam.mjpg?fps=${fps}`).untilHead();
      expect(client.head).toMatch(/^HTTP\/1.1 200/);
    }
  });

  it("answers HEAD without making pictures", async () => {
    await start();
    const client = rig.client().ask("/live/cam.mjpg", { method: "HEAD" });
    await client.untilClosed();
    expect(client.header("Content-Type")).toBe("multipart/x-mixed-replace; boundary=imgboundary");
    expect(client.head).not.toMatch(/transfer-encoding/i);
    expect(client.body).toHaveLength(0);
    expect(rig.transcoder.running).toHaveLength(0);
    expect(rig.stream.viewers.size).toBe(0);
  });

  it("refuses streams without video and streams that have nothing yet", async () => {
    rig = await startRig((clock) => createPicturesOutput({ clock, log: silentLog }));
    for (const method of ["GET", "HEAD"]) {
      const early = await rig.client().ask("/live/cam.mjpg", { method }).untilHead();
      expect(early.head).toMatch(/^HTTP\/1.1 503/);
      expect(early.header("Retry-After")).toBe("1");
    }
    rig.publisher.setTrack(audioInfo());
    for (const path of ["/live/cam.mjpg", "/live/cam.jpg"]) {
      const client = await rig.client().ask(path).untilHead();
      expect(client.head).toMatch(/^HTTP\/1.1 404/);
      await client.until((c) => c.body.includes('"TRACK_MISSING"'));
    }
    rig.transcoder.refuses = "NO_TRANSCODER";
    rig.publisher.setTrack(videoInfo());
    const none = await rig.client().ask("/live/cam.mjpg").untilHead();
    expect(none.head).toMatch(/^HTTP\/1.1 501/);
    expect(rig.output.stats).toEqual({ feeds: 0, sessions: 0, waiting: 0 });
  });

  it("ends when the stream ends, not while its publisher is away", async () => {
    await start();
    const client = await rig.client().ask("/live/cam.mjpg").untilHead();
    picture(1);
    await client.until((c) => parts(c).length === 1);
    rig.publisher.close("PUBLISHER_LEFT");
    await pass(rig.clock, 29_000);
    expect(rig.output.stats.sessions).toBe(1);
    rig.clock.advance(1_000);
    await client.untilClosed();
    expect(rig.output.stats).toEqual({ feeds: 0, sessions: 0, waiting: 0 });
    rig.clock.advance(10_000);
    expect(rig.clock.timers).toBe(0);
  });

  it("gets pictures anew when the transcoder fails, and gives up after the limit", async () => {
    await start({ maxRetries: 2, retryMs: 1_000 });
    const client = await rig.client().ask("/live/cam.mjpg").untilHead();
    picture(1);
    job()?.sink.failed("TRANSCODER_CRASHED", "it crashed");
    expect(rig.transcoder.running).toHaveLength(0);
    rig.clock.advance(1_250);
    picture(2);
    await client.until((c) => numbers(c).includes(2));
    rig.transcoder.refuses = "TRANSCODER_FULL";
    job()?.sink.failed("TRANSCODER_CRASHED", "it crashed");
    rig.clock.advance(1_250);
    expect(rig.output.stats.sessions).toBe(1);
    rig.clock.advance(1_250);
    await client.untilClosed();
    expect(rig.output.stats.sessions).toBe(0);
  });

  it("passes over what is no whole image", async () => {
    await start();
    const client = await rig.client().ask("/live/cam.mjpg").untilHead();
    const us = rig.stream.nowUs();
    for (const payload of [[], [new Uint8Array(0)], [testJpeg(1).subarray(0, -1)]]) {
      job()?.sink.frame({ ptsUs: us, dtsUs: us, key: true, payload });
    }
    picture(2);
    await client.until((c) => parts(c).length === 1);
    expect(numbers(client)).toEqual([2]);
  });

  it("refuses a viewer too many and keeps the others", async () => {
    rig = await startRig((clock) => createPicturesOutput({ clock, log: silentLog }), {
      limits: { maxViewersPerStream: 1 },
    });
    rig.publisher.setTrack(videoInfo());
    const first = await rig.client().ask("/live/cam.mjpg").untilHead();
    const second = await rig.client().ask("/live/cam.mjpg").untilHead();
    expect(second.head).toMatch(/^HTTP\/1.1 503/);
    await second.until((c) => c.body.includes('"VIEWERS_FULL"'));
    picture(1);
    await first.until((c) => parts(c).length === 1);
    first.socket.destroy();
    await eventually(() => rig.output.stats.sessions === 0);
    expect(rig.output.stats.feeds).toBe(0);
  });

  it("ends a viewer that is kicked, and all with the server", async () => {
    await start();
    const kicked = await rig.client().ask("/live/cam.mjpg").untilHead();
    const other = await rig.client().ask("/live/cam.mjpg").untilHead();
    const [viewer] = rig.stream.viewers.values();
    viewer?.info.onKick?.("KICKED");
    await kicked.untilClosed();
    expect(rig.stream.viewers.size).toBe(1);
    rig.output.close("SERVER_CLOSING");
    rig.output.close("SERVER_CLOSING");
    await other.untilClosed();
    expect(rig.stream.viewers.size).toBe(0);
  });

  it("leaves nothing behind after 500 viewers came and went", async () => {
    await start();
    for (let round = 0; round < 25; round++) {
      const clients = Array.from({ length: 20 }, () => rig.client().ask("/live/cam.mjpg"));
      await Promise.all(clients.map((client) => client.untilHead()));
      rig.clock.advance(40);
      picture(round);
      for (const { socket } of clients) socket.destroy();
    }
    await eventually(() => rig.output.stats.sessions === 0);
    expect(rig.output.stats).toEqual({ feeds: 0, sessions: 0, waiting: 0 });
    expect(rig.stream.viewers.size).toBe(0);
    rig.clock.advance(10_000);
    expect(rig.transcoder.running).toHaveLength(0);
    expect(rig.clock.timers).toBe(0);
  });
});
