/**
 * What the egress costs per packet in each tier: 100 viewers in one process, one shared stream of 1,142-byte
 * payloads, to a socket that nobody reads. CPU time of this process, its threads and system time included.
 *
 *   npx tsx --conditions=source e2e/bench/egress.ts [rounds]
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

const viewers = 100;
const framesPerRound = 20;
const packetsPerFrame = 10;
const settleMs = 50;
const rounds = Math.min(Number(process.argv[2] ?? 9), 50);

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
  readonly label: string;
  readonly core: EgressCore;
  readonly senders: readonly MediaSender[];
  readonly history: FrameHistory;
  readonly results: number[];
  readonly wall: number[];
}

/** CPU microseconds per packet of one round. */
async function round({ core, senders, history, wall }: Case): Promise<number> {
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
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
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
const cases: readonly Case[] = profiles.flatMap((profile) =>
  Object.entries(tiers).map(([name, create]) => {
    const core = create();
    const senders = Array.from(
      { length: viewers },
      (_, i) => new MediaSender(videoMedia({ ssrc: 1000 + i }), core.open(testKeys(profile), port)),
    );
    const label = `${profile}, ${name}`;
    return { label, core, senders, history: new FrameHistory(), results: [], wall: [] };
  }),
);
for (const one of cases) await round(one);
// Interleaved, so that other load on the machine falls on all of them.
for (let i = 0; i < rounds; i++) {
  for (const one of cases) one.results.push(await round(one));
}
console.log(
  `Node ${process.version}, ${viewers} viewers, ${rounds} rounds; microseconds per packet\n\n| | CPU median | least | packets/s per core | of the main thread |\n|---|---|---|---|---|`,
);
for (const { label, results, wall } of cases) {
  const middle = median(results);
  console.log(
    `| ${label} | ${middle.toFixed(2)} | ${Math.min(...results).toFixed(2)} | ${Math.round(1e6 / middle).toLocaleString("en")} | ${median(wall).toFixed(2)} |`,
  );
}
for (const { core } of cases) core.close();
await socket.close();
discard.child.kill();
