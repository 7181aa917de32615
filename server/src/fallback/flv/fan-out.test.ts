import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { afterEach, describe, expect, test } from "vitest";
import { type Log, silentLog } from "../../core/index.ts";
import { type DirectTaker, FanOut, loadNativeSend, type NativeSend } from "./fan-out.ts";
import { TestSocket } from "./test-carrier.ts";

interface Pair {
  /** The gateway's side. */
  readonly near: Socket;
  readonly far: Socket;
}

const open: Socket[] = [];
afterEach(() => {
  for (const socket of open.splice(0)) socket.destroy();
});

async function pair(): Promise<Pair> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const far = connect((server.address() as { port: number }).port, "127.0.0.1");
  const [near] = (await once(server, "connection")) as [Socket];
  server.close();
  for (const socket of [near, far]) socket.on("error", () => {});
  open.push(near, far);
  return { near, far };
}

async function read(socket: Socket, length: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let missing = length;
  for await (const part of socket.iterator({ destroyOnReturn: false })) {
    parts.push(part as Buffer);
    missing -= (part as Buffer).length;
    if (missing <= 0) break;
  }
  return Buffer.concat(parts);
}

function taker(socket: Duplex): DirectTaker {
  return { socket, directBytes: 0 };
}

/** Takes so many bytes of each write and says that it did, without writing them. */
function taking(most: number): { send: NativeSend; calls: number[] } {
  const calls: number[] = [];
  const send: NativeSend = (places, count, bytes) => {
    calls.push(count);
    places.fill(Math.min(most, bytes.length), 0, count);
  };
  return { send, calls };
}

const native = loadNativeSend(silentLog);

describe.runIf(native !== undefined)("the native fan-out", () => {
  const send = native as NativeSend;

  test("writes the same bytes to many sockets", async () => {
    const pairs = await Promise.all(Array.from({ length: 30 }, pair));
    const fanOut = new FanOut(send);
    const bytes = Buffer.alloc(5000, "flv");
    for (const { near } of pairs) expect(fanOut.take(taker(near), bytes)).toBe(true);
    expect(fanOut.flush()).toBe(true);
    expect(fanOut.flush()).toBe(false);
    for (const { near, far } of pairs) {
      expect(near.writableLength).toBe(0);
      expect(await read(far, bytes.length)).toEqual(bytes);
    }
  });

  test("leaves what a socket does not take to its stream, in order", async () => {
    const { near, far } = await pair();
    far.pause();
    const fanOut = new FanOut(send);
    const sent: Buffer[] = [];
    for (let index = 0; index < 100; index++) {
      const bytes = Buffer.alloc(100_000, index);
      sent.push(bytes);
      if (fanOut.take(taker(near), bytes)) fanOut.flush();
      else near.write(bytes);
    }
    expect(near.writableLength).toBeGreaterThan(0);
    const whole = Buffer.concat(sent);
    expect((await read(far, whole.length)).equals(whole)).toBe(true);
  });

  test("tells a stream what is wrong with its socket by writing there", async () => {
    const { near, far } = await pair();
    const closed = new Promise((resolve) => near.once("close", resolve).resume());
    far.resetAndDestroy();
    await closed;
    const other = await pair();
    const fanOut = new FanOut(send);
    const bytes = Buffer.from("bytes");
    expect(fanOut.take(taker(near), bytes)).toBe(false);
    // It closes after it was taken.
    const third = await pair();
    expect(fanOut.take(taker(third.near), bytes)).toBe(true);
    expect(fanOut.take(taker(other.near), bytes)).toBe(true);
    third.near.destroy();
    fanOut.flush();
    expect(await read(other.far, bytes.length)).toEqual(bytes);
  });

  test("writes nothing to descriptors that are none", () => {
    const places = Int32Array.of(-1, 999_999);
    send(places, 2, Buffer.from("bytes"));
    expect([...places]).toEqual([0, 0]);
  });

  test.each([
    ["more sockets than places", () => send(new Int32Array(1), 2, new Uint8Array(1))],
    ["no places", () => send([1] as unknown as Int32Array, 1, new Uint8Array(1))],
    ["other places", () => send(new Uint32Array(1) as unknown as Int32Array, 1, new Uint8Array(1))],
    ["no number", () => send(new Int32Array(1), "1" as unknown as number, new Uint8Array(1))],
    ["no bytes", () => send(new Int32Array(1), 1, "x" as unknown as Uint8Array)],
    ["no arguments", () => (send as unknown as () => void)()],
  ])("refuses %s", (_, call) => {
    expect(call).toThrow();
  });
});

describe("a fan-out", () => {
  test.each([
    [0, "bytes"],
    [2, "tes"],
    [4, "s"],
  ])("writes what is left after %d bytes the usual way", async (most, rest) => {
    const { near, far } = await pair();
    const fanOut = new FanOut(taking(most).send);
    const viewer = taker(near);
    expect(fanOut.take(viewer, Buffer.from("bytes"))).toBe(true);
    fanOut.flush();
    expect((await read(far, rest.length)).toString()).toBe(rest);
    expect([viewer.directBytes, near.bytesWritten]).toEqual([most, rest.length]);
  });

  test("calls once for each bytes, however they take turns", async () => {
    const pairs = await Promise.all(Array.from({ length: 130 }, pair));
    const { send, calls } = taking(5);
    const fanOut = new FanOut(send);
    const [chunk, message] = [Buffer.from("chunk"), Buffer.from("messa")];
    for (const [index, { near }] of pairs.entries()) {
      fanOut.take(taker(near), index % 2 === 0 ? chunk : message);
    }
    fanOut.flush();
    expect(calls).toEqual([65, 65]);
  });

  test("leaves streams alone that are no socket, hold something back or are over", async () => {
    const { send, calls } = taking(5);
    const fanOut = new FanOut(send);
    const bytes = Buffer.from("bytes");
    expect(fanOut.take(taker(new TestSocket()), bytes)).toBe(false);
    const corked = (await pair()).near;
    corked.cork();
    expect(fanOut.take(taker(corked), bytes)).toBe(false);
    const waiting = (await pair()).near;
    waiting.write(Buffer.alloc(64 * 1024 * 1024));
    expect(fanOut.take(taker(waiting), bytes)).toBe(false);
    const ended = (await pair()).near;
    ended.end();
    expect(fanOut.take(taker(ended), bytes)).toBe(false);
    const destroyed = (await pair()).near;
    destroyed.destroy();
    expect(fanOut.take(taker(destroyed), bytes)).toBe(false);
    expect([fanOut.flush(), calls]).toEqual([false, []]);
  });

  test("never names a descriptor of a socket that was closed meanwhile", async () => {
    const { near } = await pair();
    const seen: number[] = [];
    const fanOut = new FanOut((places, count) => {
      seen.push(...places.subarray(0, count));
      places.fill(0, 0, count);
    });
    fanOut.take(taker(near), Buffer.from("bytes"));
    near.destroy();
    fanOut.flush();
    expect(seen).toEqual([-1]);
  });

  test("that was not built is not there, and one that does not load is told", () => {
    const warnings: object[] = [];
    const log: Log = { ...silentLog, warn: (fields: object) => void warnings.push(fields) } as Log;
    expect(loadNativeSend(log, "/nonexistent/fan-out.node")).toBeUndefined();
    expect(warnings).toEqual([]);
    expect(loadNativeSend(log, import.meta.filename)).toBeUndefined();
    expect(warnings.length).toBe(1);
  });
});
