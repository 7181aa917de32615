import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { TagType } from "@millrace/media/flv";
import { afterEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../core/clock.ts";
import { RefusedError } from "../core/errors.ts";
import { FakeClock } from "../core/fake-clock.ts";
import { silentLog } from "../core/log.ts";
import type { Access, AccessRequest, Clock, Log } from "../core/ports.ts";
import { Registry } from "../core/registry.ts";
import type { RtmpServerLimits } from "./limits.ts";
import { RtmpServer } from "./listener.ts";
import { TestSocket } from "./test-socket.ts";

const hex = (text: string): Uint8Array =>
  Uint8Array.from(Buffer.from(text.replace(/\s/g, ""), "hex"));
const avcConfig = hex(
  "17 00 000000 01 4d 40 0a ff e1 00 17 67 4d 40 0a ec a2 13 60 22 00 00 03 00 02 00 00 03 00 28 1e 24 4b 2c 01 00 04 68 eb ec b2",
);
const aacConfig = hex("af 00 11 90");

/** A tag body with one NAL unit of a slice. */
function picture(key: boolean, size = 100): Uint8Array {
  const body = new Uint8Array(9 + size).fill(0x55);
  body.set([key ? 0x17 : 0x27, 1, 0, 0, 0]);
  new DataView(body.buffer).setUint32(5, size);
  body[9] = key ? 0x65 : 0x41;
  return body;
}

interface Running {
  readonly port: number;
  readonly server: RtmpServer;
  readonly registry: Registry;
  readonly requests: AccessRequest[];
}

// Generous: the machine may be busy with other tests.
vi.setConfig({ testTimeout: 60_000 });

const closing: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(
  options: {
    limits?: Partial<RtmpServerLimits>;
    clock?: Clock;
    authorize?: Access["authorize"];
    log?: Log;
  } = {},
): Promise<Running> {
  const clock = options.clock ?? systemClock;
  const log = options.log ?? silentLog;
  const registry = new Registry({ clock, log });
  const requests: AccessRequest[] = [];
  const access: Access = {
    authorize: async (request) => {
      requests.push(request);
      await options.authorize?.(request);
    },
  };
  const limits = { drainTimeoutMs: 300, ...options.limits };
  const server = new RtmpServer({ registry, access, clock, log, limits });
  const { port } = await server.listen(0, "127.0.0.1");
  closing.push(async () => {
    const closed = server.close("SHUTDOWN");
    if (clock instanceof FakeClock) clock.advance(60_000);
    await closed;
    registry.close("SHUTDOWN");
  });
  return { port, server, registry, requests };
}

async function open(port: number, scheme?: 0 | 1): Promise<TestSocket> {
  const socket = await TestSocket.open(port, scheme);
  closing.push(() => socket.close());
  return socket;
}

async function publisher(port: number, key = "cam"): Promise<TestSocket> {
  const socket = await (await open(port)).publish(key);
  socket.client.setChunkSize(65_536).tag(9, 0, avcConfig).tag(8, 0, aacConfig);
  return socket.flush();
}

/** Waits for something that no socket of the test tells. */
async function eventually(condition: () => boolean, what: string): Promise<void> {
  const expired = AbortSignal.timeout(10_000);
  while (!condition()) {
    if (expired.aborted) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const videoTags = (socket: TestSocket): number[] =>
  socket.client.tags
    .filter(({ type }) => type === TagType.video)
    .map(({ payload }) => payload[0] ?? 0);

describe("RtmpServer", () => {
  it("carries a publisher's tags to a player, byte for byte, and begins with a key frame", async () => {
    const { port, registry, requests } = await start();
    const from = await publisher(port, "cam?token=T");
    from.client.tag(9, 10, picture(true)).tag(8, 20, hex("af 01 21")).tag(9, 50, picture(false));
    from.flush();
    await eventually(() => registry.get("live/cam")?.track("video")?.totals.frames === 2, "frames");
    const to = await (await open(port, 1)).play("cam?token=P");
    await to.until(() => videoTags(to).length === 3, "the group of pictures");
    from.client.tag(9, 90, picture(true, 70_000));
    from.flush();
    await to.until(() => videoTags(to).length === 4, "live");
    const bodies = to.client.tags
      .filter(({ type }) => type !== TagType.script)
      .map(({ payload }) => Buffer.from(payload));
    const sent = [
      avcConfig,
      aacConfig,
      picture(true),
      hex("af 01 21"),
      picture(false),
      picture(true, 70_000),
    ];
    expect(bodies.map((body, index) => body.equals(sent[index] ?? new Uint8Array(0)))).toEqual(
      sent.map(() => true),
    );
    expect(to.client.tags[0]?.type).toBe(TagType.script);
    expect(requests).toMatchObject([
      {
        action: "publish",
        stream: "live/cam",
        token: "T",
        transport: "rtmp",
        address: "127.0.0.1",
        userAgent: "Test",
      },
      { action: "play", stream: "live/cam", token: "P", transport: "rtmp-play" },
    ]);
    const viewers = [...(registry.get("live/cam")?.viewers.values() ?? [])];
    expect(viewers.map(({ info }) => info.transport)).toEqual(["rtmp-play"]);
    expect(viewers[0]?.info.stats?.()).toMatchObject({ framesSent: 4, framesDropped: 0 });
  });

  it("refuses a second publisher of a stream, who is told why, and leaves the first alone", async () => {
    const { port, registry, server } = await start();
    const first = await publisher(port);
    const second = await (await open(port)).connect();
    second.client.publish("cam");
    second.flush();
    expect(await second.status("NetStream.Publish.BadName")).toMatch(/^STREAM_BUSY: /);
    await second.end();
    expect(first.closed).toBe(false);
    expect(registry.get("live/cam")?.state).toBe("live");
    await eventually(() => server.stats.closed.get("STREAM_BUSY") === 1, "the count");
  });

  it.each([
    ["publish", "NetStream.Publish.BadName"],
    ["play", "NetStream.Play.Failed"],
  ] as const)("refuses to %s with a wrong token", async (action, status) => {
    const { port, registry } = await start({
      authorize: async ({ token }) => {
        if (token !== "right") throw new RefusedError("UNAUTHORIZED", 401, "The token is wrong.");
      },
    });
    await (await open(port)).publish("other?token=right");
    const socket = await (await open(port)).connect();
    socket.client[action]("cam?token=wrong");
    socket.flush();
    expect(await socket.status(status)).toBe("UNAUTHORIZED: The token is wrong.");
    await socket.end();
    expect(registry.get("live/cam")).toBeUndefined();
  });

  it("refuses names that are none, streams that are not there, and says nothing of faults of its own", async () => {
    const { port } = await start({
      authorize: async ({ stream }) => {
        if (stream === "live/bug") throw new Error("secret detail");
      },
    });
    const ask = async (
      action: "publish" | "play",
      key: string,
      status: string,
    ): Promise<string> => {
      const socket = await (await open(port)).connect();
      socket.client[action](key);
      socket.flush();
      return socket.status(status);
    };
    expect(await ask("publish", "a b", "NetStream.Publish.BadName")).toMatch(
      /^STREAM_NAME_INVALID: /,
    );
    expect(await ask("publish", "../x", "NetStream.Publish.BadName")).toMatch(
      /^STREAM_NAME_INVALID: /,
    );
    expect(await ask("play", "nobody", "NetStream.Play.StreamNotFound")).toMatch(
      /^STREAM_NOT_FOUND: /,
    );
    expect(await ask("publish", "bug", "NetStream.Publish.BadName")).toMatch(
      /^INTERNAL_ERROR: (?!.*secret)/,
    );
  });

  it("holds what comes before the answer and loses none of it", async () => {
    let allow: () => void = () => {};
    const allowed = new Promise<undefined>((resolve) => {
      allow = () => resolve(undefined);
    });
    const { port, registry, requests } = await start({ authorize: () => allowed });
    const socket = await (await open(port)).connect();
    socket.client
      .publish("cam")
      .tag(9, 0, avcConfig)
      .tag(9, 0, picture(true))
      .tag(9, 40, picture(false));
    socket.flush();
    await eventually(() => requests.length === 1, "the question");
    expect(registry.get("live/cam")).toBeUndefined();
    allow();
    await eventually(() => registry.get("live/cam")?.track("video")?.totals.frames === 2, "frames");
  });

  it("forgets a request whose client left before the answer", async () => {
    let allow: () => void = () => {};
    const allowed = new Promise<undefined>((resolve) => {
      allow = () => resolve(undefined);
    });
    const { port, registry, requests, server } = await start({ authorize: () => allowed });
    const socket = await (await open(port)).connect();
    socket.client.publish("cam");
    socket.flush();
    await eventually(() => requests.length === 1, "the question");
    socket.close();
    await eventually(() => server.stats.connections === 0, "close");
    allow();
    await allowed;
    await new Promise((resolve) => setImmediate(resolve));
    expect(registry.get("live/cam")).toBeUndefined();
  });

  it("lets a publisher come back: the player's connection stays and shows the new one's pictures", async () => {
    const { port, registry } = await start();
    const first = await publisher(port);
    first.client.tag(9, 0, picture(true));
    first.flush();
    const player = await (await open(port)).play("cam");
    await player.until(() => videoTags(player).length === 2, "a picture");
    first.close();
    await eventually(() => registry.get("live/cam")?.state === "waiting", "waiting");
    const second = await publisher(port);
    second.client.tag(9, 0, picture(false)).tag(9, 40, picture(true, 50));
    second.flush();
    await player.until(() => videoTags(player).length === 3, "a picture of the second");
    expect(videoTags(player)).toEqual([0x17, 0x17, 0x17]);
    expect(player.client.tags.at(-1)?.payload.length).toBe(59);
  });

  it("ends a publisher that is kicked, and players when the stream is over", async () => {
    const { port, registry } = await start();
    const from = await publisher(port);
    const player = await (await open(port)).play("cam");
    registry.publisher("live/cam")?.info.onKick("KICKED");
    expect(await from.status("NetStream.Publish.Failed")).toBe("KICKED");
    await from.end();
    expect(registry.get("live/cam")?.state).toBe("waiting");
    registry.get("live/cam")?.end("STREAM_DELETED");
    expect(await player.status("NetStream.Play.UnpublishNotify")).toBe("STREAM_ENDED");
    await player.end();
  });

  it("closes with a code on what is wrong, and nobody else notices", async () => {
    const { port, server } = await start();
    const good = await publisher(port);
    const wrong: readonly (readonly [string, (socket: TestSocket) => Promise<void>])[] = [
      [
        "RTMP_VERSION_UNSUPPORTED",
        async ({ socket }) => void socket.write("GET / HTTP/1.1\r\n\r\n"),
      ],
      ["RTMP_CONNECT_INVALID", async (socket) => void (await socket.connect()).client.connect()],
      [
        "RTMP_CHUNK_TOO_LARGE",
        async (socket) => void (await socket.connect()).client.setChunkSize(0x7fff_ffff),
      ],
      [
        "RTMP_CHUNK_SIZE_INVALID",
        async (socket) => void (await socket.connect()).client.setChunkSize(0x8000_0000),
      ],
      [
        "AVCC_NAL_TRUNCATED",
        async (socket) =>
          void (await socket.publish("x")).client
            .tag(9, 0, avcConfig)
            .tag(9, 0, hex("1701000000000000ff00")),
      ],
    ];
    for (const [code, act] of wrong) {
      const socket = await open(port);
      await act(socket);
      socket.flush();
      await socket.end();
      await eventually(() => server.stats.closed.get(code) === 1, code);
    }
    expect(good.closed).toBe(false);
  });

  it("survives endless metadata in bounded memory and without taking it for life", async () => {
    const clock = new FakeClock();
    const { port, server } = await start({ clock, limits: { publishTimeoutMs: 5_000 } });
    const socket = await publisher(port);
    const large = new Uint8Array(60_000).fill(5);
    for (let index = 0; index < 100; index++) {
      socket.client.send(18, large, 1, 0, 5);
      socket.flush();
    }
    await eventually(() => socket.socket.writableLength === 0, "metadata");
    expect(server.stats.heldBytes).toBeLessThan(1_000_000);
    for (let index = 0; index < 6; index++) {
      clock.advance(1_000);
      socket.client.send(18, large, 1, 0, 5);
      socket.flush();
    }
    await socket.end();
    expect(server.stats.closed.get("RTMP_PUBLISH_TIMEOUT")).toBe(1);
    const tooLarge = await publisher(port, "large");
    tooLarge.client.send(18, new Uint8Array(65_537), 1, 0, 5);
    tooLarge.flush();
    await tooLarge.end();
    expect(server.stats.closed.get("RTMP_MESSAGE_TOO_LARGE")).toBe(1);
  });

  it("closes who asks and never reads the answers", async () => {
    const { port, server } = await start({ limits: { maxUnsentBytes: 64 * 1024 } });
    const socket = await (await open(port)).connect();
    socket.socket.pause();
    const long = "x".repeat(60_000);
    for (let index = 0; index < 1_000 && server.stats.connections > 0; index++) {
      socket.client.command("FCSubscribe", 0, null, long);
      socket.flush();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(server.stats.closed.get("RTMP_UNSENT_TOO_LARGE")).toBe(1);
  });

  describe("time limits", () => {
    it.each([
      ["RTMP_HANDSHAKE_TIMEOUT", 10_000, async (_socket: TestSocket): Promise<void> => {}],
      [
        "RTMP_SETUP_TIMEOUT",
        15_000,
        async (socket: TestSocket): Promise<void> => void (await socket.connect()),
      ],
      [
        "RTMP_PUBLISH_TIMEOUT",
        30_000,
        async (socket: TestSocket): Promise<void> => void (await socket.publish("cam")),
      ],
    ])("%s after %i ms", async (code, timeoutMs, act) => {
      const clock = new FakeClock();
      const { port, server } = await start({ clock });
      const socket = await open(port);
      await eventually(() => server.stats.connections === 1, "accept");
      await act(socket);
      clock.advance(timeoutMs - 1_000);
      expect(server.stats.closed.size).toBe(0);
      clock.advance(2_000);
      expect(server.stats.closed.get(code)).toBe(1);
      await socket.end();
    });

    it("a client that trickles bytes lives no longer than one that sends none", async () => {
      const clock = new FakeClock();
      const { port, server } = await start({ clock });
      const socket = await open(port);
      socket.client.greet();
      const hello = socket.client.take();
      await eventually(() => server.stats.connections === 1, "accept");
      for (let index = 0; index < 12 && server.stats.connections > 0; index++) {
        socket.socket.write(hello.subarray(index, index + 1));
        clock.advance(1_000);
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(server.stats.closed.get("RTMP_HANDSHAKE_TIMEOUT")).toBe(1);
    });

    it("a publisher that trickles one endless message is closed, and holds little", async () => {
      const clock = new FakeClock();
      const { port, server, registry } = await start({ clock });
      const socket = await publisher(port);
      await eventually(() => registry.get("live/cam")?.track("audio") !== undefined, "tracks");
      socket.client.raw(hex("06 000000 7a0000 09 01000000"));
      for (let index = 0; index < 31; index++) {
        socket.client.raw(new Uint8Array(100));
        socket.flush();
        clock.advance(1_000);
        await new Promise((resolve) => setImmediate(resolve));
        expect(server.stats.heldBytes).toBeLessThan(70_000);
      }
      await socket.end();
      expect(server.stats.closed.get("RTMP_PUBLISH_TIMEOUT")).toBe(1);
    });

    it("a player that takes nothing is closed; its publisher and other players are not", async () => {
      const clock = new FakeClock();
      const limits = {
        playSocketBytes: 100_000,
        playQueueBytes: 1_000_000,
        playStallTimeoutMs: 5_000,
      };
      const { port, server, registry } = await start({ clock, limits });
      const from = await publisher(port);
      from.client.tag(9, 0, picture(true));
      from.flush();
      const stalled = await (await open(port)).play("cam");
      const quick = await (await open(port)).play("cam");
      stalled.socket.pause();
      let sent = 1;
      for (; sent < 100; sent++) {
        from.client.tag(9, sent * 40, picture(sent % 10 === 0, 200_000));
        from.flush();
        await eventually(() => from.socket.writableLength === 0, "the network");
      }
      await eventually(
        () => registry.get("live/cam")?.track("video")?.totals.frames === sent,
        "frames",
      );
      await quick.until(() => videoTags(quick).length > 50, "pictures");
      expect(server.stats.heldBytes).toBeLessThan(2_000_000);
      clock.advance(7_000);
      await eventually(() => server.stats.closed.get("RTMP_PLAY_STALLED") === 1, "close");
      expect(quick.closed).toBe(false);
      expect(from.closed).toBe(false);
    });
  });

  it("serves others while 2000 connections do nothing, in bounded memory", async () => {
    const { port, server } = await start({
      limits: { maxConnections: 1_000, maxConnectionsPerAddress: 1_000 },
    });
    const idle: Socket[] = [];
    closing.push(() => {
      for (const socket of idle) socket.destroy();
    });
    const half = randomBytes(700);
    half[0] = 3;
    for (let count = 0; count < 2_000; count += 100) {
      const batch = Array.from({ length: 100 }, () => connect(port, "127.0.0.1"));
      idle.push(...batch);
      for (const socket of batch) {
        socket.on("error", () => {});
        socket.write(half);
      }
      await eventually(() => batch.every((socket) => !socket.connecting), "connections");
    }
    const from = await publisher(port);
    from.client.tag(9, 0, picture(true));
    from.flush();
    const to = await (await open(port)).play("cam");
    await to.until(() => videoTags(to).length === 2, "a picture");
    expect(server.stats.connections).toBeLessThanOrEqual(1_000);
    expect(server.stats.heldBytes).toBeLessThan(1_000_000);
    expect(server.stats.closed.get("RTMP_IDLE_EVICTED")).toBeGreaterThanOrEqual(1_000);
    expect(from.closed).toBe(false);
  });

  it("keeps no entry, listener or viewer of connections that are gone", async () => {
    const { port, server, registry } = await start();
    for (let index = 0; index < 30; index++) {
      const from = await publisher(port, `cam${index % 3}`);
      const to = await (await open(port)).play(`cam${index % 3}`);
      to.close();
      from.close();
      await eventually(() => server.stats.connections === 0, "close");
    }
    for (const stream of registry.list()) {
      expect(stream.viewers.size).toBe(0);
      expect(stream.tracks.every(({ sinkCount }) => sinkCount === 0)).toBe(true);
    }
  });

  describe("close", () => {
    it("asks clients that know how to reconnect, and waits for them", async () => {
      const { port, server } = await start({ limits: { drainTimeoutMs: 60_000 } });
      const from = await (await open(port)).connect({ capsEx: 1 });
      from.client.publish("cam");
      from.flush();
      await from.status("NetStream.Publish.Start");
      const plain = await (await open(port)).play("cam");
      const closed = server.close("SHUTDOWN");
      expect(await from.status("NetConnection.Connect.ReconnectRequest")).toBe(
        "The server is restarting.",
      );
      expect(await plain.status("NetStream.Play.UnpublishNotify")).toBe("SHUTDOWN");
      await plain.end();
      expect(from.closed).toBe(false);
      from.close();
      await closed;
      expect(server.stats.connections).toBe(0);
    });

    it("cuts off who stays too long, and may be called twice", async () => {
      const { port, server, registry } = await start({ limits: { drainTimeoutMs: 50 } });
      const from = await (await open(port)).connect({ capsEx: 1 });
      from.client.publish("cam");
      from.flush();
      await from.status("NetStream.Publish.Start");
      await Promise.all([server.close("SHUTDOWN"), server.close("AGAIN")]);
      await from.end();
      expect(server.stats.closed.get("SHUTDOWN")).toBe(1);
      expect(registry.get("live/cam")?.state).toBe("waiting");
    });

    it("takes no new connection and leaves no timer", async () => {
      const clock = new FakeClock();
      const { port, server } = await start({ clock });
      await server.close("SHUTDOWN");
      expect(clock.timers).toBe(0);
      const late = connect(port, "127.0.0.1");
      await expect(
        new Promise((resolve, reject) => late.once("connect", resolve).once("error", reject)),
      ).rejects.toMatchObject({ code: "ECONNREFUSED" });
    });
  });

  it("rejects an address that cannot be had", async () => {
    const { port } = await start();
    const registry = new Registry({ clock: systemClock, log: silentLog });
    const access: Access = { authorize: async () => {} };
    const second = new RtmpServer({ registry, access, clock: systemClock, log: silentLog });
    await expect(second.listen(port, "127.0.0.1")).rejects.toMatchObject({ code: "EADDRINUSE" });
    await second.close("SHUTDOWN");
  });

  it("logs no token and no address above debug", async () => {
    const lines: string[] = [];
    const write = (fields: object, message: string): void =>
      void lines.push(JSON.stringify([fields, message]));
    const log: Log = { error: write, warn: write, info: write, debug() {}, child: () => log };
    const { port, server } = await start({ log });
    const from = await publisher(port, "cam?token=SECRET");
    const wrong = await (await open(port)).connect({ tcUrl: "rtmp://h/live?token=SECRET" });
    wrong.client.publish("a b?token=SECRET");
    wrong.flush();
    await wrong.end();
    from.client.send(20, Uint8Array.of(2));
    from.flush();
    await from.end();
    await eventually(() => server.stats.connections === 0, "close");
    expect(lines.length).toBeGreaterThan(4);
    expect(lines.join()).not.toMatch(/SECRET|127\.0\.0\.1/);
  });
});
