/**
 * One egress tier as a process of its own, for egress.ts:
 *
 *   node ... egress-tier.ts PORT VIEWERS PAYLOAD_BYTES TIER
 *
 * Speaks as load/egress-limit.c does, and says behind the CPU what the main thread took, microseconds per packet.
 */
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../../server/src/core/index.ts";
import type { DatagramPort, EgressCore } from "../../server/src/rtc/egress/core.ts";
import { FrameHistory } from "../../server/src/rtc/egress/frame-history.ts";
import { MediaSender } from "../../server/src/rtc/egress/media-sender.ts";
import { NativeEgressCore } from "../../server/src/rtc/egress/native-core.ts";
import { loadNative, type NativeModule } from "../../server/src/rtc/egress/native-module.ts";
import { NodeEgressCore } from "../../server/src/rtc/egress/node-core.ts";
import type { RtpFrame } from "../../server/src/rtc/egress/rtp-frame.ts";
import { testKeys, videoMedia } from "../../server/src/rtc/egress/test-rig.ts";
import { WasmEgressCore } from "../../server/src/rtc/egress/wasm-core.ts";
import { loadSealer, type WasmInstance } from "../../server/src/rtc/egress/wasm-module.ts";
import { DEFAULT_RTC_LIMITS } from "../../server/src/rtc/limits.ts";
import { createCounters } from "../../server/src/rtc/net/counters.ts";
import { UdpSocket } from "../../server/src/rtc/net/udp-socket.ts";

const [discardPort = 0, viewers = 0, payloadBytes = 0] = process.argv.slice(2, 5).map(Number);
const tier = process.argv[5] ?? "";
const settleMs = 50;
const clock = systemClock;
const native = loadNative();
const tiers: Readonly<Record<string, () => EgressCore>> = {
  node: () => new NodeEgressCore(clock),
  wasm: () => new WasmEgressCore({ wasm: sealer(), clock }),
  "native, no thread": () => nativeCore(0),
  "native, 1 thread": () => nativeCore(1),
  "native, 2 threads": () => nativeCore(2),
};

function nativeCore(threads: number): EgressCore {
  return new NativeEgressCore({ native: built(), threads, clock });
}

function sealer(): WasmInstance {
  const wasm = loadSealer();
  if (wasm === undefined) throw new Error("there is no WebAssembly SIMD here");
  return wasm;
}

function built(): NativeModule {
  if (native === undefined) throw new Error("the native tier is not built");
  return native;
}

function makeFrame(history: FrameHistory, packets: number): RtpFrame {
  const payloads = Array.from({ length: packets }, () => {
    const payload = new Uint8Array(payloadBytes);
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

const open = tiers[tier];
if (open === undefined) {
  console.error(`there is no tier ${tier}`);
  process.exit(1);
}
const fd = tier.startsWith("native")
  ? built().udpSocket(Uint8Array.of(127, 0, 0, 1), 0)
  : undefined;
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
const far = { address: "127.0.0.1", port: discardPort };
const port: DatagramPort = {
  path: { ...far, socket },
  send: (datagram) => socket.send(datagram, far.port, far.address),
};
const rigs = {
  gcm: makeRig("AEAD_AES_128_GCM"),
  cm: makeRig("AES_CM_128_HMAC_SHA1_80"),
};

interface Rig {
  readonly core: EgressCore;
  readonly senders: readonly MediaSender[];
  readonly history: FrameHistory;
}

function makeRig(profile: Parameters<typeof testKeys>[0]): Rig {
  const core = (open as () => EgressCore)();
  const senders = Array.from(
    { length: viewers },
    (_, i) => new MediaSender(videoMedia({ ssrc: 1000 + i }), core.open(testKeys(profile), port)),
  );
  return { core, senders, history: new FrameHistory() };
}

console.log(`Node ${process.version}`);
for await (const line of createInterface({ input: process.stdin })) {
  const [cipher, , frames, packets] = line.split(" ");
  const rig = cipher?.startsWith("cm") ? rigs.cm : rigs.gcm;
  console.log(await round(rig, Number(frames), Number(packets)));
}
for (const { core } of Object.values(rigs)) core.close();
await socket.close();

async function round(
  { core, senders, history }: Rig,
  frames: number,
  packets: number,
): Promise<string> {
  const before = process.cpuUsage();
  const startedMs = performance.now();
  for (let f = 0; f < frames; f++) {
    const frame = makeFrame(history, packets);
    for (const sender of senders) {
      sender.begin(frame, history, frame.ticks, true, false);
      for (let i = 0; i < packets; i++) sender.packet(i);
    }
    core.flush();
  }
  const sent = frames * packets * senders.length;
  const thread = ((performance.now() - startedMs) * 1000) / sent;
  // What threads still have to do belongs to this round.
  await sleep(settleMs);
  const used = process.cpuUsage(before);
  return `${(used.user + used.system) / sent} ${thread}`;
}
