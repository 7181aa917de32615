/** The other end of receive.ts: seals and sends what publishers and viewers send, from a socket for each. */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { writeReceiverReport, writeTransportCc } from "@millrace/media/rtp";
import { loadNative } from "../../server/src/rtc/egress/native-module.ts";
import { testKeys } from "../../server/src/rtc/egress/test-rig.ts";
import { rtp, vp8Delta, vp8Key } from "../../server/src/rtc/ingest/test-packets.ts";
import { writeTestCheck } from "../../server/src/rtc/net/test-check.ts";
import type { SrtpProfile } from "../../server/src/rtc/peer.ts";
import { nativeCiphers, SrtpSender } from "../../server/src/rtc/srtp/index.ts";

export interface SendJob {
  readonly kind: "rtp" | "rtcp";
  readonly profile: SrtpProfile;
  readonly names: readonly { readonly ufrag: string; readonly pwd: string }[];
  readonly port: number;
  /** Datagrams of all peers together. */
  readonly perSecond: number;
  readonly ms: number;
}

/** Datagrams are sent in lots so often. Milliseconds. */
const lotMs = 2;
const native = loadNative();

interface Peer {
  readonly socket: Socket;
  readonly seals: SrtpSender;
  readonly check: () => Buffer;
  sequence: number;
}

async function openPeers({ names, profile }: SendJob): Promise<Peer[]> {
  return Promise.all(
    names.map(async ({ ufrag, pwd }) => {
      const socket = createSocket("udp4");
      socket.bind(0, "127.0.0.1");
      await once(socket, "listening");
      const create = native === undefined ? undefined : nativeCiphers(native);
      return {
        socket,
        seals: new SrtpSender(profile, testKeys(profile).remote, create),
        check: () =>
          writeTestCheck({ username: `${ufrag}:them`, password: pwd, useCandidate: true }),
        sequence: 0,
      };
    }),
  );
}

const packetsPerFrame = 10;

/** VP8 at 30 frames of 10 packets a second or so. */
function media(peer: Peer): Uint8Array {
  const sequence = peer.sequence++;
  const frame = Math.floor(sequence / packetsPerFrame);
  const inFrame = sequence % packetsPerFrame;
  const payload = inFrame > 0 ? new Uint8Array(1142) : frame === 0 ? vp8Key() : vp8Delta(1142);
  const plain = rtp({
    ...{ sequence, payload, payloadType: 96, ssrc: 0x1000, timestamp: frame * 3000 },
    ...{ marker: inFrame === packetsPerFrame - 1, transportCc: sequence & 0xffff },
  });
  const headerBytes = plain.length - payload.length;
  const out = new Uint8Array(plain.length + 16);
  out.set(plain.subarray(0, headerBytes));
  const length = peer.seals.sealRtp(out, 0, headerBytes, undefined, payload, 0x1000, sequence);
  return out.subarray(0, length);
}

/** About the last 16 packets. */
function feedback(peer: Peer): Uint8Array {
  peer.sequence += 16;
  const first = peer.sequence;
  const block = {
    ...{ ssrc: 0x1111, fractionLost: 0, cumulativeLost: 0, highestSequence: first, jitter: 100 },
    ...{ lastSenderReport: 0, delaySinceLastSenderReport: 0 },
  };
  const packets = Array.from({ length: 16 }, (_, i) => ({
    sequence: (first + i) & 0xffff,
    arrivalUs: (first + i) * 1000,
  }));
  const compound = Buffer.concat([
    writeReceiverReport(1, [block]),
    writeTransportCc({ senderSsrc: 1, mediaSsrc: 0x1111, feedbackCount: first >> 4, packets }),
  ]);
  const out = new Uint8Array(compound.length + 20);
  return out.subarray(0, peer.seals.sealRtcp(out, 0, compound));
}

/** At a steady rate: a burst of everything at once would be read in larger batches than there are. */
async function run(job: SendJob, peers: readonly Peer[]): Promise<number> {
  const total = Math.round((job.perSecond * job.ms) / 1000);
  const make = job.kind === "rtp" ? media : feedback;
  const startedMs = performance.now();
  let sent = 0;
  while (sent < total) {
    const due = Math.min(total, ((performance.now() - startedMs) * job.perSecond) / 1000);
    for (; sent < due; sent++) {
      const peer = peers[sent % peers.length] as Peer;
      peer.socket.send(make(peer), job.port, "127.0.0.1");
    }
    await new Promise((resolve) => setTimeout(resolve, lotMs));
  }
  return sent;
}

const opened: { job: SendJob; peers: Peer[] }[] = [];

async function receive(message: { jobs?: SendJob[]; start?: number; go?: number }): Promise<void> {
  const { jobs, start, go } = message;
  if (jobs !== undefined) {
    for (const job of jobs) opened.push({ job, peers: await openPeers(job) });
    return;
  }
  while (opened[start ?? go ?? 0] === undefined)
    await new Promise((resolve) => setTimeout(resolve, 10));
  const { job, peers } = opened[start ?? go ?? 0] as (typeof opened)[number];
  if (start !== undefined) {
    for (const peer of peers) peer.socket.send(peer.check(), job.port, "127.0.0.1");
    await new Promise((resolve) => setTimeout(resolve, 100));
    process.send?.({ ready: true });
    return;
  }
  process.send?.({ sent: await run(job, peers) });
}

process.on("message", (message) => void receive(message as object));
process.on("unhandledRejection", (error) => {
  console.error(error);
  process.exit(1);
});
process.on("disconnect", () => process.exit());
