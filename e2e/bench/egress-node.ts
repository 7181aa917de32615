/**
 * What the node tier of the egress costs per packet: 100 viewers in one process, one shared stream of 1,142-byte
 * payloads, to a socket that nobody reads. CPU time of this process, system time included.
 *
 *   npx tsx --conditions=source e2e/bench/egress-node.ts [rounds]
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { systemClock } from "../../server/src/core/index.ts";
import { FrameHistory } from "../../server/src/rtc/egress/frame-history.ts";
import { maxPayloadBytes } from "../../server/src/rtc/egress/h264-packetiser.ts";
import { MediaSender } from "../../server/src/rtc/egress/media-sender.ts";
import { NodeEgressCore } from "../../server/src/rtc/egress/node-core.ts";
import type { RtpFrame } from "../../server/src/rtc/egress/rtp-frame.ts";
import { testKeys, videoMedia } from "../../server/src/rtc/egress/test-rig.ts";
import type { SrtpProfile } from "../../server/src/rtc/peer.ts";

const viewers = 100;
const framesPerRound = 20;
const packetsPerFrame = 10;
const rounds = Math.min(Number(process.argv[2] ?? 9), 50);

type Port = { send(datagram: Uint8Array): void };

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

async function openSocket(): Promise<Socket> {
  const socket = createSocket({
    type: "udp4",
    // Without it every send waits a turn for a look-up of an address that is one already.
    lookup: (address, _options, callback) => callback(null, address, 4),
  });
  // Such a look-up makes it listen at once, before one could wait for it.
  const listening = once(socket, "listening");
  socket.bind(0, "127.0.0.1");
  await listening;
  return socket;
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

/** CPU microseconds per packet of one round. */
function round(senders: readonly MediaSender[], history: FrameHistory): number {
  const before = process.cpuUsage();
  for (let f = 0; f < framesPerRound; f++) {
    const frame = makeFrame(history);
    for (const sender of senders) {
      sender.begin(frame, history, frame.ticks, true, false);
      for (let i = 0; i < packetsPerFrame; i++) sender.packet(i);
    }
  }
  const used = process.cpuUsage(before);
  return (used.user + used.system) / (framesPerRound * packetsPerFrame * senders.length);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

const discard = await openDiscard();
const socket = await openSocket();
const ports: Record<string, Port> = {
  "seal only": { send() {} },
  "seal + send": {
    send: (datagram) => socket.send(datagram, discard.port, "127.0.0.1"),
  },
};
const profiles: readonly SrtpProfile[] = ["AEAD_AES_128_GCM", "AES_CM_128_HMAC_SHA1_80"];
const cases = profiles.flatMap((profile) =>
  Object.entries(ports).map(([name, port]) => {
    const history = new FrameHistory();
    const core = new NodeEgressCore(systemClock);
    const senders = Array.from(
      { length: viewers },
      (_, i) => new MediaSender(videoMedia({ ssrc: 1000 + i }), core.open(testKeys(profile), port)),
    );
    return { label: `${profile}, ${name}`, senders, history, results: [] as number[] };
  }),
);
for (const { senders, history } of cases) round(senders, history);
// Interleaved, so that other load on the machine falls on all of them.
for (let i = 0; i < rounds; i++) {
  for (const { senders, history, results } of cases) {
    results.push(round(senders, history));
    await new Promise((resolve) => setImmediate(resolve));
  }
}
console.log(
  `Node ${process.version}, ${viewers} viewers, ${rounds} rounds, CPU microseconds per packet`,
);
for (const { label, results } of cases) {
  const middle = median(results);
  console.log(
    `${label.padEnd(38)} median ${middle.toFixed(2)}  least ${Math.min(...results).toFixed(2)}` +
      `  = ${Math.round(1e6 / middle).toLocaleString("en")} packets/s per core`,
  );
}
socket.close();
discard.child.kill();
