/**
 * What the egress costs per packet in each tier: 100 viewers, one shared stream of 1,142-byte payloads, to a socket that
 * nobody reads. CPU time of the process, its threads and system time included. Beside the tiers the limit: a plain C
 * program (load/egress-limit.c) that does nothing else. Each is a process of its own; they take turns.
 * Run: npm run bench -- egress. `BENCH_ROUNDS` changes how much is measured.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  type EgressCipher,
  type EgressLoad,
  EgressProgram,
  type EgressSealing,
  type EgressWay,
} from "./egress-program.ts";
import { heading, median, record, spread, table } from "./results.ts";
import { benchRounds } from "./settings.ts";

const rounds = benchRounds(9);
const viewers = 100;
const payloadBytes = 1142;
const framesPerRound = 20;
const packetsPerFrame = 10;
/** Rounds that compile the code. */
const firstRounds = 3;
const tierNames = [
  ...["node", "wasm", "native, no thread", "native, 1 thread", "native, 2 threads"],
];
const ciphers = { gcm: "AES-GCM", cm: "AES-CM with HMAC-SHA1" } as const;
const limits = {
  evp: { label: "plain C, segmentation offload", sealing: "evp", way: "segmented" },
  raw: { label: "the same without OpenSSL's EVP", sealing: "raw", way: "segmented" },
  one: { label: "plain C, a datagram each", sealing: "evp", way: "one" },
} as const;

type Shape = Pick<Case, "label" | "sealing" | "way">;

interface Case {
  readonly label: string;
  readonly cipher: EgressCipher;
  readonly sealing: EgressSealing;
  readonly way: EgressWay;
  readonly program: EgressProgram;
  readonly cpu: number[];
  readonly thread: number[];
}

const discard = await openDiscard();
const programs: EgressProgram[] = [];
try {
  const cases = await openCases({ port: discard.port, viewers, payloadBytes });
  for (let i = 0; i < firstRounds; i++) for (const one of cases) await measure(one);
  for (const one of cases) one.cpu.length = one.thread.length = 0;
  // Interleaved, so that other load on the machine falls on all of them.
  for (let i = 0; i < rounds; i++) for (const one of cases) await measure(one);
  print(cases);
} finally {
  for (const program of programs) await program.stop();
  discard.child.kill();
}

/** A bound socket in a process that never reads it: the kernel drops, as a full queue would. */
async function openDiscard(): Promise<{ child: ChildProcess; port: number }> {
  const script = `
    const socket = require("node:dgram").createSocket("udp4");
    socket.bind(0, "127.0.0.1", () => {
      require("node:fs").writeSync(1, String(socket.address().port));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600_000);
      process.exit();
    });`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  const [port] = (await once(child.stdout, "data")) as [Buffer];
  return { child, port: Number(port) };
}

/** Every program with every cipher; what does not work here is said and left out. */
async function openCases(load: EgressLoad): Promise<Case[]> {
  const cases: Case[] = [];
  const add = (program: EgressProgram, shape: Shape): void => {
    for (const cipher of ["gcm", "cm"] as const)
      cases.push({ ...shape, cipher, program, cpu: [], thread: [] });
  };
  for (const name of tierNames) {
    const program = await opened(name, () => EgressProgram.tier(name, load));
    if (program !== undefined) add(program, { label: name, sealing: "evp", way: "segmented" });
  }
  const limit = await opened("plain C", () => EgressProgram.limit(load));
  if (limit !== undefined) {
    console.log(`Plain C has ${limit.about}.\n`);
    for (const shape of Object.values(limits)) add(limit, shape);
  }
  return cases;
}

async function opened(
  name: string,
  open: () => Promise<EgressProgram>,
): Promise<EgressProgram | undefined> {
  try {
    const program = await open();
    programs.push(program);
    return program;
  } catch (error) {
    const [why] = (error as Error).message.split("\n");
    console.log(`${name} is left out: ${why}\n`);
    return undefined;
  }
}

async function measure({ program, cipher, sealing, way, cpu, thread }: Case): Promise<void> {
  const shape = { cipher, sealing, way, frames: framesPerRound, packetsPerFrame };
  const cost = await program.round(shape);
  cpu.push(cost.cpu);
  if (cost.thread !== undefined) thread.push(cost.thread);
}

function print(cases: readonly Case[]): void {
  const how = `${viewers} viewers, ${payloadBytes} bytes of payload, ${rounds} interleaved rounds; CPU microseconds per packet`;
  console.log(heading(how));
  for (const [cipher, name] of Object.entries(ciphers)) {
    const same = cases.filter((one) => one.cipher === cipher);
    const evp = same.find(({ label }) => label === limits.evp.label)?.cpu ?? [];
    const raw = same.find(({ label }) => label === limits.raw.label)?.cpu ?? [];
    const rows = same.map(({ label, cpu, thread }) => [
      ...[label, spread(cpu, 2), Math.round(1e6 / median(cpu)).toLocaleString("en")],
      thread.length === 0 ? "" : median(thread).toFixed(2),
      `${spread(shares(evp, cpu), 0)} %`,
      `${((100 * Math.min(...evp)) / Math.min(...cpu)).toFixed(0)} %`,
      `${spread(shares(raw, cpu), 0)} %`,
    ]);
    const columns = [
      ...["CPU", "packets/s per core", "of the main thread"],
      ...["of the speed of plain C", "least to least", "of plain C without EVP"],
    ];
    console.log(`${table([name, ...columns], rows)}\n`);
    keep(cipher as EgressCipher, same, evp, raw);
  }
}

/** Round by round, so that other load on the machine falls on both. */
function shares(bounds: readonly number[], cpu: readonly number[]): number[] {
  return cpu.map((used, i) => (100 * (bounds[i] ?? Number.NaN)) / used);
}

function keep(
  cipher: EgressCipher,
  cases: readonly Case[],
  evp: readonly number[],
  raw: readonly number[],
): void {
  const figure = `egress.${cipher}` as const;
  for (const { label, cpu, program } of cases) {
    if (label === limits.one.label) continue;
    const isLimit = program.about.startsWith("OpenSSL");
    record(figure, isLimit ? "limit" : "millrace", label, cpu);
    if (label !== "native, no thread") continue;
    record(`${figure}.share`, "millrace", label, shares(evp, cpu));
    record(`${figure}.raw-share`, "millrace", label, shares(raw, cpu));
  }
}
