/**
 * What WebRTC viewers cost: the gateway's own delay from RTMP to RTP, CPU per packet, memory per
 * viewer, joins per second, first frame. Prints Markdown tables. Run: npm run bench
 */

import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { Gateway } from "../peers/gateway.ts";
import { StampedPublisher, stampMarker } from "../peers/rtmp-publisher.ts";
import { buildLoadClient, type LoadReport, runLoad } from "./load-client.ts";

const rounds = Number(process.env["BENCH_ROUNDS"] ?? 3);
const seconds = Number(process.env["BENCH_SECONDS"] ?? 8);
const viewerCounts = [1, 10, 100];

const program = buildLoadClient();
const flags = ["--log-level", "info", "--rtc-egress", process.env["BENCH_EGRESS"] ?? "auto"];
const gateway = await Gateway.start({ flags });
const pid = gateway.process.process.pid ?? 0;
const publisher = await StampedPublisher.start({ port: gateway.ports.rtmp, name: "stamped" });
const whep = `${gateway.url}/whep/live/stamped`;

try {
  const reports = new Map<number, LoadReport[]>(viewerCounts.map((count) => [count, []]));
  for (let round = 0; round < rounds; round++) {
    for (const n of viewerCounts) {
      const report = await runLoad(program, {
        ...{ url: whep, n, ramp: 50, seconds, pid, stamp: stampMarker.toString("hex") },
      });
      reports.get(n)?.push(report);
    }
  }
  const joins: number[] = [];
  const memory: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const { perCpuSecond, kilobytes } = await measureJoins();
    joins.push(perCpuSecond);
    memory.push(kilobytes);
  }
  print(reports, joins, memory);
} finally {
  publisher.stop();
  await gateway.stop();
}

/** How many joins one second of CPU makes, on a stream whose replay costs next to nothing, and what one viewer keeps. */
async function measureJoins(): Promise<{ perCpuSecond: number; kilobytes: number }> {
  const fresh = await Gateway.start({ flags });
  const light = await StampedPublisher.start({
    ...{ port: fresh.ports.rtmp, name: "light", fps: 5, gop: 5, keyBytes: 400, deltaBytes: 100 },
  });
  try {
    const process = fresh.process.process.pid ?? 0;
    const url = `${fresh.url}/whep/live/light`;
    // The first joins compile the code.
    await runLoad(program, { url, n: 80, ramp: 40, seconds: 0.1, settle: 0 });
    const from = cpuSeconds(process);
    const report = await runLoad(program, {
      url,
      n: 100,
      ramp: 50,
      seconds: 0.1,
      settle: 0,
      pid: process,
    });
    const perCpuSecond = report.connected / (cpuSeconds(process) - from);
    return { perCpuSecond, kilobytes: report.server.pss_kb_per_viewer };
  } finally {
    light.stop();
    await fresh.stop();
  }
}

function cpuSeconds(process: number): number {
  const fields = readFileSync(`/proc/${process}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function spread(values: readonly number[], digits: number): string {
  const low = Math.min(...values).toFixed(digits);
  const high = Math.max(...values).toFixed(digits);
  return `${median(values).toFixed(digits)} (${low}–${high})`;
}

function print(
  reports: ReadonlyMap<number, readonly LoadReport[]>,
  joins: readonly number[],
  memory: readonly number[],
): void {
  console.log(
    `${cpus().length} cores (${cpus()[0]?.model}), Node ${process.version}, ${rounds} interleaved rounds of ${seconds} s; median (lowest–highest)\n`,
  );
  console.log(
    "| viewers | delay RTMP→RTP p50 ms | p95 | p99 | CPU µs/packet | packets/s | lost | click→key frame p50 ms | p95 |",
  );
  console.log("|---|---|---|---|---|---|---|---|---|");
  for (const [viewers, list] of reports) {
    const row = (read: (report: LoadReport) => number, digits = 1) =>
      spread(list.map(read), digits);
    console.log(
      `| ${viewers} | ${row((r) => r.latency_ms?.p50 ?? Number.NaN, 2)} | ${row((r) => r.latency_ms?.p95 ?? Number.NaN, 2)} | ${row((r) => r.latency_ms?.p99 ?? Number.NaN, 2)} | ${row((r) => r.server.cpu_us_per_packet)} | ${row((r) => r.packets_s, 0)} | ${row((r) => r.lost, 0)} | ${row((r) => r.keyframe_ms.p50, 0)} | ${row((r) => r.keyframe_ms.p95, 0)} |`,
    );
  }
  console.log(
    `\njoins per second of CPU: ${spread(joins, 0)}; memory per viewer after 100 joins: ${spread(memory, 0)} kB`,
  );
}
