import { describe, expect, it } from "vitest";
import { defaultCoreLimits } from "../../core/index.ts";
import { audioInfo, videoInfo } from "../../core/test-frames.ts";
import { TestGateway, TestObserver, watchRequest } from "./test-gateway.ts";

const open = (test: TestGateway, change = {}) =>
  test.gateway.open({ ...watchRequest, ...change }, new TestObserver());

describe("RtcGateway.open", () => {
  it("asks the access seam before anything else", async () => {
    const test = new TestGateway();
    await expect(open(test, { token: "wrong", stream: "live/none" })).rejects.toMatchObject({
      code: "FORBIDDEN",
      status: 403,
    });
    expect(test.access.asked).toEqual([
      {
        id: expect.any(String),
        action: "play",
        stream: "live/none",
        token: "wrong",
        address: "192.0.2.1",
        transport: "webrtc",
        userAgent: "test",
      },
    ]);
    expect(test.peers.peers).toHaveLength(0);
  });

  it.each([
    [{ stream: "../etc" }, "STREAM_NAME_INVALID", 400],
    [{ stream: "live/none" }, "STREAM_NOT_FOUND", 404],
    [{ action: "publish" as const }, "STREAM_BUSY", 409],
    [{ action: "publish" as const, stream: "a b" }, "STREAM_NAME_INVALID", 400],
  ])("refuses %o", async (change, code, status) => {
    const test = new TestGateway();
    await expect(open(test, change)).rejects.toMatchObject({ code, status });
    expect(test.gateway.stats).toMatchObject({ sessions: 0, outputs: 0 });
  });

  it("has as many sessions as it may and not one more", async () => {
    const test = new TestGateway({}, { limits: { maxSessions: 2 } });
    const first = await open(test);
    await open(test);
    await expect(open(test)).rejects.toMatchObject({ code: "SESSIONS_FULL", status: 503 });
    first.close("DONE");
    await expect(open(test)).resolves.toBeDefined();
  });

  it("leaves nothing behind when there is no room for the peer or the viewer", async () => {
    const test = new TestGateway();
    test.peers.full = true;
    await expect(open(test)).rejects.toMatchObject({ code: "PEERS_FULL" });
    expect(test.gateway.stats).toMatchObject({ sessions: 0, outputs: 0 });
    expect(test.stream.publisher.stream.viewers.size).toBe(0);
  });

  it("leaves nothing behind when the stream has as many viewers as it may", async () => {
    const test = new TestGateway();
    const { stream } = test.stream.publisher;
    for (let i = 0; i < defaultCoreLimits.maxViewersPerStream; i++) {
      stream.addViewer({ transport: "rtmp-play", address: "192.0.2.9" });
    }
    await expect(open(test)).rejects.toMatchObject({ code: "VIEWERS_FULL" });
    expect(test.gateway.stats).toMatchObject({ sessions: 0, outputs: 0 });
    expect(test.peers.open).toBe(0);
  });

  it("refuses a stream with B-frames that nothing can take out, and says what to do", async () => {
    const test = new TestGateway();
    test.transcoder.refuses = "NO_TRANSCODER";
    test.stream.publisher.setTrack(videoInfo({ reorderDepth: 2 }));
    await expect(open(test)).rejects.toMatchObject({
      code: "B_FRAMES",
      status: 422,
      message: expect.stringMatching(/OBS.*B-frames.*-bf 0.*zerolatency/),
    });
    expect(test.gateway.stats.outputs).toBe(0);
  });

  it("takes B-frames out where something can", async () => {
    const test = new TestGateway();
    test.stream.publisher.setTrack(videoInfo({ reorderDepth: 2 }));
    const session = await open(test);
    expect(test.transcoder.running.map((derivation) => derivation.target)).toEqual([
      { kind: "video", codec: "h264", reorder: false },
    ]);
    session.close("DONE");
  });

  it("prefers the payload type that fits the stream's profile", async () => {
    const test = new TestGateway();
    await open(test);
    expect(test.peers.latest.preferences).toEqual({
      videoCodec: "h264",
      h264ProfileLevelId: "42e01f",
    });
  });

  it("names no secret in what the ICE servers are made from", async () => {
    const test = new TestGateway();
    const { session } = await test.join();
    expect(session.iceServers[0]?.username).toBe(session.viewerId);
    expect(session.viewerId).not.toBe(session.id);
    expect(test.stream.publisher.stream.viewers.has(session.viewerId)).toBe(true);
  });
});

describe("RtcGateway.open of a publisher", () => {
  it("asks for the right to publish, takes the name and gives it back", async () => {
    const test = new TestGateway();
    const session = await open(test, { action: "publish", stream: "live/camera" });
    expect(test.access.asked.at(-1)).toMatchObject({ action: "publish", stream: "live/camera" });
    expect(test.gateway.stats.sessions).toBe(1);
    await expect(open(test, { action: "publish", stream: "live/camera" })).rejects.toMatchObject({
      code: "STREAM_BUSY",
    });
    session.close("CLIENT_LEFT");
    expect(test.gateway.stats.sessions).toBe(0);
    expect(test.peers.open).toBe(0);
  });

  it("takes a stream over from its publisher", async () => {
    const test = new TestGateway();
    await open(test, { action: "publish", takeOver: true });
    expect(test.stream.publisher.stream.state).toBe("live");
    expect(test.stream.registry.publisher("live/test")).not.toBe(test.stream.publisher);
  });
});

describe("RtcGateway.call", () => {
  const request = { room: "live/room", token: undefined, address: "192.0.2.1", userAgent: "test" };

  it("asks the access seam for the room", async () => {
    const test = new TestGateway();
    await test.gateway.call(request);
    expect(test.access.asked).toMatchObject([{ action: "call", stream: "live/room" }]);
    await expect(test.gateway.call({ ...request, token: "wrong" })).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
    await expect(test.gateway.call({ ...request, room: "../x" })).rejects.toMatchObject({
      code: "STREAM_NAME_INVALID",
    });
    test.gateway.close("SERVER_CLOSING");
    await expect(test.gateway.call(request)).rejects.toMatchObject({ code: "SHUTTING_DOWN" });
  });
});

describe("RtcGateway.observe", () => {
  it("tells at once and at every change, whether or not the stream exists", () => {
    const test = new TestGateway();
    const states: string[] = [];
    const stop = test.gateway.observe("live/other", (status) => states.push(status.state));
    const publisher = test.stream.registry.publish({
      stream: "live/other",
      transport: "rtmp",
      address: "::1",
      onKick() {},
    });
    publisher.setTrack(audioInfo());
    publisher.close("GONE");
    test.stream.clock.advance(31_000);
    expect(states).toEqual(["offline", "live", "live", "waiting", "offline"]);
    stop();
    test.stream.registry.publish({
      stream: "live/other",
      transport: "rtmp",
      address: "::1",
      onKick() {},
    });
    expect(states).toHaveLength(5);
  });

  it("describes tracks and gives the publisher's hints", () => {
    const test = new TestGateway();
    test.stream.publisher.setTrack(audioInfo({ codec: "aac" }));
    test.stream.publisher.hint("SOMETHING", "Something.");
    const statuses: unknown[] = [];
    test.gateway.observe("live/test", (status) => statuses.push(status));
    expect(statuses).toEqual([
      {
        name: "live/test",
        state: "live",
        tracks: [
          { kind: "video", codec: "h264", width: 1280, height: 720 },
          { kind: "audio", codec: "aac", sampleRate: 48_000, channels: 2 },
        ],
        hints: [{ code: "SOMETHING", message: "Something." }],
        health: { buffer: "EMPTY", sinceMs: 1_700_000_000_000, lagMs: 0, speed: 0 },
      },
    ]);
  });
});

describe("RtcGateway.close", () => {
  it("says goodbye to everybody, opens nothing more and leaves nothing behind", async () => {
    const test = new TestGateway();
    test.stream.run(500);
    const viewers = [await test.join(), await test.join()];
    test.gateway.close("SHUTTING_DOWN");
    test.gateway.close("SHUTTING_DOWN");
    for (const { observer, peer } of viewers) {
      expect(observer.byes).toEqual(["SHUTTING_DOWN"]);
      expect(peer.closedWith).toBe("SHUTTING_DOWN");
    }
    await expect(open(test)).rejects.toMatchObject({ code: "SHUTTING_DOWN" });
    test.stream.registry.close("END");
    expect(test.stream.clock.timers).toBe(0);
  });

  it("has no timer, listener or entry left after a hundred sessions came and went", async () => {
    const test = new TestGateway({ frameBytes: 2000, keyBytes: 8000 });
    test.stream.publisher.setTrack(audioInfo());
    test.stream.run(2000);
    const stream = test.stream.publisher.stream;
    const idleTimers = test.stream.clock.timers;
    const sinks = stream.tracks.map((track) => track.sinkCount);
    const ends = [
      (viewer: Awaited<ReturnType<typeof test.join>>) => viewer.session.close("CLIENT"),
      (viewer: Awaited<ReturnType<typeof test.join>>) => viewer.session.bye("KICKED"),
      (viewer: Awaited<ReturnType<typeof test.join>>) => viewer.peer.vanish(),
    ];
    for (let round = 0; round < 10; round++) {
      const viewers = [];
      for (let i = 0; i < 10; i++) viewers.push(await test.join());
      test.stream.run(100);
      expect(test.gateway.stats.sessions).toBe(10);
      for (const [i, viewer] of viewers.entries()) ends[i % 3]?.(viewer);
    }
    await Promise.resolve();
    expect(test.gateway.stats).toEqual({
      sessions: 0,
      outputs: 0,
      dataHubs: 0,
      replays: { running: 0, waiting: 0 },
    });
    expect(test.peers.open).toBe(0);
    expect(stream.viewers.size).toBe(0);
    // The shared transcoder lingers for a while.
    test.stream.clock.advance(6000);
    expect(stream.tracks.map((track) => track.sinkCount)).toEqual(sinks);
    expect(test.transcoder.running).toHaveLength(0);
    expect(test.stream.clock.timers).toBeLessThanOrEqual(idleTimers);
  });
});
