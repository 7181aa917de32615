/**
 * What an HTTPS front adds to the delay of HTTP-FLV and what it takes of a processor: nginx, Caddy and Apache with the files of
 * deploy/, beside the gateway without one. All carry the same stream at the same time to as many players each.
 * Prints a Markdown table. Run: npm run bench -- fronts. `BENCH_SECONDS` and `BENCH_PEERS` (players of each) bound it.
 */
import { setMaxListeners } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Front, hasFront } from "../peers/fronts.ts";
import { Gateway } from "../peers/gateway.ts";
import { StampedPublisher, stampMarker } from "../peers/rtmp-publisher.ts";
import { open } from "../peers/secure-client.ts";
import { heading, table } from "./results.ts";
import { benchPeers, benchSeconds } from "./settings.ts";

const seconds = benchSeconds(10);
const players = benchPeers(10);
/** A late player gets what is kept first, whose stamps are old. */
const warmUpMs = 3000;
const clockTicksPerSecond = 100;

interface Way {
  readonly name: string;
  readonly url: string;
  /** Of the front; undefined: there is none. */
  readonly pid: number | undefined;
  readonly delaysMs: number[];
  bytes: number;
}

const gateway = await Gateway.start({ flags: ["--http-trust-proxy", "loopback"] });
const publisher = await StampedPublisher.start({ port: gateway.ports.rtmp, name: "fronts" });
const fronts: Front[] = [];
try {
  const ways: Way[] = [way("none", gateway.url, undefined)];
  for (const kind of ["nginx", "caddy", "apache"] as const) {
    if (!hasFront(kind)) continue;
    const front = await Front.start(kind, gateway.ports.http, false);
    fronts.push(front);
    ways.push(way(kind, front.url, front.pid));
  }
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  let measures = false;
  const plays = ways.flatMap((at) =>
    Array.from({ length: players }, () => play(at, stop.signal, () => measures)),
  );
  await sleep(warmUpMs);
  measures = true;
  const before = ways.map(({ pid }) => cpuSeconds(pid));
  await sleep(seconds * 1000);
  const spent = ways.map(({ pid }, index) => cpuSeconds(pid) - (before[index] ?? 0));
  stop.abort();
  await Promise.allSettled(plays);
  console.log(heading(`${players} players of each for ${seconds} s, 2.6 Mbit/s, TLS but for none`));
  const rows = ways.map(({ name, pid, delaysMs, bytes }, index) => [
    name,
    ...[0.5, 0.95, 0.99].map((share) => quantile(delaysMs, share).toFixed(1)),
    ((bytes * 8) / seconds / 1e6).toFixed(1),
    pid === undefined ? "" : (((spent[index] ?? 0) / seconds) * 100).toFixed(1),
  ]);
  console.log(table(["front", "p50 ms", "p95", "p99", "Mbit/s", "CPU of the front, %"], rows));
} finally {
  publisher.stop();
  for (const front of fronts) await front.close();
  await gateway.stop();
}

function way(name: string, url: string, pid: number | undefined): Way {
  return { name, url, pid, delaysMs: [], bytes: 0 };
}

/** Reads the stream and notes how old each picture's stamp is when its first bytes are here. */
async function play(at: Way, signal: AbortSignal, measures: () => boolean): Promise<void> {
  const response = await open("GET", `${at.url}/live/fronts.flv`);
  signal.addEventListener("abort", () => response.destroy());
  const stampBytes = stampMarker.length + 8;
  let rest = Buffer.alloc(0);
  for await (const part of response) {
    const bytes = Buffer.concat([rest, part as Buffer]);
    const nowUs = (performance.timeOrigin + performance.now()) * 1000;
    if (measures()) at.bytes += (part as Buffer).length;
    let from = 0;
    for (;;) {
      const found = bytes.indexOf(stampMarker, from);
      if (found < 0 || found + stampBytes > bytes.length) {
        rest = bytes.subarray(found < 0 ? Math.max(from, bytes.length - stampBytes + 1) : found);
        break;
      }
      const sentUs = Number(bytes.readBigUInt64BE(found + stampMarker.length));
      if (measures()) at.delaysMs.push((nowUs - sentUs) / 1000);
      from = found + stampBytes;
    }
  }
}

/** User and system time of a process and of its children that run; proc(5), fields 14 and 15. */
function cpuSeconds(pid: number | undefined): number {
  if (pid === undefined) return 0;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  const pids = [pid, ...children.split(" ").filter(Boolean).map(Number)];
  return pids.reduce((sum, one) => {
    const fields = readFileSync(`/proc/${one}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return sum + (Number(fields[11]) + Number(fields[12])) / clockTicksPerSecond;
  }, 0);
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
}
