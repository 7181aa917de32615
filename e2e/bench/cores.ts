/**
 * How much more a saturated gateway sends with a second core: frames are published to 100 viewers as fast as the whole
 * path takes them (packetising, pacing, numbering on the main thread, sealing and sending in threads of the native egress),
 * bound to one core and to two. What is sent goes to the loopback of a network namespace whose queueing discipline
 * drops it, so that the kernel's way out is paid and nobody reads. Needs root for that; else to a socket that nobody reads.
 *
 *   npx tsx --conditions=source e2e/bench/cores.ts
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, setPriority } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { silentLog } from "../../server/src/core/index.ts";
import { chooseEgress } from "../../server/src/rtc/egress/choose-core.ts";
import { PacerDriver } from "../../server/src/rtc/egress/pacer-driver.ts";
import { StreamOutput } from "../../server/src/rtc/egress/stream-output.ts";
import { TestStream, testKeys, videoMedia } from "../../server/src/rtc/egress/test-rig.ts";
import { ViewerEgress } from "../../server/src/rtc/egress/viewer-egress.ts";
import { DEFAULT_RTC_LIMITS } from "../../server/src/rtc/limits.ts";
import { createCounters } from "../../server/src/rtc/net/counters.ts";
import { UdpSocket } from "../../server/src/rtc/net/udp-socket.ts";

const rounds = Number(process.env["BENCH_ROUNDS"] ?? 5);
const seconds = Math.min(Number(process.env["BENCH_SECONDS"] ?? 2), 10);
const viewers = 100;
const warmUpFrames = 60;
const settleMs = 300;

interface Outcome {
  readonly packetsPerSecond: number;
  /** Processor time per packet, microseconds: of the main thread, of the busiest other one, of all. */
  readonly mainUs: number;
  readonly threadUs: number;
  readonly allUs: number;
  /** Cores that the process had on average. */
  readonly cores: number;
}

const [mode, threads] = process.argv.slice(2);
if (mode === "child") await saturate(threads === "default" ? undefined : Number(threads));
else measure();

/** Publishes as fast as it goes, then prints what came of it. */
async function saturate(threadCount: number | undefined): Promise<void> {
  goFirst();
  const stream = new TestStream({ keyEvery: 60 });
  const { clock } = stream;
  const { core, native } = chooseEgress({
    ...{ choice: "native", threads: threadCount, clock, log: silentLog },
  });
  const fd = native?.udpSocket(Uint8Array.of(127, 0, 0, 1), 0);
  const socket = await UdpSocket.open({
    ...DEFAULT_RTC_LIMITS,
    ...{ family: 4, host: "127.0.0.1", port: 0 },
    bind: fd === undefined ? undefined : () => fd,
    counters: createCounters(),
    receive: () => {},
    error: (error) => console.error(error),
  });
  const path = { address: "127.0.0.1", port: 9, socket };
  const driver = new PacerDriver({ clock, core, log: silentLog });
  const output = new StreamOutput({
    ...{ stream: stream.publisher.stream, core, clock, log: silentLog },
  });
  const egresses = Array.from({ length: viewers }, (_, i) => {
    const egress = new ViewerEgress({
      ...{ output, core, driver, clock, keys: testKeys() },
      media: [videoMedia({ ssrc: 1000 + i })],
      peer: { path, send: () => {}, alive: () => {} },
      onBye: () => {},
      onReport: () => {},
      onFailed: (error) => console.error(error),
    });
    egress.start();
    return egress;
  });
  stream.run(warmUpFrames * stream.frameMs);
  const sent = (): number =>
    egresses.reduce((sum, egress) => sum + (egress.stats.lines[0]?.packets ?? 0), 0);
  await sleep(settleMs);
  const packetsBefore = sent();
  const before = threadTimes();
  const startMs = performance.now();
  while (performance.now() - startMs < seconds * 1000) {
    stream.run(10 * stream.frameMs);
    stream.published.length = 0;
  }
  core.flush();
  const elapsedMs = performance.now() - startMs;
  // What threads still have to do belongs to it.
  await sleep(settleMs);
  const packets = sent() - packetsBefore;
  const used = [...threadTimes()].map(([id, us]) => ({ id, us: us - (before.get(id) ?? 0) }));
  const allUs = used.reduce((sum, { us }) => sum + us, 0);
  const mainUs = used.find(({ id }) => id === process.pid)?.us ?? 0;
  const threadUs = Math.max(0, ...used.filter(({ id }) => id !== process.pid).map(({ us }) => us));
  const outcome: Outcome = {
    packetsPerSecond: (packets * 1000) / elapsedMs,
    mainUs: mainUs / packets,
    threadUs: threadUs / packets,
    allUs: allUs / packets,
    cores: allUs / 1000 / elapsedMs,
  };
  console.log(JSON.stringify(outcome));
  process.exit();
}

/** Processor time of each thread so far, microseconds. */
function threadTimes(): Map<number, number> {
  const folder = "/proc/self/task";
  return new Map(
    readdirSync(folder).map((id) => {
      const [ranNs = "0"] = readFileSync(`${folder}/${id}/schedstat`, "utf8").split(" ");
      return [Number(id), Number(ranNs) / 1000];
    }),
  );
}

/** Other load on the machine would be measured too. */
function goFirst(): void {
  try {
    setPriority(-15);
    writeFileSync("/proc/self/autogroup", "-15");
  } catch {
    // Only the superuser may.
  }
}

function runChild(cores: string, threadCount: string): Outcome {
  const node = [process.execPath, ...process.execArgv, fileURLToPath(import.meta.url)];
  const command = ["taskset", "-c", cores, ...node, "child", threadCount].map(quote).join(" ");
  const discard =
    "ip link set lo up && tc qdisc replace dev lo root tbf rate 8kbit burst 2000 limit 2000";
  const isRoot = process.getuid?.() === 0;
  const args = isRoot ? ["-n", "sh", "-c", `${discard} && ${command}`] : ["-c", command];
  const timeout = 60_000;
  const stdout = execFileSync(isRoot ? "unshare" : "sh", args, { encoding: "utf8", timeout });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Outcome;
}

function quote(word: string): string {
  return `'${word}'`;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function measure(): void {
  if (availableParallelism() < 2) throw new Error("this takes two cores");
  const cases = [
    { label: "1 core, no thread", cores: "0", threads: "default" },
    { label: "2 cores, 1 thread", cores: "0,1", threads: "1" },
    { label: "2 cores, as chosen", cores: "0,1", threads: "default" },
  ].map((one) => ({ ...one, outcomes: [] as Outcome[] }));
  for (let round = 0; round < rounds; round++) {
    for (const one of cases) one.outcomes.push(runChild(one.cores, one.threads));
  }
  console.log(
    `${cpus()[0]?.model}, Node ${process.version}, ${viewers} viewers, ${rounds} interleaved rounds of ${seconds} s; medians\n`,
  );
  console.log(
    "| | packets/s | to one core | CPU µs per packet | main thread | busiest other | cores had |",
  );
  console.log("|---|---|---|---|---|---|---|");
  const one = median(cases[0]?.outcomes.map(({ packetsPerSecond }) => packetsPerSecond) ?? []);
  for (const { label, outcomes } of cases) {
    const of = (read: (outcome: Outcome) => number): number => median(outcomes.map(read));
    const rate = of((outcome) => outcome.packetsPerSecond);
    const cells = [
      ...[label, Math.round(rate).toLocaleString("en"), (rate / one).toFixed(2)],
      ...[of((o) => o.allUs).toFixed(2), of((o) => o.mainUs).toFixed(2)],
      ...[of((o) => o.threadUs).toFixed(2), of((o) => o.cores).toFixed(2)],
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
}
