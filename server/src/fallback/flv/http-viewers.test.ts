import type { Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { FakeTranscoder } from "../../core/fake-transcoder.ts";
import { audioInfo, frameAt, videoInfo } from "../../core/test-frames.ts";
import { feed, Received, type TestDoor } from "../door/test-door.ts";
import { dechunk, splitAnswer } from "./test-flv.ts";
import { ask, beginning, both, flvOf, openDoor, publishGroup, timeless } from "./test-http.ts";

let door: TestDoor | undefined;
afterEach(async () => {
  await door?.close();
  door = undefined;
});

async function open(...parameters: Parameters<typeof openDoor>): Promise<TestDoor> {
  door = await openDoor(...parameters);
  return door;
}

describe("a publisher", () => {
  test("that returns goes on in the same answer, with its new configuration and continuous time", async () => {
    const at = await open();
    const first = publishGroup(at, ...both);
    const received = new Received(await at.raw(ask("1.1")));
    await received.until((all) => flvOf(all).tags.length >= 7);
    first.close("PUBLISHER_CLOSED");
    const second = at.publish(
      "live/cam",
      videoInfo({ config: Uint8Array.of(1, 2, 3) }),
      audioInfo(),
    );
    feed(second, "video", [frameAt(5), frameAt(50, { key: true })]);
    await received.until((all) => flvOf(all).tags.length >= 10);
    const { tags, words } = flvOf(received);
    expect(timeless(words.slice(7))).toEqual(["onMetaData", "video config", "key"]);
    expect(tags[9]?.timestampMs).toBeGreaterThanOrEqual(tags[6]?.timestampMs ?? 0);
  });

  test("whose Opus cannot be turned into AAC is watched without sound", async () => {
    const at = await open();
    publishGroup(at, videoInfo(), audioInfo({ codec: "opus", config: new Uint8Array(19) }));
    const received = new Received(await at.raw(ask("1.1")));
    await received.until((all) => flvOf(all).tags.length >= 5);
    expect(flvOf(received).flags).toBe(1);
    expect(timeless(flvOf(received).words)).toEqual([
      ...beginning.slice(0, 2),
      "key",
      "inter",
      "inter",
    ]);
  });

  test("whose Opus is asked for as it is gives Opus", async () => {
    const at = await open();
    publishGroup(at, videoInfo(), audioInfo({ codec: "opus", config: new Uint8Array(19) }));
    const received = new Received(await at.raw(ask("1.1", "/live/cam.flv?audio=native")));
    await received.until((all) => flvOf(all).tags.length >= 7);
    expect(flvOf(received).flags).toBe(5);
    expect(Buffer.from(flvOf(received).tags[2]?.body.slice(0, 5) ?? []).toString("latin1")).toBe(
      "\x90Opus",
    );
  });

  test("who sends nothing that can be had is refused before any byte", async () => {
    const at = await open();
    publishGroup(at, videoInfo({ codec: "vp8", config: new Uint8Array(0) }));
    const response = await at.get("/live/cam.flv");
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([
      501,
      "NO_TRANSCODER",
    ]);
    expect(at.registry.get("live/cam")?.viewers.size).toBe(0);
  });

  test("whose VP8 can be turned into H.264 is watched as H.264", async () => {
    const transcoder = new FakeTranscoder();
    const at = await open({}, { transcoder });
    publishGroup(at, videoInfo({ codec: "vp8", config: new Uint8Array(0) }));
    const received = new Received(await at.raw(ask("1.1")));
    await received.until((all) => flvOf(all).tags.length >= 1);
    expect(transcoder.running.map(({ target }) => target.codec)).toEqual(["h264"]);
    transcoder.running[0]?.sink.info(videoInfo());
    transcoder.running[0]?.sink.frame(frameAt(0, { key: true }));
    await received.until((all) => timeless(flvOf(all).words).includes("key"));
    expect(timeless(flvOf(received).words).slice(-2)).toEqual(["video config", "key"]);
  });

  test("with H.265 is watched as Enhanced FLV", async () => {
    const at = await open();
    publishGroup(at, videoInfo({ codec: "h265" }));
    const received = new Received(await at.raw(ask("1.1")));
    await received.until((all) => flvOf(all).tags.length >= 3);
    expect(Buffer.from(flvOf(received).tags[1]?.body.slice(0, 5) ?? []).toString("latin1")).toBe(
      "\x90hvc1",
    );
  });
});

describe("a viewer", () => {
  test("is counted while it watches, with what it was sent", async () => {
    const at = await open();
    publishGroup(at, ...both);
    const socket = await at.raw(ask("1.1"));
    const received = new Received(socket);
    await received.until((all) => flvOf(all).tags.length >= 7);
    const viewers = at.registry.get("live/cam")?.viewers;
    const [viewer] = [...(viewers?.values() ?? [])];
    expect(viewer?.info.transport).toBe("http-flv");
    expect(viewer?.info.stats?.()).toMatchObject({
      // What came and what was asked, to the byte.
      bytesSent: received.bytes.length,
      bytesReceived: ask("1.1").length,
      codecs: ["avc1.42e01f", "mp4a.40.2"],
      framesSent: 4,
      framesDropped: 0,
      waitingBytes: 0,
    });
    await closed(at, socket);
    expect(viewers?.size).toBe(0);
  });

  test("that is kicked is sent the end", async () => {
    const at = await open();
    publishGroup(at, ...both);
    const received = new Received(await at.raw(ask("1.1")));
    await received.until((all) => flvOf(all).tags.length >= 7);
    for (const viewer of at.registry.get("live/cam")?.viewers.values() ?? []) {
      viewer.info.onKick?.("KICKED");
    }
    await received.untilEnd();
    expect(dechunk(splitAnswer(received.bytes).body).ended).toBe(true);
  });

  test("too many are refused before any byte", async () => {
    const at = await open({}, { core: { maxViewersPerStream: 1 } });
    publishGroup(at, ...both);
    const received = new Received(await at.raw(ask("1.1")));
    await received.until((all) => flvOf(all).tags.length >= 7);
    const response = await at.get("/live/cam.flv");
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([
      503,
      "VIEWERS_FULL",
    ]);
  });

  test("of a part of it is answered 404", async () => {
    const at = await open();
    publishGroup(at, ...both);
    expect((await at.get("/live/cam.flv/part")).status).toBe(404);
  });

  test("of a stream without any track is refused after a while", async () => {
    const at = await open({ firstTrackMs: 30 });
    at.publish("live/cam");
    const response = await at.get("/live/cam.flv");
    expect(response.headers.get("retry-after")).toBe("2");
    expect(((await response.json()) as { code: string }).code).toBe("STREAM_NOT_READY");
  });

  test("who waits for the first track when the stream ends is answered 404", async () => {
    const at = await open({}, { core: { graceMs: 0 } });
    const publisher = at.publish("live/cam");
    const answer = at.get("/live/cam.flv");
    while (at.registry.get("live/cam")?.viewers.size === 0) await turn();
    publisher.close("PUBLISHER_CLOSED");
    expect((await answer).status).toBe(404);
  });

  test("a thousand of them leave nothing behind", async () => {
    const at = await open();
    const publisher = publishGroup(at, ...both);
    const track = at.registry.get("live/cam")?.track("video");
    for (let round = 0; round < 20; round++) {
      const sockets = await Promise.all(Array.from({ length: 50 }, () => at.raw(ask("1.1"))));
      await Promise.all(
        sockets.map((socket) => new Received(socket).until(({ text }) => text.includes("FLV"))),
      );
      expect(track?.sinkCount).toBe(1);
      for (const socket of sockets) socket.destroy();
      while (at.connections > 0) await turn();
    }
    expect(at.registry.get("live/cam")?.viewers.size).toBe(0);
    expect(track?.sinkCount).toBe(0);
    publisher.close("PUBLISHER_CLOSED");
  }, 120_000);
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function closed(at: TestDoor, socket: Socket): Promise<void> {
  socket.destroy();
  while (at.connections > 0) await turn();
  await turn();
}
