import { afterEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { FakeClock } from "../../core/fake-clock.ts";
import { type Clock, silentLog, systemClock } from "../../core/index.ts";
import { audioInfo, frameAt, videoInfo } from "../../core/test-frames.ts";
import { feed, Received, TestDoor, type TestDoorOptions } from "../door/test-door.ts";
import { createFlvOutput } from "./flv-output.ts";
import type { FlvLimits } from "./limits.ts";
import { messagesOf, parseFlv, splitAnswer } from "./test-flv.ts";

/** RFC 6455 section 1.3. */
const sampleKey = "dGhlIHNhbXBsZSBub25jZQ==";
const sampleAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

let door: TestDoor | undefined;
afterEach(async () => {
  await door?.close();
  door = undefined;
});

interface OpenOptions {
  readonly limits?: Partial<FlvLimits>;
  readonly door?: Partial<TestDoorOptions>;
  readonly clock?: Clock;
}

async function open(options: OpenOptions = {}): Promise<TestDoor> {
  const output = createFlvOutput({
    clock: options.clock ?? systemClock,
    log: silentLog,
    limits: { trackGraceMs: 0, ...options.limits },
  });
  door = await new TestDoor({ outputs: [output], ...options.door }).listen();
  return door;
}

const shake = (change: { version?: string; key?: string; more?: string; path?: string } = {}) =>
  [
    `GET ${change.path ?? "/live/cam.flv"} HTTP/1.1`,
    "Host: gateway.example",
    "Connection: keep-alive, Upgrade",
    "Upgrade: WebSocket",
    `Sec-WebSocket-Key: ${change.key ?? sampleKey}`,
    `Sec-WebSocket-Version: ${change.version ?? "13"}`,
    `${change.more ?? ""}\r\n`,
  ].join("\r\n");

function publishGroup(at: TestDoor) {
  const publisher = at.publish("live/cam", videoInfo(), audioInfo());
  feed(publisher, "video", [frameAt(0, { key: true, size: 70_000 })]);
  feed(publisher, "audio", [frameAt(10, { key: true, size: 20 })]);
  return publisher;
}

const messages = (received: Received) => messagesOf(splitAnswer(received.bytes).body);
const flvOf = (received: Received) =>
  parseFlv(
    Buffer.concat(messages(received).flatMap(({ opcode, data }) => (opcode === 2 ? data : []))),
  );
/** A client's frame, RFC 6455 section 5.2, with a mask of zeros. */
const clientFrame = (opcode: number, data: Uint8Array = new Uint8Array(0)) =>
  Buffer.concat([Buffer.of(0x80 | opcode, 0x80 | data.length, 0, 0, 0, 0), data]);

describe("the handshake", () => {
  test("is answered 101 with the key's digest and no sub-protocol that is not known", async () => {
    const at = await open();
    publishGroup(at);
    const more =
      "Sec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Extensions: permessage-deflate\r\n";
    const received = new Received(await at.raw(shake({ more })));
    await received.until(({ text }) => text.includes("\r\n\r\n"));
    expect(splitAnswer(received.bytes).head.split("\r\n")).toEqual([
      "HTTP/1.1 101 Switching Protocols",
      "Upgrade: websocket",
      "Connection: Upgrade",
      `Sec-WebSocket-Accept: ${sampleAccept}`,
      "",
      "",
    ]);
  });

  test("chooses the sub-protocol flv", async () => {
    const at = await open();
    publishGroup(at);
    const received = new Received(
      await at.raw(shake({ more: "Sec-WebSocket-Protocol: chat, flv\r\n" })),
    );
    await received.until(({ text }) => text.includes("\r\n\r\n"));
    expect(received.text).toContain("Sec-WebSocket-Protocol: flv\r\n");
  });

  test.each([
    [{ version: "8" }, "426 Upgrade Required", "WEBSOCKET_VERSION_UNSUPPORTED"],
    [{ version: "14" }, "426 Upgrade Required", "WEBSOCKET_VERSION_UNSUPPORTED"],
    [{ key: "short" }, "400 Bad Request", "WEBSOCKET_REQUEST_INVALID"],
    [{ path: "/live/cam.flv/part" }, "404 Not Found", "NOT_FOUND"],
    [{ path: "/live/other.flv" }, "404 Not Found", "STREAM_NOT_FOUND"],
    [{ more: "Origin: https://evil.example\r\n" }, "403 Forbidden", "ORIGIN_FORBIDDEN"],
  ])("%j is answered %s", async (change, status, code) => {
    const at = await open({ door: { origins: ["https://player.example"] } });
    publishGroup(at);
    const received = new Received(await at.raw(shake(change)));
    await received.untilEnd();
    expect(received.text.startsWith(`HTTP/1.1 ${status}\r\n`)).toBe(true);
    expect(received.text).toContain(`"code":"${code}"`);
    expect(received.text.includes("Sec-WebSocket-Version: 13\r\n")).toBe(status.startsWith("426"));
    expect(at.registry.get("live/cam")?.viewers.size).toBe(0);
  });

  test("to something else than a WebSocket is refused", async () => {
    const at = await open();
    publishGroup(at);
    const received = new Received(await at.raw(shake().replace("WebSocket\r\n", "h2c\r\n")));
    await received.untilEnd();
    expect(received.text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  });
});

describe("a WebSocket", () => {
  test("is sent FLV in whole, unmasked, binary messages", async () => {
    const at = await open();
    const publisher = publishGroup(at);
    const received = new Received(await at.raw(shake()));
    await received.until((all) => flvOf(all).tags.length >= 5);
    feed(publisher, "video", [frameAt(40)]);
    await received.until((all) => flvOf(all).tags.length >= 6);
    expect(messages(received).map(({ opcode }) => opcode)).toEqual([2, 2, 2]);
    expect(flvOf(received).flags).toBe(5);
    expect(flvOf(received).words.map((word) => word.replace(/ \d+$/, ""))).toEqual([
      "onMetaData",
      "video config",
      "audio config",
      "key",
      "audio",
      "inter",
    ]);
    const [viewer] = at.registry.get("live/cam")?.viewers.values() ?? [];
    expect(viewer?.info.transport).toBe("ws-flv");
  });

  test("is closed in order when the stream ends, with the reason", async () => {
    const at = await open({ door: { core: { graceMs: 0 } } });
    const publisher = publishGroup(at);
    const webSocket = new WebSocket(`ws://127.0.0.1:${at.port}/live/cam.flv`);
    await new Promise((resolve) => webSocket.once("message", resolve));
    const closed = new Promise((resolve) =>
      webSocket.once("close", (code, reason) => resolve([code, String(reason)])),
    );
    publisher.close("PUBLISHER_CLOSED");
    expect(await closed).toEqual([1000, "STREAM_ENDED"]);
  });

  test.each([
    ["NO_TRANSCODER", 1011, { core: {} }],
    ["VIEWERS_FULL", 1013, { core: { maxViewersPerStream: 0 } }],
  ])("with nothing to watch is told %s when it is closed", async (code, closeCode, options) => {
    const at = await open({ door: options });
    at.publish("live/cam", videoInfo({ codec: "vp8", config: new Uint8Array(0) }));
    const webSocket = new WebSocket(`ws://127.0.0.1:${at.port}/live/cam.flv`);
    const closed = new Promise((resolve) =>
      webSocket.once("close", (given, reason) => resolve([given, String(reason)])),
    );
    expect(await closed).toEqual([closeCode, code]);
    expect(at.registry.get("live/cam")?.viewers.size).toBe(0);
  });

  test("is told that the server closes", async () => {
    const at = await open();
    publishGroup(at);
    const webSocket = new WebSocket(`ws://127.0.0.1:${at.port}/live/cam.flv`);
    await new Promise((resolve) => webSocket.once("message", resolve));
    const closed = new Promise((resolve) =>
      webSocket.once("close", (code, reason) => resolve([code, String(reason)])),
    );
    at.fallback.close();
    expect(await closed).toEqual([1001, "SERVER_CLOSING"]);
  });

  test("is pinged, and closed when no pong comes", async () => {
    const clock = new FakeClock();
    const at = await open({ clock, limits: { pingMs: 5000, pongMs: 12_000 } });
    publishGroup(at);
    const socket = await at.raw(shake());
    const received = new Received(socket);
    await received.until((all) => flvOf(all).tags.length >= 5);
    const pings = () => messages(received).filter(({ opcode }) => opcode === 9).length;
    clock.advance(6000);
    await received.until(() => pings() === 1);
    socket.write(clientFrame(10));
    const viewers = at.registry.get("live/cam")?.viewers;
    // What is answered after the pong tells that the pong was read.
    socket.write(clientFrame(9, Buffer.of(1)));
    await received.until((all) => messages(all).some(({ opcode }) => opcode === 10));
    clock.advance(11_000);
    expect(viewers?.size).toBe(1);
    clock.advance(2000);
    await received.untilEnd();
    expect(viewers?.size).toBe(0);
    expect(clock.timers).toBe(0);
  });

  test("that talks too much is closed", async () => {
    const clock = new FakeClock();
    const at = await open({ clock, limits: { maxMessages: 2 } });
    publishGroup(at);
    const socket = await at.raw(shake());
    const received = new Received(socket);
    await received.until((all) => flvOf(all).tags.length >= 5);
    const say = (times: number) => {
      for (let said = 0; said < times; said++) socket.write(clientFrame(1, Buffer.from("hello")));
      socket.write(clientFrame(9, Buffer.of(times)));
      return received.until(() =>
        messages(received).some(({ opcode, data }) => opcode === 10 && data[0] === times),
      );
    };
    await say(2);
    clock.advance(1000);
    expect(at.registry.get("live/cam")?.viewers.size).toBe(1);
    await say(1);
    clock.advance(1000);
    await received.untilEnd();
    expect(at.registry.get("live/cam")?.viewers.size).toBe(0);
  });

  test.each([
    ["a larger message than allowed", clientFrame(2, new Uint8Array(101)), 1009],
    ["an unmasked frame", Buffer.of(0x81, 1, 0x41), 1002],
  ])("that sends %s is closed with %3$d", async (_name, bytes, closeCode) => {
    const at = await open({ limits: { maxMessageBytes: 100 } });
    publishGroup(at);
    const socket = await at.raw(shake());
    const received = new Received(socket);
    await received.until((all) => flvOf(all).tags.length >= 5);
    socket.write(bytes);
    await received.until((all) => messages(all).some(({ opcode }) => opcode === 8));
    const close = messages(received).find(({ opcode }) => opcode === 8);
    expect(close?.data.readUInt16BE(0)).toBe(closeCode);
    socket.destroy();
  });

  test("hundreds of them leave nothing behind", async () => {
    const at = await open();
    publishGroup(at);
    const stream = at.registry.get("live/cam");
    for (let round = 0; round < 5; round++) {
      const sockets = await Promise.all(Array.from({ length: 40 }, () => at.raw(shake())));
      await Promise.all(
        sockets.map((socket) => new Received(socket).until(({ text }) => text.includes("FLV"))),
      );
      expect(stream?.viewers.size).toBe(40);
      for (const socket of sockets) socket.destroy();
      while (at.connections > 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(stream?.viewers.size).toBe(0);
    expect(stream?.track("video")?.sinkCount).toBe(0);
  }, 60_000);
});
