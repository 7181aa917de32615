/**
 * What relaying costs: `millrace-turn` with each of its data paths next to coturn's `turnserver`, in turns, all of them
 * with the same priority and on loopback. The load is coturn's own client, of which every message goes through the relay
 * twice: from one client to the relayed address of another, and on to that one. Prints Markdown tables.
 * Run: npm run bench -- turn. `BENCH_ROUNDS`, `BENCH_SECONDS` (of each load) and `BENCH_PEERS` (allocations) bound it.
 */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { codeOf, TestClient } from "../../turn/src/relay/test-client.ts";
import { EchoPeer, hasCoturnTools, readUclient, runTool } from "../../turn/src/test-coturn.ts";
import { percentile } from "../figures.ts";
import { heading } from "./results.ts";
import { benchPeers, benchRounds, benchSeconds } from "./settings.ts";
import { TurnServer, turnKinds, user } from "./turn-servers.ts";

const rounds = benchRounds(3);
const seconds = benchSeconds(6);
const allocations = benchPeers(700);
const host = "127.0.0.1";
const messageBytes = 1000;
const login = ["-u", user.username, "-w", user.password];
const slackMs = 60_000;

interface Load {
  readonly clients: number;
  /** How often each of them sends. */
  readonly everyMs: number;
  readonly args: readonly string[];
}

const loads = [
  { name: "channels, 20 clients, every 2 ms", clients: 20, everyMs: 2, args: [] },
  { name: "channels, 40 clients, every 1 ms", clients: 40, everyMs: 1, args: [] },
  { name: "indications, 20 clients, every 2 ms", clients: 20, everyMs: 2, args: ["-s"] },
] as const;

/** What a client may want, and how many of its messages come back. */
const wishes: readonly (readonly string[])[] = [
  ["-y", "-c"],
  ["-y", "-c", "-s"],
  ["-y", "-c", "-t"],
  ["-y", "-c", "-t", "-s"],
  ["-y", "-c", "-G"],
  ["-y", "-c", "-N"],
  ["-y", "-c", "-B"],
  ["-y", "-c", "-g"],
  ["-y", "-c", "-D"],
  ["-y", "-c", "-X"],
  ["-y", "-m", "10"],
  ["-c", "-e", host],
  ["-c", "-s", "-e", host],
];

interface LoadResult {
  readonly cpuUs: number;
  readonly lostPercent: number;
}

interface HeldResult {
  readonly kilobytes: number;
  readonly setupUs: number;
  readonly descriptors: number;
}

if (!hasCoturnTools) {
  console.log("The load is coturn's client: apt-get install coturn.");
  process.exit(1);
}
const kinds = turnKinds();
const loaded = new Map<string, LoadResult[]>();
const held = new Map<string, HeldResult[]>();
const trips = new Map<string, number[]>();
const functions = new Map<string, Map<string, string>>();
const peer = await EchoPeer.start();
try {
  for (let round = 0; round < rounds; round++) await compare(round);
} finally {
  await peer.stop();
}
print();

/** Fresh servers for each round; who is first changes. */
async function compare(round: number): Promise<void> {
  const servers: TurnServer[] = [];
  try {
    for (const [place, kind] of kinds.entries()) servers.push(await TurnServer.start(kind, place));
    const order = round % 2 === 0 ? servers : servers.toReversed();
    // The first packets compile the code.
    for (const server of order) await load(server, { ...loads[0], clients: 4 }, 200);
    // Before the loads: what they leave of the heap is taken first.
    for (const server of order) put(held, server.name, await hold(server));
    if (round === 0) for (const server of order) functions.set(server.name, await tryAll(server));
    for (const one of loads) {
      const count = Math.round((one.clients === 40 ? 5000 : 3000) * (seconds / 6));
      for (const server of order)
        put(loaded, `${one.name} ${server.name}`, await load(server, one, count));
    }
    for (const server of order) append(trips, server.name, await roundTrips(server));
    append(trips, "direct", await roundTrips(undefined));
  } finally {
    for (const server of servers) await server.stop();
  }
}

async function load(
  server: TurnServer,
  { clients, everyMs, args }: Load,
  count: number,
): Promise<LoadResult> {
  const before = server.usage();
  const all = [
    ...[
      "-p",
      String(server.port),
      ...login,
      "-y",
      "-c",
      "-m",
      String(clients),
      "-n",
      String(count),
    ],
    ...["-z", String(everyMs), "-l", String(messageBytes), ...args, host],
  ];
  const { output } = await runTool("turnutils_uclient", all, count * everyMs * 4 + slackMs);
  const { sent, received } = readUclient(output);
  const cpuMs = server.usage().cpuMs - before.cpuMs;
  return {
    cpuUs: (cpuMs * 1000) / received,
    lostPercent: (100 * (sent - received)) / sent,
  };
}

/** Makes allocations with a permission and a channel each, and holds them for a moment. */
async function hold(server: TurnServer): Promise<HeldResult> {
  const clients: TestClient[] = [];
  const before = server.usage();
  try {
    while (clients.length < allocations) {
      const batch = await Promise.all(
        Array.from({ length: Math.min(25, allocations - clients.length) }, () => allocate(server)),
      );
      clients.push(...batch);
      await Promise.all(
        batch.map(async (client) => {
          const code = await client.bind(0x4001, { family: 4, address: host, port: peer.port });
          if (code !== 0) throw new Error(`${server.name}: error ${code}`);
        }),
      );
    }
    const made = server.usage();
    await sleep(1000);
    const after = server.usage();
    return {
      kilobytes: (after.rssBytes - before.rssBytes) / 1024 / allocations,
      setupUs: ((made.cpuMs - before.cpuMs) * 1000) / allocations,
      descriptors: (after.descriptors - before.descriptors) / allocations,
    };
  } finally {
    for (const client of clients) {
      await client.refresh(0);
      await client.close();
    }
  }
}

/** From a port of which the server has no allocation that a program before left behind. */
async function allocate(server: TurnServer): Promise<TestClient> {
  for (let tries = 0; tries < 20; tries++) {
    const client = await TestClient.open(server.at, user);
    const code = codeOf(await client.allocate());
    if (code === 0) return client;
    await client.close();
    if (code !== 437) throw new Error(`${server.name}: error ${code}`);
  }
  throw new Error(`${server.name}: no allocation`);
}

/** Milliseconds from one side to an echo and back, one packet after the other. */
async function roundTrips(server: TurnServer | undefined): Promise<number[]> {
  const times: number[] = [];
  const endMs = performance.now() + seconds * 500;
  if (server === undefined) {
    const socket = createSocket("udp4").bind(0, host);
    await once(socket, "listening");
    const payload = Buffer.alloc(messageBytes);
    while (performance.now() < endMs) times.push(await echo(socket, payload));
    socket.close();
    return times;
  }
  const client = await allocate(server);
  await client.bind(0x4001, { family: 4, address: host, port: peer.port });
  const payload = Buffer.alloc(messageBytes);
  while (performance.now() < endMs) {
    const startMs = performance.now();
    client.sendChannel(0x4001, payload);
    await client.channelData.next();
    times.push(performance.now() - startMs);
  }
  await client.refresh(0);
  await client.close();
  return times;
}

async function echo(socket: Socket, payload: Buffer): Promise<number> {
  const startMs = performance.now();
  socket.send(payload, peer.port, host);
  await once(socket, "message");
  return performance.now() - startMs;
}

/** All at the same time: they wait for most of theirs. */
async function tryAll(server: TurnServer): Promise<Map<string, string>> {
  const tried = wishes.map(async (wish): Promise<[string, string]> => {
    const toPeer = wish.includes("-e") ? ["-r", String(peer.port)] : [];
    const args = ["-p", String(server.port), ...login, "-n", "20", ...wish, ...toPeer, host];
    const { exitCode, output } = await runTool("turnutils_uclient", args);
    const { sent, received } = readUclient(output);
    const end = exitCode === 0 ? "" : `, exit ${exitCode}`;
    return [wish.join(" "), `${received} of ${sent}${end}`];
  });
  return new Map(await Promise.all(tried));
}

function put<T>(results: Map<string, T[]>, name: string, result: T): void {
  append(results, name, [result]);
}

function append<T>(results: Map<string, T[]>, name: string, more: readonly T[]): void {
  const known = results.get(name);
  if (known === undefined) results.set(name, [...more]);
  else for (const one of more) known.push(one);
}

/** Median (lowest–highest). */
function spread<T>(
  results: readonly T[] | undefined,
  pick: (result: T) => number,
  digits = 1,
): string {
  const values = (results ?? []).map(pick);
  const show = (value: number): string => value.toFixed(digits);
  return `${show(percentile(values, 0.5))} (${show(Math.min(...values))}–${show(Math.max(...values))})`;
}

function median<T>(results: readonly T[] | undefined, pick: (result: T) => number): number {
  return percentile((results ?? []).map(pick), 0.5);
}

function print(): void {
  console.log(
    heading(
      `${rounds} interleaved rounds, ${messageBytes} bytes a message; median (lowest–highest)`,
    ),
  );
  console.log(
    "| load | relay | CPU µs/message | × coturn | lost % | CPU ms per Mbit |\n|---|---|---|---|---|---|",
  );
  for (const { name } of loads) {
    const coturn = median(loaded.get(`${name} coturn`), ({ cpuUs }) => cpuUs);
    for (const kind of kinds) {
      const results = loaded.get(`${name} ${kind}`);
      const cpuUs = median(results, (result) => result.cpuUs);
      // Twice through the relay.
      const megabits = (2 * 8 * messageBytes) / 1e6;
      console.log(
        `| ${name} | ${kind} | ${spread(results, (result) => result.cpuUs)} | ${(cpuUs / coturn).toFixed(2)} | ${spread(results, (result) => result.lostPercent)} | ${(cpuUs / 1000 / megabits).toFixed(2)} |`,
      );
    }
  }
  console.log(
    `\n| ${allocations} allocations, each with a channel | kB each | descriptors each | CPU µs to set up one |\n|---|---|---|---|`,
  );
  for (const kind of kinds) {
    const results = held.get(kind);
    console.log(
      `| ${kind} | ${spread(results, ({ kilobytes }) => kilobytes)} | ${spread(results, ({ descriptors }) => descriptors)} | ${spread(results, ({ setupUs }) => setupUs, 0)} |`,
    );
  }
  console.log(
    "\n| round trip to an echo | p50 µs | p95 µs | added p50 | added p95 |\n|---|---|---|---|---|",
  );
  const direct = trips.get("direct") ?? [];
  for (const kind of ["direct", ...kinds]) {
    const times = trips.get(kind) ?? [];
    const at = (share: number, from: readonly number[] = times): number =>
      Math.round(percentile(from, share) * 1000);
    console.log(
      `| ${kind} | ${at(0.5)} | ${at(0.95)} | ${at(0.5) - at(0.5, direct)} | ${at(0.95) - at(0.95, direct)} |`,
    );
  }
  console.log(`\n| messages that came back to turnutils_uclient | ${kinds.join(" | ")} |`);
  console.log(`|---|${kinds.map(() => "---|").join("")}`);
  for (const wish of wishes.map((words) => words.join(" "))) {
    console.log(
      `| \`${wish}\` | ${kinds.map((kind) => functions.get(kind)?.get(wish) ?? "").join(" | ")} |`,
    );
  }
}
