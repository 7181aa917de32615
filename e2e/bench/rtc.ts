/**
 * What WebRTC viewers cost: the gateway's own delay from its input to RTP, CPU per packet, memory per viewer, joins per
 * second, first key frame; of every egress tier, and of Debian's janus where it is installed, in turns. Nothing is
 * encoded or decoded: pictures hold the time at which they were sent. Millrace is fed over RTMP, Janus plain RTP.
 * Prints Markdown tables. Run: npm run bench -- rtc. `BENCH_ROUNDS`, `BENCH_SECONDS` and `BENCH_PEERS` (viewers) bound it.
 */
import { readFileSync } from "node:fs";
import { type PictureShape, stampMarker, usualPictures } from "../peers/stamped-pictures.ts";
import { measureJoinLimit } from "./join-limit.ts";
import { buildLoadClient, type LoadReport, runLoad } from "./load-client.ts";
import { inOwnNetwork } from "./own-network.ts";
import { heading, record, spread, table } from "./results.ts";
import {
  janusVersion,
  type RtcServer,
  startGateway,
  startJanus,
  workingTiers,
} from "./rtc-servers.ts";
import { benchPeers, benchRounds, benchSeconds } from "./settings.ts";

const address = inOwnNetwork();
const rounds = benchRounds(3);
const seconds = benchSeconds(8);
const crowd = benchPeers(100);
/** The first program, the one that an operator gets, is measured with all of them, the others with the last two. */
const viewerCounts = [...new Set([1, Math.min(10, crowd), crowd])];
const sampledViewers = 10;
/** A replay of these costs next to nothing: what is left is the join. */
const lightPictures: PictureShape = { fps: 5, gop: 5, keyBytes: 400, deltaBytes: 100 };
/** Joins that compile the code before any is measured. */
const firstJoins = Math.min(80, crowd);

/** Joins after which the compiler of V8 has come to rest, as in a gateway that has been up for a while. */
const settlingJoins = 1000;

interface Joins {
  /** Soon after the start, and later. */
  readonly freshPerCpuSecond: number;
  readonly perCpuSecond: number;
  readonly kilobytes: number;
  readonly connectedMs: number;
}

type Start = (pictures: PictureShape) => Promise<RtcServer>;

const program = buildLoadClient();
const tiers = await workingTiers();
const starts: Start[] = tiers.map((tier) => (pictures) => startGateway(tier, pictures));
if (janusVersion === undefined)
  console.log("janus is not installed and left out: apt-get install janus.");
else if (address === undefined)
  console.log(
    "janus is left out: it takes no loopback, and no network namespace can be made here.",
  );
else starts.push((pictures) => startJanus(address, pictures));

const reports = new Map<string, LoadReport[]>();
const joins = new Map<string, Joins[]>();
const roles = new Map<string, RtcServer["role"]>();
await measureViewers();
// The other tiers join as the first one does.
for (let round = 0; round < rounds; round++) {
  for (const start of inTurn([starts[0], ...starts.slice(tiers.length)], round)) {
    const server = await start(lightPictures);
    try {
      put(joins, server.name, await measureJoins(server));
    } finally {
      await server.stop();
    }
  }
}
const publicKeyLimit = measureJoinLimit();
print();
keep();

async function measureViewers(): Promise<void> {
  const servers: RtcServer[] = [];
  try {
    for (const start of starts) servers.push(await start(usualPictures));
    for (const { name, role } of servers) roles.set(name, role);
    for (let round = 0; round < rounds; round++) {
      for (const viewers of viewerCounts) {
        for (const server of inTurn(servers, round)) {
          if (viewers === 1 && crowd > 1 && server !== servers[0]) continue;
          put(reports, key(server.name, viewers), await watch(server, viewers));
        }
      }
    }
  } finally {
    for (const server of servers) await server.stop();
  }
}

function watch({ flags, pid }: RtcServer, viewers: number): Promise<LoadReport> {
  return runLoad(program, {
    ...{ ...flags, n: viewers, ramp: 50, seconds, pid, sampled: sampledViewers },
    stamp: stampMarker.toString("hex"),
  });
}

/** How many joins one second of CPU makes, and what one viewer keeps. */
async function measureJoins({ flags, pid }: RtcServer): Promise<Joins> {
  const brief = { ...flags, seconds: 0.1, settle: 0 };
  await runLoad(program, { ...brief, n: firstJoins, ramp: 40 });
  const from = cpuSeconds(pid);
  const report = await runLoad(program, { ...brief, n: crowd, ramp: 50, pid });
  const freshPerCpuSecond = report.connected / (cpuSeconds(pid) - from);
  for (let joined = 0; joined < settlingJoins; joined += crowd) {
    await runLoad(program, { ...brief, n: crowd, ramp: 50 });
  }
  const laterFrom = cpuSeconds(pid);
  const later = await runLoad(program, { ...brief, n: crowd, ramp: 50 });
  return {
    freshPerCpuSecond,
    perCpuSecond: later.connected / (cpuSeconds(pid) - laterFrom),
    kilobytes: report.server.pss_kb_per_viewer,
    connectedMs: report.connected_ms.p95,
  };
}

function cpuSeconds(process: number): number {
  const fields = readFileSync(`/proc/${process}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Who is first changes, so that nobody always finds the machine warm. */
function inTurn<Thing>(things: readonly (Thing | undefined)[], round: number): Thing[] {
  const there = things.filter((thing): thing is Thing => thing !== undefined);
  return round % 2 === 0 ? there : there.toReversed();
}

function put<Value>(lists: Map<string, Value[]>, name: string, value: Value): void {
  lists.set(name, [...(lists.get(name) ?? []), value]);
}

function key(name: string, viewers: number): string {
  return `${name} | ${viewers}`;
}

type Read = (report: LoadReport) => number;
function delay(part: "p50" | "p95" | "p99"): Read {
  return ({ latency_ms }) => latency_ms?.[part] ?? Number.NaN;
}

function print(): void {
  const { fps, gop } = usualPictures;
  console.log(
    heading(
      `${rounds} interleaved rounds of ${seconds} s; median (lowest–highest). ${fps} pictures a second, ${gop} from key frame to key frame, delays of up to ${sampledViewers} viewers`,
    ),
  );
  const columns: readonly (readonly [string, Read, number])[] = [
    ["delay in→RTP p50 ms", delay("p50"), 2],
    ["p95", delay("p95"), 2],
    ["p99", delay("p99"), 2],
    ["CPU µs/packet", ({ server }) => server.cpu_us_per_packet, 2],
    ["packets/s", ({ packets_s }) => packets_s, 0],
    ["lost", ({ lost }) => lost, 0],
    ["connected p95 ms", ({ connected_ms }) => connected_ms.p95, 0],
    ["click→key frame p50 ms", ({ keyframe_ms }) => keyframe_ms?.p50 ?? Number.NaN, 0],
    ["p95", ({ keyframe_ms }) => keyframe_ms?.p95 ?? Number.NaN, 0],
    ["load client CPU %", ({ client_cpu_pct }) => client_cpu_pct, 0],
  ];
  const rows = [...reports].map(([name, list]) => [
    name,
    ...columns.map(([, read, digits]) => spread(list.map(read), digits)),
  ]);
  console.log(table(["egress or server", "viewers", ...columns.map(([name]) => name)], rows));
  const joined = [...joins].map(([name, list]) => [
    name,
    spread(
      list.map(({ freshPerCpuSecond }) => freshPerCpuSecond),
      0,
    ),
    spread(
      list.map(({ perCpuSecond }) => perCpuSecond),
      0,
    ),
    spread(
      list.map(({ kilobytes }) => kilobytes),
      0,
    ),
    spread(
      list.map(({ connectedMs }) => connectedMs),
      0,
    ),
  ]);
  const names = [
    ...["server", "joins per second of CPU, soon after the start", `after ${settlingJoins} joins`],
    ...["memory per viewer kB", "connected p95 ms"],
  ];
  console.log(`\nJoins, signaling included:\n\n${table(names, joined)}`);
  console.log(
    `\nThe public-key work of a join alone, in node:crypto: ${publicKeyLimit.sum.toFixed(0)} µs, ${publicKeyLimit.joinsPerSecond.toFixed(0)} a second.`,
  );
}

function keep(): void {
  if (crowd < 100) return;
  record("joins", "limit", "node:crypto alone", [publicKeyLimit.joinsPerSecond]);
  for (const [name, role] of roles) {
    const list = reports.get(key(name, crowd)) ?? [];
    const perPacket = list.map(({ server }) => server.cpu_us_per_packet);
    if (role === "peer" || name !== "native") record("packet.node", role, name, perPacket);
    if (role === "peer" || name === "native") record("packet.native", role, name, perPacket);
    for (const part of ["p50", "p95", "p99"] as const)
      record(`delay.${part}`, role, name, list.map(delay(part)));
    const keyFrames = list.map(({ keyframe_ms }) => keyframe_ms?.p95 ?? Number.NaN);
    record("key-frame.p95", role, name, keyFrames);
    const joined = joins.get(name) ?? [];
    const perSecond = joined.map(({ perCpuSecond }) => perCpuSecond);
    record("joins", role, name, perSecond);
    const kilobytes = joined.map((one) => one.kilobytes);
    record("memory.rtc", role, name, kilobytes);
  }
}
