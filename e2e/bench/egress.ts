/**
 * What the egress costs per packet in each tier: 100 viewers in one process, one shared stream of 1,142-byte
 * payloads, to a socket that nobody reads. CPU time of this process, its threads and system time included. Beside it
 * the limit: a plain C program (load/egress-limit.c) that does nothing else, in the same rounds.
 * Run: npm run bench -- egress. `BENCH_ROUNDS` changes how much is measured.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../../server/src/core/index.ts";
import type { DatagramPort, EgressCore } from "../../server/src/rtc/egress/core.ts";
import { FrameHistory } from "../../server/src/rtc/egress/frame-history.ts";
import { maxPayloadBytes } from "../../server/src/rtc/egress/h264-packetiser.ts";
import { MediaSender } from "../../server/src/rtc/egress/media-sender.ts";
import { NativeEgressCore } from "../../server/src/rtc/egress/native-core.ts";
import { loadNative } from "../../server/src/rtc/egress/native-module.ts";
import { NodeEgressCore } from "../../server/src/rtc/egress/node-core.ts";
import type { RtpFrame } from "../../server/src/rtc/egress/rtp-frame.ts";
import { testKeys, videoMedia } from "../../server/src/rtc/egress/test-rig.ts";
import { WasmEgressCore } from "../../server/src/rtc/egress/wasm-core.ts";
import { loadSealer } from "../../server/src/rtc/egress/wasm-module.ts";
import { DEFAULT_RTC_LIMITS } from "../../server/src/rtc/limits.ts";
import { createCounters } from "../../server/src/rtc/net/counters.ts";
import { UdpSocket } from "../../server/src/rtc/net/udp-socket.ts";
import type { SrtpProfile } from "../../server/src/rtc/peer.ts";
import { EgressLimit, type LimitWay } from "./egress-limit.ts";
import { heading, median, record, spread, table } from "./results.ts";
import { benchRounds } from "./settings.ts";

const viewers = 100;
const framesPerRound = 20;
const packetsPerFrame = 10;
const settleMs = 50;
const rounds = benchRounds(9);

/** A bound socket in a process that never reads it: the kernel drops, as a full queue would. */
async function openDiscard(): Promise<{ child: ChildProcess; port: number }> {
  const script = `
    const socket = require("node:dgram").createSocket("udp4");
    socket.bind(0, "127.0.0.1", () => {
      require("node:fs").writeSync(1, String(socket.address().port));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 120_000);
      process.exit();
    });`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  const [port] = (await once(child.stdout, "data")) as [Buffer];
  return { child, port: Number(port) };
}

function makeFrame(history: FrameHistory): RtpFrame {
  const payloads = Array.from({ length: packetsPerFrame }, () => {
    const payload = new Uint8Array(maxPayloadBytes);
    payload[0] = 0x41;
    return payload;
  });
  return history.push(
    {
      codec: "h264",
      key: false,
      reference: true,
      payloads,
      ptsUs: history.next * 33_333,
      arrivedUs: history.next * 33_333,
      ticks: history.next * 3000,
      captured: { seconds: 1, fraction: 2 },
      timed: false,
      lostBefore: 0,
    },
    true,
  );
}

interface Case {
  readonly profile: SrtpProfile;
  readonly label: string;
  /** CPU microseconds per packet of one round. */
  measure(): Promise<number>;
  /** Of all rounds. */
  readonly results: number[];
  /** Microseconds of the calling thread per packet; empty for another process. */
  readonly wall: number[];
  close(): void;
}

function coreCase(profile: SrtpProfile, tier: string, core: EgressCore): Case {
  const senders = Array.from(
    { length: viewers },
    (_, i) => new MediaSender(videoMedia({ ssrc: 1000 + i }), core.open(testKeys(profile), port)),
  );
  const history = new FrameHistory();
  const wall: number[] = [];
  return {
    ...{ profile, label: tier, results: [], wall },
    close: () => core.close(),
    async measure() {
      const before = process.cpuUsage();
      const startedMs = performance.now();
      for (let f = 0; f < framesPerRound; f++) {
        const frame = makeFrame(history);
        for (const sender of senders) {
          sender.begin(frame, history, frame.ticks, true, false);
          for (let i = 0; i < packetsPerFrame; i++) sender.packet(i);
        }
        core.flush();
      }
      const packets = framesPerRound * packetsPerFrame * senders.length;
      wall.push(((performance.now() - startedMs) * 1000) / packets);
      // What threads still have to do belongs to this round.
      await sleep(settleMs);
      const used = process.cpuUsage(before);
      return (used.user + used.system) / packets;
    },
  };
}

function limitCase(profile: SrtpProfile, way: LimitWay, limit: EgressLimit): Case {
  const cipher = profile === "AEAD_AES_128_GCM" ? "gcm" : "cm";
  return {
    ...{ profile, label: limitLabels[way], results: [], wall: [] },
    close: () => {},
    measure: () => limit.round(cipher, way, framesPerRound, packetsPerFrame),
  };
}

async function openLimit(): Promise<EgressLimit | undefined> {
  try {
    return await EgressLimit.start(discard.port, viewers, maxPayloadBytes);
  } catch (error) {
    console.log(`No plain C to compare with: ${(error as Error).message}\n`);
    return undefined;
  }
}

const discard = await openDiscard();
const native = loadNative();
if (native === undefined) console.log("The native tier is not built.");
const fd = native?.udpSocket(Uint8Array.of(127, 0, 0, 1), 0);
const socket = await UdpSocket.open({
  ...DEFAULT_RTC_LIMITS,
  family: 4,
  host: "127.0.0.1",
  port: 0,
  bind: fd === undefined ? undefined : () => fd,
  counters: createCounters(),
  receive: () => {},
  error: (error) => console.error(error),
});
const far = { address: "127.0.0.1", port: discard.port };
const port: DatagramPort = {
  path: { ...far, socket },
  send: (datagram) => socket.send(datagram, far.port, far.address),
};
const clock = systemClock;
const tiers: Record<string, () => EgressCore> = {
  node: () => new NodeEgressCore(clock),
  ...(loadSealer() !== undefined && {
    wasm: () => new WasmEgressCore({ wasm: loadSealer() as never, clock }),
  }),
  ...(native !== undefined && {
    "native, no thread": () => new NativeEgressCore({ native, threads: 0, clock }),
    "native, 1 thread": () => new NativeEgressCore({ native, threads: 1, clock }),
    "native, 2 threads": () => new NativeEgressCore({ native, threads: 2, clock }),
  }),
};
const profiles: readonly SrtpProfile[] = ["AEAD_AES_128_GCM", "AES_CM_128_HMAC_SHA1_80"];
const limitLabels = {
  segmented: "plain C, sendmmsg with UDP segmentation offload",
  one: "plain C, sendmmsg",
} as const;
const limit = await openLimit();
const cases: readonly Case[] = profiles.flatMap((profile) => [
  ...Object.entries(tiers).map(([tier, create]) => coreCase(profile, tier, create())),
  ...(limit === undefined
    ? []
    : (["segmented", "one"] as const).map((way) => limitCase(profile, way, limit))),
]);
// The first rounds compile the code.
for (const one of cases) await one.measure();
for (const { wall } of cases) wall.length = 0;
// Interleaved, so that other load on the machine falls on all of them.
for (let i = 0; i < rounds; i++) {
  for (const one of cases) one.results.push(await one.measure());
}
print();
for (const one of cases) one.close();
await limit?.stop();
await socket.close();
discard.child.kill();

function print(): void {
  const how = `${viewers} viewers, ${maxPayloadBytes} bytes of payload, ${rounds} interleaved rounds; CPU microseconds per packet`;
  console.log(heading(how));
  if (limit !== undefined) console.log(`Plain C has ${limit.openssl}.\n`);
  for (const profile of profiles) {
    const bounds = find(profile, limitLabels.segmented)?.results;
    const rows = cases
      .filter((one) => one.profile === profile)
      .map(({ label, results, wall }) => [
        label,
        spread(results, 2),
        Math.round(1e6 / median(results)).toLocaleString("en"),
        wall.length === 0 ? "" : median(wall).toFixed(2),
        bounds === undefined ? "" : `${spread(shares(bounds, results), 0)} %`,
        bounds === undefined
          ? ""
          : `${((100 * Math.min(...bounds)) / Math.min(...results)).toFixed(0)} %`,
      ]);
    const columns = [
      ...["CPU", "packets/s per core", "of the main thread"],
      ...["of the speed of plain C", "least to least"],
    ];
    console.log(`${table([profile, ...columns], rows)}\n`);
    keep(profile);
  }
}

function find(profile: SrtpProfile, label: string): Case | undefined {
  return cases.find((one) => one.profile === profile && one.label === label);
}

/** Round by round, so that other load on the machine falls on both. */
function shares(bounds: readonly number[], results: readonly number[]): number[] {
  return results.map((used, i) => (100 * (bounds[i] ?? Number.NaN)) / used);
}

function keep(profile: SrtpProfile): void {
  const figure = profile === "AEAD_AES_128_GCM" ? "egress.gcm" : "egress.cm";
  for (const tier of Object.keys(tiers))
    record(figure, "millrace", tier, find(profile, tier)?.results ?? []);
  const bounds = find(profile, limitLabels.segmented)?.results ?? [];
  record(figure, "limit", "plain C", bounds);
  const own = find(profile, "native, no thread")?.results;
  if (own !== undefined)
    record(`${figure}.share`, "millrace", "native, no thread", shares(bounds, own));
}
