import { spawn } from "node:child_process";
import { once } from "node:events";
import { silentLog, systemClock } from "./core/index.ts";
import { chooseEgress, type EgressOptions } from "./rtc/egress/choose-core.ts";
import type { DatagramPort, EgressCore } from "./rtc/egress/core.ts";
import { DEFAULT_RTC_LIMITS } from "./rtc/limits.ts";
import { createCounters } from "./rtc/net/counters.ts";
import { UdpSocket } from "./rtc/net/udp-socket.ts";
import type { SrtpKeys } from "./rtc/peer.ts";

/** What this machine's egress takes. */
export interface MeasuredEgress {
  readonly tier: EgressCore["tier"];
  /** CPU of sealing and sending one packet, all threads and the kernel. Microseconds. */
  readonly packetUs: number;
  readonly packets: number;
}

const viewers = 100;
const packetsPerViewer = 10;
const payloadBytes = 1142;
const headerBytes = 20;
const warmUpMs = 300;

/** A socket that is bound and never read: the kernel drops, as a full queue would. In a process of its own, which costs nothing. */
const sinkScript = `
const socket = require("node:dgram").createSocket("udp4");
socket.bind(0, "127.0.0.1", () => {
  require("node:fs").writeSync(1, String(socket.address().port));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
  process.exit();
});`;

/** Sends packets to a socket that is never read, for so long. @throws EgressUnavailableError when that tier does not work here. */
export async function measureEgress(
  choice: EgressOptions["choice"],
  durationMs = 1500,
): Promise<MeasuredEgress> {
  const { core, native } = chooseEgress({ choice, clock: systemClock, log: silentLog });
  const sink = spawn(process.execPath, ["-e", sinkScript], { stdio: ["ignore", "pipe", "ignore"] });
  const [said] = (await once(sink.stdout, "data")) as [Buffer];
  const far = { address: "127.0.0.1", port: Number(said) };
  const fd = native?.udpSocket(Uint8Array.of(127, 0, 0, 1), 0);
  const socket = await UdpSocket.open({
    ...DEFAULT_RTC_LIMITS,
    family: 4,
    host: "127.0.0.1",
    port: 0,
    bind: fd === undefined ? undefined : () => fd,
    counters: createCounters(),
    receive() {},
    error() {},
  });
  const port: DatagramPort = {
    path: { ...far, socket },
    send: (datagram) => socket.send(datagram, far.port, far.address),
  };
  const links = Array.from({ length: viewers }, () => core.open(someKeys(), port));
  const header = new Uint8Array(headerBytes).fill(0x90, 0, 1);
  const payload = new Uint8Array(payloadBytes);
  let sequence = 0;
  const run = async (forMs: number): Promise<number> => {
    const endMs = performance.now() + forMs;
    let packets = 0;
    while (performance.now() < endMs) {
      for (const link of links) {
        for (let at = 0; at < packetsPerViewer; at++) {
          const index = sequence + at;
          new DataView(header.buffer).setUint16(2, index & 0xffff);
          link.rtp(header, undefined, payload, 1, index);
        }
      }
      sequence += packetsPerViewer;
      core.flush();
      packets += viewers * packetsPerViewer;
      // What threads and sockets still have to do belongs to it.
      await new Promise((resolve) => setImmediate(resolve));
    }
    return packets;
  };
  try {
    await run(warmUpMs);
    const before = process.cpuUsage();
    const packets = await run(durationMs);
    const { user, system } = process.cpuUsage(before);
    return { tier: core.tier, packetUs: (user + system) / packets, packets };
  } finally {
    for (const link of links) link.close();
    core.close();
    await socket.close();
    sink.kill();
  }
}

/** Nobody opens what is sealed with them. */
function someKeys(): SrtpKeys {
  const master = { key: new Uint8Array(16).fill(7), salt: new Uint8Array(12).fill(3) };
  return { profile: "AEAD_AES_128_GCM", local: master, remote: master };
}
