import { beforeEach, describe, expect, it } from "vitest";
import { FakeScheduler } from "../fake-scheduler.ts";
import type { ByteStream, ByteStreamEvents } from "./byte-stream.ts";
import { FakeFetch, flush } from "./fake-fetch.ts";
import { FakeSocket } from "./fake-socket.ts";
import { answerMs, openHttpBytes } from "./http-bytes.ts";
import { openSocketBytes } from "./socket-bytes.ts";

let scheduler: FakeScheduler;
let web: FakeFetch;
let told: string[];
let events: ByteStreamEvents;
const request = { url: "http://mill/live/cam.flv", headers: { Authorization: "Bearer T" } };

beforeEach(() => {
  scheduler = new FakeScheduler();
  web = new FakeFetch();
  told = [];
  events = {
    answered: (yes) => told.push(`answered ${yes}`),
    bytes: (chunk) => told.push(`bytes ${[...chunk]}`),
    ended: (code, message) => told.push(`${code} ${message}`.trim()),
  };
});

describe("over HTTP", () => {
  const open = (): ByteStream => openHttpBytes({ request, fetch: web.fetch, scheduler }, events);

  it("bytes come until the answer ends without a word", async () => {
    open();
    expect(told).toEqual([]);
    await flush();
    expect(web.last.headers.get("Authorization")).toBe("Bearer T");
    web.last.begin();
    web.last.send(Uint8Array.of(1, 2));
    await flush();
    web.last.end();
    await flush();
    expect(told).toEqual(["answered true", "bytes 1,2", "CONNECTION_LOST"]);
    expect(scheduler.pending).toBe(0);
  });

  it("a refusal has the server's code", async () => {
    open();
    await flush();
    web.last.refuse(404, "STREAM_NOT_FOUND", "There is none.");
    await flush();
    expect(told).toEqual(["answered true", "STREAM_NOT_FOUND There is none."]);
  });

  it("no connection, a break and silence are told apart", async () => {
    open();
    await flush();
    web.last.break();
    await flush();
    expect(told.splice(0)).toEqual(["answered false", "SERVER_UNREACHABLE"]);
    open();
    await flush();
    web.last.begin();
    await flush();
    web.last.break();
    await flush();
    expect(told.splice(0)).toEqual(["answered true", "CONNECTION_LOST"]);
    open();
    await flush();
    await scheduler.advance(answerMs);
    expect(told).toEqual(["answered false", "TIMEOUT"]);
    expect(web.last.aborted).toBe(true);
  });

  it("nothing is told after close, which may be called twice", async () => {
    const stream = open();
    await flush();
    web.last.begin();
    await flush();
    stream.close();
    stream.close();
    await flush();
    expect(told).toEqual(["answered true"]);
    expect(web.last.aborted).toBe(true);
    open().close();
    await flush();
    expect(web.calls).toHaveLength(1);
    expect(scheduler.pending).toBe(0);
  });
});

describe("over a WebSocket", () => {
  let socket: FakeSocket;
  const open = (): ByteStream =>
    openSocketBytes(
      {
        url: "ws://mill/live/cam.flv",
        createSocket: (url) => {
          socket = new FakeSocket(url);
          return socket as unknown as WebSocket;
        },
        request,
        fetch: web.fetch,
        scheduler,
      },
      events,
    );

  it("bytes come until it is closed, with the server's reason as the code", async () => {
    open();
    await flush();
    expect([socket.url, socket.binaryType]).toEqual(["ws://mill/live/cam.flv", "arraybuffer"]);
    socket.open();
    socket.message(Uint8Array.of(1, 2).buffer);
    socket.message("text");
    socket.shut("PUBLISHER_GONE");
    expect(told).toEqual(["answered true", "bytes 1,2", "PUBLISHER_GONE"]);
    expect(scheduler.pending).toBe(0);
  });

  it("a break has no reason", async () => {
    open();
    await flush();
    socket.open();
    socket.shut("going away");
    expect(told).toEqual(["answered true", "CONNECTION_LOST"]);
  });

  it.each([
    [404, ["answered true", "STREAM_NOT_FOUND"]],
    [401, ["answered true", "UNAUTHORIZED"]],
    [200, ["answered false", "SERVER_UNREACHABLE"]],
  ])("why there is none is asked for: %i", async (status, expected) => {
    open();
    await flush();
    socket.shut("");
    await flush();
    expect(web.last.method).toBe("HEAD");
    web.last.answer(status);
    await flush();
    expect(told).toEqual(expected);
  });

  it("without a server there is neither", async () => {
    open();
    await flush();
    socket.shut("");
    await flush();
    web.last.break();
    await flush();
    expect(told).toEqual(["answered false", "SERVER_UNREACHABLE"]);
  });

  it("silence ends it", async () => {
    open();
    await flush();
    await scheduler.advance(answerMs);
    expect(told).toEqual(["answered false", "TIMEOUT"]);
    expect(socket.closed).toBe(true);
  });

  it("nothing is told after close", async () => {
    const stream = open();
    await flush();
    stream.close();
    stream.close();
    socket.open();
    socket.shut("");
    await flush();
    expect([told, scheduler.pending, socket.closed]).toEqual([[], 0, true]);
  });
});
