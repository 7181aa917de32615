/**
 * What a received datagram costs: CPU time of this process, system time included, from the socket to what is done with it.
 * A second process seals and sends at a steady rate: RTP of 20 publishers into their ingest, and what 100 viewers
 * report twenty times a second (receiver report and transport-wide feedback).
 *
 *   npx tsx --conditions=source e2e/bench/receive.ts [rounds]
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Registry, silentLog, systemClock } from "../../server/src/core/index.ts";
import type { EgressCore } from "../../server/src/rtc/egress/core.ts";
import { NativeEgressCore } from "../../server/src/rtc/egress/native-core.ts";
import { loadNative, readsUdp } from "../../server/src/rtc/egress/native-module.ts";
import { NodeEgressCore } from "../../server/src/rtc/egress/node-core.ts";
import { PacerDriver } from "../../server/src/rtc/egress/pacer-driver.ts";
import { StreamOutput } from "../../server/src/rtc/egress/stream-output.ts";
import { testKeys, videoMedia } from "../../server/src/rtc/egress/test-rig.ts";
import { ViewerEgress } from "../../server/src/rtc/egress/viewer-egress.ts";
import { videoLine } from "../../server/src/rtc/ingest/test-packets.ts";
import { DEFAULT_RTC_LIMITS } from "../../server/src/rtc/limits.ts";
import { UdpMux } from "../../server/src/rtc/net/udp-mux.ts";
import type { SrtpProfile } from "../../server/src/rtc/peer.ts";
import { PublisherLink } from "../../server/src/rtc/publisher/publisher-link.ts";
import type { SendJob } from "./receive-sender.ts";

const rounds = Math.min(Number(process.argv[2] ?? 5), 50);
const kinds = {
  rtp: { peers: 20, perSecond: 6_000 },
  rtcp: { peers: 100, perSecond: 2_000 },
} as const;
const roundMs = 1000;

type Kind = keyof typeof kinds;

interface Case {
  readonly label: string;
  readonly kind: Kind;
  readonly job: SendJob;
  readonly mux: UdpMux;
  readonly results: number[];
  opened(): number;
  close(): Promise<void>;
}

const clock = systemClock;
const native = loadNative();

async function openCase(
  kind: Kind,
  profile: SrtpProfile,
  label: string,
  core: EgressCore,
  socket: "node" | "native",
): Promise<Case> {
  const mux = await UdpMux.open({
    port: 0,
    host: "127.0.0.1",
    announcedIps: ["127.0.0.1"],
    clock,
    log: silentLog,
    limits: DEFAULT_RTC_LIMITS,
    bindUdp: native?.udpSocket,
    ...(socket === "native" && native !== undefined && readsUdp(native) && { nativeUdp: native }),
  });
  const registry = new Registry({ clock, log: silentLog });
  const driver = new PacerDriver({ clock, core, log: silentLog, limits: {} });
  const keys = testKeys(profile);
  const peer = { receives: [videoLine()], send() {}, alive() {} };
  const links: (PublisherLink | ViewerEgress)[] = [];
  const names: { ufrag: string; pwd: string }[] = [];
  const publish = (index: number) =>
    registry.publish({ stream: `live/${index}`, transport: "whip", address: "::1", onKick() {} });
  const output =
    kind === "rtp"
      ? undefined
      : new StreamOutput({ stream: publish(0).stream, core, clock, log: silentLog });
  for (let i = 0; i < kinds[kind].peers; i++) {
    const onFailed = (error: unknown): void => console.error(error);
    const link =
      output === undefined
        ? new PublisherLink({
            ...{ keys, peer, clock, log: silentLog, onFailed, publisher: publish(i) },
            createCipher: core.createCipher,
          })
        : new ViewerEgress({
            ...{ output, keys, peer, core, driver, clock, onFailed },
            media: [videoMedia({ ssrc: 0x1111 })],
            onBye() {},
            onReport() {},
          });
    links.push(link);
    const session = mux.openSession({
      onMedia: (datagram, nowUs) => link.datagram(datagram, nowUs),
      onDtls() {},
      onCheck() {},
    });
    names.push(session.credentials);
  }
  const opened = (): number =>
    links.reduce((sum, { stats }) => {
      if (stats.refused > 0) throw new Error(`${label}: ${stats.refused} refused`);
      return sum + ("packets" in stats ? stats.packets : 0);
    }, 0);
  const close = async (): Promise<void> => {
    for (const link of links) link.close();
    core.close();
    await mux.close();
  };
  const { perSecond } = kinds[kind];
  const job = { kind, profile, names, port: mux.port, perSecond, ms: roundMs };
  return { label: `${kind}, ${profile}, ${label}`, kind, job, mux, results: [], opened, close };
}

/** CPU microseconds per datagram of one round. */
async function round(sender: ChildProcess, index: number, { label, mux, opened }: Case) {
  sender.send({ start: index });
  // First come the checks.
  await once(sender, "message");
  const received = mux.counters.received;
  const before = process.cpuUsage();
  sender.send({ go: index });
  const [{ sent }] = (await once(sender, "message")) as [{ sent: number }];
  await sleep(50);
  const used = process.cpuUsage(before);
  const got = mux.counters.received - received;
  opened();
  if (got < sent * 0.98) console.error(`${label}: ${sent - got} of ${sent} lost`);
  return (used.user + used.system) / got;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

const nodeCore = (): EgressCore => new NodeEgressCore(clock);
const cases: Case[] = [];
for (const kind of ["rtp", "rtcp"] as const) {
  for (const profile of ["AEAD_AES_128_GCM", "AES_CM_128_HMAC_SHA1_80"] as const) {
    const add = async (label: string, core: EgressCore, socket: "node" | "native") => {
      cases.push(await openCase(kind, profile, label, core, socket));
    };
    await add("node", nodeCore(), "node");
    if (native === undefined) continue;
    const nativeCore = (): EgressCore => new NativeEgressCore({ native, threads: 0, clock });
    await add("native ciphers", nativeCore(), "node");
    await add("native ciphers and sockets", nativeCore(), "native");
  }
}
const sender = fork(fileURLToPath(new URL("receive-sender.ts", import.meta.url)), {
  execArgv: process.execArgv,
});
sender.on("exit", (code) => process.exit(code ?? 1));
sender.send({ jobs: cases.map(({ job }) => job) });
for (const [index, one] of cases.entries()) await round(sender, index, one);
// Interleaved, so that other load on the machine falls on all of them.
for (let i = 0; i < rounds; i++) {
  for (const [index, one] of cases.entries()) one.results.push(await round(sender, index, one));
}
console.log(`Node ${process.version}, ${rounds} rounds; CPU microseconds per datagram\n`);
console.log("| | median | least |\n|---|---|---|");
for (const { label, results } of cases) {
  console.log(`| ${label} | ${median(results).toFixed(2)} | ${Math.min(...results).toFixed(2)} |`);
}
sender.removeAllListeners("exit");
sender.kill();
for (const one of cases) await one.close();
process.exit();
