import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, expect, test } from "vitest";
import { FakeClock } from "../../core/fake-clock.ts";
import {
  type Clock,
  type Publisher,
  silentLog,
  systemClock,
  type Viewer,
} from "../../core/index.ts";
import { audioInfo, frameAt, videoInfo } from "../../core/test-frames.ts";
import { testCertificate } from "../door/test-certificate.ts";
import { feed, Received, TestDoor } from "../door/test-door.ts";
import { createFlvOutput } from "./flv-output.ts";
import { dechunk, messagesOf, parseFlv, splitAnswer } from "./test-flv.ts";

let door: TestDoor | undefined;
afterEach(async () => {
  await door?.close();
  door = undefined;
});

async function open(scheme: Scheme, clock: Clock, endMs = 5000): Promise<TestDoor> {
  const output = createFlvOutput({ clock, log: silentLog, limits: { trackGraceMs: 0, endMs } });
  const tls = scheme === "TLS" ? await testCertificate() : undefined;
  door = await new TestDoor({ outputs: [output], core: { graceMs: 0 }, tls }).listen();
  return door;
}

/** Connects and does not read, until what is sent has to wait. */
async function stall(at: TestDoor, publisher: Publisher, request: string): Promise<void> {
  const socket = await at.raw(request);
  socket.pause();
  while (publisher.stream.viewers.size !== 1) await turn();
  const [viewer] = publisher.stream.viewers.values();
  for (let frame = 1; statsOf(viewer).waitingBytes < 256 * 1024; frame++) {
    feed(publisher, "video", [frameAt(frame, { key: true, size: megabyte })]);
    await turn();
  }
}

const http = "GET /live/cam.flv HTTP/1.1\r\nHost: x\r\n\r\n";
const webSocket = [
  "GET /live/cam.flv HTTP/1.1",
  "Host: x",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version: 13\r\n\r\n",
].join("\r\n");
type Scheme = "TCP" | "TLS";
const ways: [carrier: string, scheme: Scheme, request: string][] = [
  ["HTTP", "TCP", http],
  ["WebSocket", "TCP", webSocket],
  ["HTTP", "TLS", http],
  ["WebSocket", "TLS", webSocket],
];
const megabyte = 1024 * 1024;
const statsOf = (viewer: Viewer | undefined) =>
  viewer?.info.stats?.() as { bytesSent: number; waitingBytes: number; framesDropped: number };
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

setFlagsFromString("--expose_gc");
const collectGarbage = runInNewContext("gc") as () => void;

function bufferBytes(): number {
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

test.each(ways)(
  "viewers by %s over %s that do not read cost bounded memory, hold up nobody and go on at a key frame",
  async (name, scheme, request) => {
    const at = await open(scheme, systemClock);
    const publisher = at.publish("live/cam", videoInfo(), audioInfo());
    feed(publisher, "video", [frameAt(0, { key: true })]);
    const stalled = await Promise.all([1, 2, 3].map(() => at.raw(request)));
    for (const socket of stalled) socket.pause();
    const stream = at.registry.get("live/cam");
    while (stream?.viewers.size !== 3) await turn();
    const reader = await at.raw(http);
    let readerBytes = 0;
    reader.on("data", (part: Buffer) => {
      readerBytes += part.length;
    });

    const before = bufferBytes();
    let sent = 0;
    let most = 0;
    // 160 MB, far more than the kernel's buffers hold.
    for (let group = 0; group < 80; group++) {
      feed(publisher, "video", [
        frameAt(group * 40, { key: true, size: megabyte }),
        frameAt(group * 40 + 20, { size: megabyte }),
      ]);
      sent += 2 * megabyte;
      while (readerBytes < sent) await turn();
      if (group % 20 === 19) most = Math.max(most, bufferBytes() - before);
    }
    // Over TLS what is inside counts.
    const sentTo = () => [...(stream?.viewers.values() ?? [])].map((one) => statsOf(one).bytesSent);
    while (!sentTo().includes(readerBytes)) await turn();
    // The newest group, what all stalled ones together are behind, and what waits in each one's socket.
    expect(most).toBeLessThan(60 * megabyte);
    for (const viewer of stream?.viewers.values() ?? []) {
      expect(statsOf(viewer).waitingBytes).toBeLessThan(2 * megabyte);
    }

    const received = stalled.map((socket) => new Received(socket.resume()));
    const last = {
      ...frameAt(4000, { key: true }),
      payload: [new Uint8Array(5000).fill(0xee, 4995)],
    };
    feed(publisher, "video", [last]);
    const flvOf = ({ bytes }: Received) => {
      const { body } = splitAnswer(bytes);
      if (name === "HTTP") return parseFlv(dechunk(body).data);
      return parseFlv(Buffer.concat(messagesOf(body).map(({ data }) => data)));
    };
    for (const one of received) {
      // The end of a tag, and of a chunk behind it, are a few bytes.
      await one.until(({ lastPart }) => lastPart.at(-8) === 0xee);
      const words = flvOf(one).words.map((word) => word.replace(/ \d+$/, ""));
      const again = words.lastIndexOf("onMetaData");
      expect(again).toBeGreaterThan(4);
      expect(words.slice(again, again + 4)).toEqual([
        "onMetaData",
        "video config",
        "audio config",
        "key",
      ]);
      expect(words.length).toBeLessThan(160);
    }
    const dropped = [...(stream?.viewers.values() ?? [])].map(
      (viewer) => statsOf(viewer).framesDropped,
    );
    expect(dropped.filter((frames) => frames > 0).length).toBe(3);
  },
  120_000,
);

test.each(ways)(
  "a viewer by %s over %s that takes nothing for the limit is closed",
  async (_name, scheme, request) => {
    const clock = new FakeClock();
    const at = await open(scheme, clock);
    const publisher = at.publish("live/cam", videoInfo());
    feed(publisher, "video", [frameAt(0, { key: true })]);
    await stall(at, publisher, request);
    const { stream } = publisher;
    clock.advance(20_000);
    expect(stream.viewers.size).toBe(1);
    clock.advance(12_000);
    expect(stream.viewers.size).toBe(0);
    while (at.connections > 0) await turn();
    expect(clock.timers).toBe(0);
  },
  60_000,
);

test.each(["TCP", "TLS"] as const)(
  "a viewer by HTTP over %s that does not take the end is cut after the limit",
  async (scheme) => {
    const clock = new FakeClock();
    const at = await open(scheme, clock, 300);
    const publisher = at.publish("live/cam", videoInfo());
    feed(publisher, "video", [frameAt(0, { key: true })]);
    await stall(at, publisher, http);
    publisher.close("PUBLISHER_CLOSED");
    expect(publisher.stream.viewers.size).toBe(0);
    clock.advance(299);
    await turn();
    expect(at.connections).toBe(1);
    clock.advance(1);
    while (at.connections > 0) await turn();
    expect(clock.timers).toBe(0);
  },
  60_000,
);

test.each(["TCP", "TLS"] as const)(
  "a viewer by WebSocket over %s that does not take the end is cut after the limit",
  async (scheme) => {
    const at = await open(scheme, systemClock, 50);
    const publisher = at.publish("live/cam", videoInfo());
    feed(publisher, "video", [frameAt(0, { key: true })]);
    await stall(at, publisher, webSocket);
    publisher.close("PUBLISHER_CLOSED");
    expect(publisher.stream.viewers.size).toBe(0);
    while (at.connections > 0) await turn();
  },
  60_000,
);
