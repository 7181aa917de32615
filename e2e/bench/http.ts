/**
 * What HTTP-FLV costs: players of one stream and publishers over bare TCP, next to a small Python server of the same
 * kind in turns, and a thousand players, next to a C program that does nothing but write to them. Nothing is encoded or decoded: pictures hold the time at which they were
 * sent, players are sockets (`load/flvload.c`, `load/flvpush.c`). Prints Markdown tables.
 * Run: npm run bench -- http. `BENCH_PEERS` bounds the players and publishers, to try it out.
 */
import { setTimeout as sleep } from "node:timers/promises";
import {
  type FlvServer,
  feed,
  Meter,
  Publishers,
  type PushReport,
  picture,
  play,
  rssMb,
  startMillrace,
  startPlainC,
  startPython,
} from "./http-load.ts";
import { heading, record } from "./results.ts";
import { benchPeers, benchRounds, benchSeconds } from "./settings.ts";

const rounds = benchRounds(3);
const seconds = benchSeconds(20);
const bound = benchPeers(1000);
const players = Math.min(100, bound);
const publishers = Math.min(100, bound);
const crowd = Math.min(1000, bound);
/** For publishers that are stopped sooner. */
const longestSeconds = 600;
const settleMs = 2000;
const starts = [startMillrace, startPython] as const;

type Played = Awaited<ReturnType<typeof play>> & { readonly grownMb: number };
type Pushed = PushReport & ReturnType<Meter["read"]> & { readonly grownMb: number };

const megabits = ((picture.keyBytes + (picture.gop - 1) * picture.deltaBytes) * 8) / 1e6;
console.log(
  heading(
    `${rounds} interleaved rounds of ${seconds} s; median (lowest–highest). The stream: ${((megabits * picture.fps) / picture.gop).toFixed(1)} Mbit/s, ${picture.fps} pictures a second`,
  ),
);

const watched = await inTurns((server) => watch(server, players));
console.log(`### ${players} players of one stream\n`);
printPlayed(watched);
printRatio(watched, "players");

const pushed = await inTurns(push);
console.log(`\n### ${publishers} publishers of bare FLV over TCP\n`);
printPushed(pushed);
printRatio(pushed, "publishers");

const crowded = await inTurns((server) => watch(server, crowd), [startMillrace, startPlainC]);
console.log(`\n### ${crowd} players of one stream\n`);
printPlayed(crowded);
printShare(crowded);
keep();

/** Where there were as many as the figures are about. */
function keep(): void {
  const many = crowded.get("Millrace") ?? [];
  if (crowd >= 1000) {
    const kilobytes = many.map(({ grownMb, players: count }) => (grownMb * 1024) / count);
    record("flv.cpu", "millrace", "HTTP-FLV", percents(many));
    record(
      "flv.delay.p50",
      "millrace",
      "HTTP-FLV",
      many.map(({ delayMs }) => delayMs.p50),
    );
    record("memory.flv", "millrace", "HTTP-FLV", kilobytes);
  }
  if (crowd >= 1000) {
    const plain = crowded.get("plain C, send to each") ?? [];
    if (plain.length > 0) record("flv.cpu", "limit", "plain C, send to each", percents(plain));
  }
  if (publishers < 100) return;
  for (const [name, list] of pushed) {
    const role = name === "Millrace" ? "millrace" : "peer";
    record("publishers.cpu", role, name, percents(list));
    record(
      "publishers.memory",
      role,
      name,
      list.map(({ rssMb: megabytes }) => megabytes),
    );
  }
}

function percents(list: readonly { readonly cpuPercent: number }[]): number[] {
  return list.map(({ cpuPercent }) => cpuPercent);
}

/** Every round has a fresh server of each kind, one after the other; who is first changes. */
async function inTurns<Result>(
  run: (server: FlvServer) => Promise<Result | undefined>,
  servers: readonly (() => Promise<FlvServer>)[] = starts,
): Promise<Map<string, Result[]>> {
  const results = new Map<string, Result[]>();
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? servers : servers.toReversed();
    for (const start of order) await measure(start, results, run);
  }
  return results;
}

async function measure<Result>(
  start: () => Promise<FlvServer>,
  results: Map<string, Result[]>,
  run: (server: FlvServer) => Promise<Result | undefined>,
): Promise<void> {
  const server = await start();
  try {
    const result = await run(server);
    if (result === undefined) return;
    const before = results.get(server.name) ?? [];
    results.set(server.name, [...before, result]);
  } finally {
    await server.stop();
  }
}

async function watch(server: FlvServer, count: number): Promise<Played> {
  const stop = await feed(server, longestSeconds);
  const path = server.firstPath;
  try {
    // The first players compile the code, and there is a group of pictures to keep.
    await play({ server, path, players: Math.min(10, count), seconds: 1 });
    const beforeMb = rssMb(server.pid);
    const played = await play({ server, path, players: count, seconds });
    return { ...played, grownMb: played.rssMb - beforeMb };
  } finally {
    await stop();
  }
}

/** Undefined when the server does not take FLV over TCP. */
async function push(server: FlvServer): Promise<Pushed | undefined> {
  if (server.flvPort === undefined) return undefined;
  const beforeMb = rssMb(server.pid);
  const running = await Publishers.start(server.flvPort, publishers, longestSeconds);
  try {
    await sleep(settleMs);
    const meter = new Meter(server.pid);
    await sleep(seconds * 1000);
    const usage = meter.read();
    return { ...(await running.stop()), ...usage, grownMb: usage.rssMb - beforeMb };
  } finally {
    await running.stop();
  }
}

function printPlayed(results: ReadonlyMap<string, readonly Played[]>): void {
  printTable<Played>(results, [
    ["players", (r) => r.playing, 0],
    ["CPU %", (r) => r.cpuPercent, 1],
    ["RSS MB", (r) => r.rssMb, 0],
    ["more per player kB", (r) => (r.grownMb * 1024) / r.players, 0],
    ["kbit/s per player p50", (r) => r.kilobits.p50, 0],
    ["least", (r) => r.kilobits.min, 0],
    ["added delay p50 ms", (r) => r.delayMs.p50, 2],
    ["p95", (r) => r.delayMs.p95, 2],
    ["p99", (r) => r.delayMs.p99, 2],
    ["asked→first byte p50 ms", (r) => r.firstByteMs.p50, 1],
    ["client CPU %", (r) => r.clientCpuPercent, 0],
  ]);
}

function printPushed(results: ReadonlyMap<string, readonly Pushed[]>): void {
  printTable<Pushed>(results, [
    ["publishers", (r) => r.connected, 0],
    ["Mbit/s", (r) => r.megabits, 0],
    ["CPU %", (r) => r.cpuPercent, 1],
    ["RSS MB", (r) => r.rssMb, 0],
    ["more per stream MB", (r) => r.grownMb / r.publishers, 2],
    ["pictures left out", (r) => r.leftOut, 0],
  ]);
}

type Column<Result> = readonly [name: string, read: (result: Result) => number, digits: number];

function printTable<Result>(
  results: ReadonlyMap<string, readonly Result[]>,
  columns: readonly Column<Result>[],
): void {
  const names = ["server", ...columns.map(([name]) => name)];
  console.log(`| ${names.join(" | ")} |\n|${"---|".repeat(names.length)}`);
  for (const [server, list] of results) {
    const cells = columns.map(([, read, digits]) => spread(list.map(read), digits));
    console.log(`| ${[server, ...cells].join(" | ")} |`);
  }
}

/** CPU of the Python server by that of Millrace, round by round. */
function printRatio(
  results: ReadonlyMap<string, readonly { readonly cpuPercent: number }[]>,
  what: string,
): void {
  const [millrace = [], python = []] = ["Millrace", "Python asyncio"].map((n) => results.get(n));
  if (millrace.length === 0 || python.length === 0) return;
  const ratios = millrace.map(
    ({ cpuPercent }, round) => (python[round]?.cpuPercent ?? Number.NaN) / cpuPercent,
  );
  console.log(`\nThe Python server takes ${spread(ratios, 2)} times the CPU for the ${what}.`);
}

/** CPU of the C program by that of Millrace, round by round. */
function printShare(results: ReadonlyMap<string, readonly Played[]>): void {
  const [millrace = [], plain = []] = ["Millrace", "plain C, send to each"].map((n) =>
    results.get(n),
  );
  const shares = millrace.map(
    ({ cpuPercent }, round) => ((plain[round]?.cpuPercent ?? Number.NaN) / cpuPercent) * 100,
  );
  if (shares.length > 0)
    console.log(`\nThe limit is ${spread(shares, 0)} % of what Millrace takes.`);
}

function spread(values: readonly number[], digits: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number): string => (sorted[index] ?? Number.NaN).toFixed(digits);
  const middle = at(Math.floor(sorted.length / 2));
  return sorted.length < 2 ? middle : `${middle} (${at(0)}–${at(sorted.length - 1)})`;
}
