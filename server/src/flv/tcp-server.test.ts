import { once } from "node:events";
import type { Socket } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { flvFile, flvHeader, soundTag, tagHead } from "./test-flv.ts";
import { createTcpRig, type TcpRig } from "./test-rig.ts";

vi.setConfig({ testTimeout: 60_000 });

let rig: TcpRig;
afterEach(() => rig.close());

const until = (condition: () => unknown): Promise<unknown> =>
  vi.waitFor(
    () => {
      if (!condition()) throw new Error("not yet");
    },
    { timeout: 30_000, interval: 2 },
  );

/** An encoder that publishes. */
async function publish(stream: string): Promise<Socket> {
  const socket = await rig.connect();
  socket.write(flvHeader);
  socket.write(soundTag(0));
  await until(() => {
    const found = rig.registry.get(stream);
    return found?.state === "live" && found.track("audio") !== undefined;
  });
  return socket;
}

describe("FlvTcpServer", () => {
  it("publishes tcp/0, tcp/1 … and asks for access without a token", async () => {
    rig = await createTcpRig();
    const socket = await rig.connect();
    socket.end(flvFile);
    await once(socket, "close");
    const stream = rig.registry.get("tcp/0");
    expect(stream?.tracks.map(({ info }) => info.codec)).toEqual(["h264", "aac"]);
    expect(stream?.track("video")?.totals.frames).toBe(10);
    await until(() => stream?.state === "waiting");
    expect(rig.asked).toEqual([
      {
        id: expect.any(String),
        action: "publish",
        stream: "tcp/0",
        token: undefined,
        address: "127.0.0.1",
        transport: "flv-tcp",
        userAgent: undefined,
      },
    ]);
    await publish("tcp/0");
    await publish("tcp/1");
    await publish("tcp/2");
    expect(rig.server.stats).toMatchObject({ connections: 3, publishing: 3 });
    expect(rig.log.texts.join("\n")).not.toContain("127.0.0.1");
  });

  it("takes the stream in pieces of one byte, each on its own", async () => {
    rig = await createTcpRig();
    const socket = await rig.connect();
    socket.setNoDelay(true);
    for (let at = 0; at < 400; at++) {
      await new Promise((sent) => socket.write(flvFile.subarray(at, at + 1), sent));
    }
    socket.end(flvFile.subarray(400));
    await until(() => rig.registry.get("tcp/0")?.state === "waiting");
    expect(rig.registry.get("tcp/0")?.track("video")?.totals.frames).toBe(10);
  });

  it.each([
    ["another protocol", Buffer.from("GET / HTTP/1.1\r\n\r\n"), "FLV_HEADER_INVALID"],
    ["a tag that is too large", [...flvHeader, ...tagHead(9, 1001)], "FLV_TAG_TOO_LARGE"],
    ["a tag of no type", [...flvHeader, ...tagHead(3, 10)], "FLV_TAG_INVALID"],
  ])("closes %s and logs its code", async (_, bytes, code) => {
    rig = await createTcpRig({ maxTagBytes: 1000 });
    const socket = await rig.connect();
    socket.write(Uint8Array.from(bytes));
    await once(socket, "close");
    expect(rig.log.codes).toContain(code);
    expect(rig.server.stats.closed.get(code)).toBe(1);
  });

  it("closes whom the access seam refuses, and gives the number to the next", async () => {
    rig = await createTcpRig();
    rig.closed = true;
    const socket = await rig.connect();
    socket.write(flvFile);
    await once(socket, "close");
    expect(rig.log.codes).toContain("FORBIDDEN");
    expect(rig.registry.list()).toEqual([]);
    rig.closed = false;
    await publish("tcp/0");
  });

  it("reads nothing while access is being asked, and forgets who leaves meanwhile", async () => {
    rig = await createTcpRig();
    let open = (): void => {};
    rig.gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const [first, second] = [await rig.connect(), await rig.connect()];
    first.write(flvFile);
    await until(() => rig.asked.length === 1);
    second.write(flvFile.subarray(0, 4000));
    await until(() => rig.asked.length === 2);
    expect(rig.asked.map(({ stream }) => stream)).toEqual(["tcp/0", "tcp/1"]);
    first.resetAndDestroy();
    await until(() => rig.server.stats.connections === 1);
    second.write(flvFile.subarray(4000));
    open();
    await until(() => rig.registry.get("tcp/1")?.track("video")?.totals.frames === 10);
    expect(rig.registry.get("tcp/0")).toBeUndefined();
  });

  it("finds its stream again after a restart", async () => {
    rig = await createTcpRig();
    const first = await publish("tcp/0");
    await publish("tcp/1");
    const stream = rig.registry.get("tcp/0");
    first.destroy();
    await until(() => stream?.state === "waiting");
    await publish("tcp/0");
    expect(rig.registry.get("tcp/0")).toBe(stream);
    expect(stream?.state).toBe("live");
  });

  it("closes who sends no header in time, and who falls silent", async () => {
    rig = await createTcpRig({ startTimeoutMs: 5_000, publishTimeoutMs: 20_000 });
    const silent = await rig.connect();
    silent.write(flvHeader.subarray(0, 8));
    const encoder = await publish("tcp/0");
    await until(() => rig.server.stats.connections === 2);
    const closed = once(silent, "close");
    rig.clock.advance(6_000);
    await closed;
    expect(rig.server.stats.closed.get("FLV_START_TIMEOUT")).toBe(1);
    const ended = once(encoder, "close");
    rig.clock.advance(20_000);
    await ended;
    expect(rig.log.codes).toContain("FLV_PUBLISH_TIMEOUT");
    expect(rig.registry.get("tcp/0")?.state).toBe("waiting");
  });

  it("has as many publishers as there may be; who has not begun makes room", async () => {
    rig = await createTcpRig({ maxConnections: 2 });
    const silent = await rig.connect();
    await publish("tcp/0");
    const evicted = once(silent, "close");
    await publish("tcp/1");
    await evicted;
    const refused = await rig.connect();
    if (!refused.destroyed) await once(refused, "close");
    rig.clock.advance(1_000);
    expect(rig.log.codes).toContain("FLV_CONNECTIONS_FULL");
    expect(rig.server.stats.connections).toBe(2);
  });

  it("closes who holds most when incomplete tags hold more than they may", async () => {
    rig = await createTcpRig({ maxPendingBytes: 100_000 });
    const [small, large] = [await publish("tcp/0"), await publish("tcp/1")];
    small.write(tagHead(9, 80_000));
    small.write(new Uint8Array(30_000));
    await until(() => rig.server.stats.pendingBytes > 30_000);
    large.write(tagHead(9, 80_000));
    const closed = once(large, "close");
    large.write(new Uint8Array(75_000));
    await closed;
    expect(rig.log.codes).toContain("FLV_PENDING_TOO_LARGE");
    expect(rig.registry.get("tcp/0")?.state).toBe("live");
  });

  it("is kicked as anybody", async () => {
    rig = await createTcpRig();
    const socket = await publish("tcp/0");
    rig.registry.publisher("tcp/0")?.info.onKick("KICKED");
    await once(socket, "close");
    expect(rig.log.codes).toContain("KICKED");
    expect(rig.registry.publisher("tcp/0")).toBeUndefined();
  });

  it("leaves nothing of a hundred encoders that came and went", async () => {
    rig = await createTcpRig();
    for (let round = 0; round < 100; round++) {
      const socket = await rig.connect();
      socket.write(round % 2 === 0 ? flvFile : flvFile.subarray(0, 500 + round));
      await until(() => rig.registry.get("tcp/0")?.state === "live");
      socket.destroy();
      await until(() => rig.server.stats.connections === 0);
    }
    expect(rig.server.stats.pendingBytes).toBe(0);
    rig.clock.advance(31_000);
    expect(rig.registry.list()).toEqual([]);
    await rig.server.close();
    expect(rig.clock.timers).toBe(0);
  });

  it("closes twice, with everybody", async () => {
    rig = await createTcpRig();
    const socket = await publish("tcp/0");
    const gone = once(socket, "close");
    await Promise.all([rig.server.close("SERVER_CLOSING"), rig.server.close()]);
    await gone;
    expect(rig.server.stats.closed.get("SERVER_CLOSING")).toBe(1);
  });
});
