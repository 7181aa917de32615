/**
 * What idle viewers and streams cost, and a long run in a short time. Memory and CPU are those of a gateway process: viewers of
 * one small stream on each way to watch, publishers of small streams. The run is `server/src/soak` with figures: `BENCH_HOURS`
 * (default 25) of one stream and its viewers on a clock that is moved. Run: npm run bench -- soak. `BENCH_PEERS` bounds the viewers.
 */
import { readFileSync } from "node:fs";
import { Agent, get } from "node:http";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { Day, newSight } from "../../server/src/soak/test-day.ts";
import { Gateway } from "../peers/gateway.ts";
import { StampedPublisher } from "../peers/rtmp-publisher.ts";
import { Meter } from "./http-load.ts";
import { buildLoadClient, runLoad } from "./load-client.ts";

const count = Number(process.env["BENCH_PEERS"] ?? 100);
const hours = Number(process.env["BENCH_HOURS"] ?? 25);
const small = { fps: 5, gop: 10, keyBytes: 3000, deltaBytes: 600 } as const;
const settleMs = 2500;
const meterMs = 4000;

/** proc(5): what of the process is in memory for it alone, shared pages by their part. Kilobytes. */
function pssKb(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1]);
}

type Close = () => void;

async function raw(port: number, path: string): Promise<Close> {
  const socket: Socket = connect(port, "127.0.0.1");
  socket.on("error", () => {}).resume();
  socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
  return () => void socket.destroy();
}

async function webSocket(port: number, path: string): Promise<Close> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`);
  socket.on("error", () => {}).on("message", () => {});
  return () => socket.terminate();
}

/** Asks again as soon as it is answered. */
async function poll(port: number, path: string): Promise<Close> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let open = true;
  let next = "";
  const ask = (): void => {
    if (!open) return;
    get({ agent, port, host: "127.0.0.1", path: `${path}${next}` }, (answer) => {
      const cursor = answer.headers["millrace-next"];
      if (typeof cursor === "string") next = `&after=${encodeURIComponent(cursor)}`;
      answer.resume().once("end", () => setTimeout(ask, 200));
    }).on("error", () => {});
  };
  ask();
  return () => {
    open = false;
    agent.destroy();
  };
}

/** Asks for its playlist every second. */
async function hls(port: number): Promise<Close> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const master = await (await fetch(`http://127.0.0.1:${port}/live/idle.m3u8`)).text();
  const path = `/live/${master.trim().split("\n").at(-1)}`;
  const ask = (): void => {
    get({ agent, port, host: "127.0.0.1", path }, (answer) => void answer.resume()).on(
      "error",
      () => {},
    );
  };
  ask();
  const timer = setInterval(ask, 1000);
  return () => {
    clearInterval(timer);
    agent.destroy();
  };
}

const ways: Record<string, (port: number) => Promise<Close>> = {
  "http-flv": (port) => raw(port, "/live/idle.flv"),
  "ws-flv": (port) => webSocket(port, "/live/idle.flv"),
  "ll-hls": hls,
  "long-poll": (port) => poll(port, "/live/idle.poll?media=1"),
  sse: (port) => raw(port, "/live/idle.sse?media=1"),
};

async function viewersOf(name: string, open: (port: number) => Promise<Close>): Promise<void> {
  const gateway = await Gateway.start({ flags: ["--log-level", "info"] });
  const pid = gateway.process.process.pid ?? 0;
  const { http, rtmp } = gateway.ports;
  const publisher = await StampedPublisher.start({ port: rtmp, name: "idle", ...small });
  try {
    await sleep(settleMs);
    const openAll = (many: number): Promise<Close[]> =>
      Promise.all(Array.from({ length: many }, () => open(http)));
    // The first ones compile the code and begin the output.
    const first = await openAll(10);
    await sleep(settleMs);
    const before = pssKb(pid);
    const closing = await openAll(count);
    await sleep(settleMs);
    const meter = new Meter(pid);
    await sleep(meterMs);
    const { cpuPercent } = meter.read();
    const kb = (pssKb(pid) - before) / count;
    console.log(`| ${count} × ${name} | ${kb.toFixed(1)} | ${cpuPercent.toFixed(1)} |`);
    for (const close of [...first, ...closing]) close();
  } finally {
    publisher.stop();
    await gateway.stop();
  }
}

async function rtcViewers(): Promise<void> {
  const gateway = await Gateway.start({ flags: ["--log-level", "info"] });
  const { http, rtmp } = gateway.ports;
  const publisher = await StampedPublisher.start({ port: rtmp, name: "idle", ...small });
  try {
    const report = await runLoad(buildLoadClient(), {
      url: `http://127.0.0.1:${http}/whep/live/idle`,
      n: count,
      seconds: 4,
      ramp: 40,
      pid: gateway.process.process.pid ?? 0,
    });
    const { pss_kb_per_viewer: kb, cpu_pct: cpu } = report.server;
    console.log(`| ${count} × webrtc | ${kb.toFixed(1)} | ${cpu.toFixed(1)} |`);
  } catch (error) {
    const why = error instanceof Error ? error.message.split("\n", 1)[0] : error;
    console.log(`| webrtc | not measured: ${why} | |`);
  } finally {
    publisher.stop();
    await gateway.stop();
  }
}

async function idleStreams(): Promise<void> {
  const gateway = await Gateway.start({ flags: ["--log-level", "info"] });
  const pid = gateway.process.process.pid ?? 0;
  const publishers: StampedPublisher[] = [];
  try {
    await sleep(settleMs);
    const empty = new Meter(pid);
    await sleep(meterMs);
    console.log(
      `| nothing | ${(pssKb(pid) / 1024).toFixed(0)} MB | ${empty.read().cpuPercent.toFixed(2)} |`,
    );
    const start = async (from: number, to: number): Promise<void> => {
      for (let number = from; number < to; number++) {
        const name = `idle${number}`;
        publishers.push(await StampedPublisher.start({ port: gateway.ports.rtmp, name, ...small }));
      }
    };
    await start(0, 10);
    await sleep(settleMs);
    const before = pssKb(pid);
    await start(10, 10 + count);
    await sleep(settleMs);
    const meter = new Meter(pid);
    await sleep(meterMs);
    const { cpuPercent } = meter.read();
    console.log(
      `| ${count} × stream | ${((pssKb(pid) - before) / count).toFixed(1)} | ${cpuPercent.toFixed(1)} |`,
    );
  } finally {
    for (const publisher of publishers) publisher.stop();
    await gateway.stop();
  }
}

async function longRun(): Promise<void> {
  const encoder = { firstMs: 2 ** 32 - 3_600_000, drift: -200 };
  const day = await new Day({ encoder }).open();
  console.log(
    `\n${hours} h of one stream, a tenth in each line; its encoder is 200 ppm slow\n\n| h | heap MB | RSS MB | WebRTC lag ms | sound | HTTP-FLV ms later than at first | HLS sequence | sequence wraps |\n|---|---|---|---|---|---|---|---|`,
  );
  let firstDelay: number | undefined;
  for (let tenth = 1; tenth <= 10; tenth++) {
    day.sight = newSight();
    await day.run(hours * 360);
    const { videoLag, audioLag, flvDelay } = day.sight;
    firstDelay ??= flvDelay.max;
    const cells = [
      (hours * tenth) / 10,
      ((await day.memory()) / 1e6).toFixed(1),
      (process.memoryUsage.rss() / 1e6).toFixed(0),
      videoLag.max.toFixed(1),
      audioLag.max.toFixed(1),
      (flvDelay.max - firstDelay).toFixed(1),
      day.hls?.sequence,
      day.rtcViewers[0]?.video.sequenceWraps,
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
  await day.close();
}

console.log(
  `A stream of ${small.fps} pictures a second; PSS and CPU of the gateway's process\n\n| | kB each | CPU % of all |\n|---|---|---|`,
);
await idleStreams();
await rtcViewers();
for (const [name, open] of Object.entries(ways)) await viewersOf(name, open);
if (hours > 0) await longRun();
process.exit();
