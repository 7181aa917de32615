import { connect, type Socket } from "node:net";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { createGateway, type Gateway } from "./app.ts";
import { loadConfig } from "./config/index.ts";
import { type Clock, silentLog, systemClock } from "./core/index.ts";
import { frameAt, videoInfo } from "./core/test-frames.ts";

const perWay = 100;
/** So much sooner than on the machine's clock everything but HTTP's own limits runs out. */
const faster = 8;
const dripMs = 100;
const pictureMs = 20;
const pictureBytes = 1000;
/** Both ends of a connection are in this process. */
const maxBytesPerSocket = 200_000;
/** Of the event loop in the middle; more at times is this machine's other work. */
const maxDelayMs = 250;

/** What a client begins to say, and goes on to say byte by byte without ever ending it. */
const beginnings: Readonly<Record<"http" | "rtmp" | "flvTcp", readonly Buffer[]>> = {
  http: [
    Buffer.from("GET /live/cam.flv HTTP/1.1\r\nHost: a\r\nX-"),
    Buffer.from("GET /live/ca"),
    // RFC 9112 section 7.1: a chunk of which little comes.
    Buffer.from(
      "POST /live/up.flv HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n",
    ),
  ],
  // RTMP 1.0 section 5.2: C0 and the beginning of C1.
  rtmp: [Buffer.from([3, 0, 0])],
  // FLV 10.1 section E.2, with a header that is longer than it has to be.
  flvTcp: [Buffer.from([0x46, 0x4c, 0x56, 1, 5, 0, 0, 3])],
};

const fastClock: Clock = {
  nowUs: () => systemClock.nowUs() * faster,
  wallMs: () => systemClock.wallMs(),
  after: (delayMs, callback) => systemClock.after(delayMs / faster, callback),
};

let gateway: Gateway | undefined;
const sockets = new Set<Socket>();
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await gateway?.close();
  gateway = undefined;
});

async function start(): Promise<Gateway> {
  const ports = ["http", "rtmp", "flv-tcp", "rtc"].flatMap((section) => [
    `--${section}-host=127.0.0.1`,
    `--${section}-port=0`,
  ]);
  const limits = ["--http-headers-timeout-seconds=2", "--http-request-timeout-seconds=3"];
  const less = ["--no-turn-enabled", "--transcode-engine=none", "--shutdown-drain-seconds=1"];
  const args = [...ports, ...limits, ...less];
  const { config } = loadConfig({ args, readFile: () => "" });
  gateway = await createGateway(config, { log: silentLog, clock: fastClock });
  await gateway.start();
  return gateway;
}

/** A connection that is never done with what it says. */
class Loris {
  closed = false;
  said = "";
  readonly #socket: Socket;

  constructor(port: number, beginning: Buffer) {
    this.#socket = connect(port, "127.0.0.1");
    sockets.add(this.#socket);
    this.#socket.setNoDelay(true);
    this.#socket.on("data", (bytes) => {
      this.said += bytes.toString("latin1");
    });
    this.#socket.on("error", () => {});
    this.#socket.once("close", () => {
      this.closed = true;
    });
    this.#socket.write(beginning);
  }

  drip(): void {
    if (this.#socket.writable) this.#socket.write("a");
  }
}

test("five hundred clients that never finish what they say are closed, and hold up nobody", async () => {
  const started = await start();
  const { registry } = started;
  const { http, rtmp, flvTcp } = started.addresses();
  const ports = { http: http?.port ?? 0, rtmp: rtmp?.port ?? 0, flvTcp: flvTcp?.port ?? 0 };
  const publisher = registry.publish({
    ...{ stream: "live/cam", transport: "rtmp", address: "192.0.2.1" },
    onKick() {},
  });
  publisher.setTrack(videoInfo());
  let pictures = 0;
  const playing = setInterval(() => {
    const key = pictures % 25 === 0;
    publisher.frame("video", frameAt(pictures++ * pictureMs, { key, size: pictureBytes }));
  }, pictureMs);
  const viewer = connect(ports.http, "127.0.0.1");
  sockets.add(viewer);
  let watched = 0;
  viewer.on("data", (bytes) => {
    watched += bytes.length;
  });
  viewer.write("GET /live/cam.flv HTTP/1.0\r\nHost: a\r\n\r\n");
  while (watched < 2 * pictureBytes) await sleep(pictureMs);

  const before = process.memoryUsage().rss;
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const ways = Object.entries(beginnings).flatMap(([way, all]) =>
    all.map((beginning) => [ports[way as keyof typeof ports], beginning] as const),
  );
  const all = ways.flatMap(([port, beginning]) =>
    Array.from({ length: perWay }, () => new Loris(port, beginning)),
  );
  expect(all).toHaveLength(500);
  const dripping = setInterval(() => {
    for (const loris of all) loris.drip();
  }, dripMs);
  try {
    let most = 0;
    let least = Number.POSITIVE_INFINITY;
    while (all.some(({ closed }) => !closed)) {
      const [seen, published] = [watched, pictures];
      const health = await fetch(`http://127.0.0.1:${ports.http}/live/cam.flv`, { method: "HEAD" });
      expect(health.status).toBe(200);
      most = Math.max(most, process.memoryUsage().rss - before);
      await sleep(10 * pictureMs);
      least = Math.min(least, (watched - seen) / ((pictures - published) * pictureBytes));
    }
    delay.disable();
    const delayMs = [delay.percentile(50), delay.percentile(99), delay.max].map((ns) => ns / 1e6);
    console.log(
      `500 slow clients: ${(most / 500 / 1024).toFixed(0)} kB each, event loop's delay p50, p99, most: ${delayMs.map((ms) => ms.toFixed(0)).join(", ")} ms, least share of what was published seen in 200 ms: ${least.toFixed(2)}`,
    );
    expect(most / all.length).toBeLessThan(maxBytesPerSocket);
    expect(delayMs[0]).toBeLessThan(maxDelayMs);
    // The viewer misses nothing.
    const published = pictures * pictureBytes;
    while (watched < published) await sleep(pictureMs);
  } finally {
    clearInterval(dripping);
    clearInterval(playing);
  }
  // Whoever has not said what it wants is told so where HTTP has a word for it.
  const answers = all.slice(0, 2 * perWay).map(({ said }) => said.split("\r\n")[0]);
  expect(new Set(answers)).toEqual(new Set(["HTTP/1.1 408 Request Timeout"]));
  // Who sent a file header was a publisher for a while, and the stream waits for it to come back.
  expect(registry.list().filter(({ state }) => state === "live")).toHaveLength(1);
  while (registry.list().length > 1) await sleep(dripMs);
}, 180_000);
