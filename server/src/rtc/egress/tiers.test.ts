import { afterEach, describe, expect, test } from "vitest";
import { systemClock } from "../../core/index.ts";
import { DEFAULT_RTC_LIMITS } from "../limits.ts";
import { createCounters } from "../net/counters.ts";
import { UdpSocket } from "../net/udp-socket.ts";
import type { SrtpProfile } from "../peer.ts";
import { createPacketCipher } from "../srtp/packet-cipher.ts";
import type { DatagramPort, EgressCore } from "./core.ts";
import { batchEntries } from "./native-batch.ts";
import { NativeEgressCore } from "./native-core.ts";
import { loadNative, maxNativeLinks } from "./native-module.ts";
import { NodeEgressCore } from "./node-core.ts";
import { Inbox } from "./test-inbox.ts";
import { testKeys } from "./test-rig.ts";
import { WasmEgressCore } from "./wasm-core.ts";
import { loadSealer } from "./wasm-module.ts";

const native = loadNative();
const clock = systemClock;
const profiles: readonly SrtpProfile[] = ["AEAD_AES_128_GCM", "AES_CM_128_HMAC_SHA1_80"];
const tiers: readonly (readonly [string, boolean, () => EgressCore])[] = [
  ["node", true, () => new NodeEgressCore(clock)],
  [
    "wasm",
    loadSealer() !== undefined,
    () => new WasmEgressCore({ wasm: loadSealer() as never, clock }),
  ],
  ...[0, 1, 2].map(
    (threads) =>
      [
        `native with ${threads} threads`,
        native !== undefined,
        () => new NativeEgressCore({ native: native as never, threads, clock }),
      ] as const,
  ),
];

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function openInbox(host = "127.0.0.1"): Promise<Inbox> {
  const inbox = await Inbox.open(host);
  closing.push(() => inbox.close());
  return inbox;
}

async function openSocket(host = "127.0.0.1"): Promise<UdpSocket> {
  const socket = await UdpSocket.open({
    ...DEFAULT_RTC_LIMITS,
    family: host.includes(":") ? 6 : 4,
    host,
    port: 0,
    bind: native?.udpSocket,
    counters: createCounters(),
    receive: () => {},
    error: (error) => {
      throw error;
    },
  });
  closing.push(() => socket.close());
  return socket;
}

function portTo(socket: UdpSocket, inbox: Inbox): DatagramPort {
  const { address, port } = inbox;
  return {
    path: { address, port, socket },
    send: (datagram) => socket.send(datagram, port, address),
  };
}

/** An RTP header whose sequence number is the low half of `index`. */
function headerOf(ssrc: number, index: number, bytes = 20): Uint8Array {
  const header = new Uint8Array(bytes).fill(0x5a);
  const view = new DataView(header.buffer);
  header[0] = 0x80;
  view.setUint16(2, index % 0x10000);
  view.setUint32(8, ssrc);
  return header;
}

const payloadOf = (bytes: number, seed = 1): Uint8Array =>
  Uint8Array.from({ length: bytes }, (_, at) => (at * 31 + seed) & 0xff);

/** What must be on the wire. */
function sealed(
  profile: SrtpProfile,
  header: Uint8Array,
  prefix: Uint8Array | undefined,
  payload: Uint8Array,
  ssrc: number,
  index: number,
): string {
  const cipher = createPacketCipher(profile, testKeys(profile).local);
  const out = new Uint8Array(header.length + (prefix?.length ?? 0) + payload.length + 16);
  out.set(header);
  const length = cipher.sealRtp(out, 0, header.length, prefix, payload, ssrc, index);
  return Buffer.from(out.subarray(0, length)).toString("hex");
}

describe.each(tiers)("%s", (_name, available, create) => {
  const open = (): EgressCore => {
    const core = create();
    closing.push(() => core.close());
    return core;
  };

  test.runIf(available).each(profiles)("seals as %s says, byte for byte", async (profile) => {
    const core = open();
    const inbox = await openInbox();
    const link = core.open(testKeys(profile), portTo(await openSocket(), inbox));
    const expected: string[] = [];
    for (const index of [0, 1, 0xffff, 0x10000, 0x1234_5678, 0xfffe_dcba_9876]) {
      for (const bytes of [0, 1, 16, 63, 64, 65, 700, 1180]) {
        for (const prefix of [undefined, Uint8Array.of(1, 2)]) {
          const header = headerOf(0xdeadbeef, index, bytes % 2 === 0 ? 12 : 28);
          const payload = payloadOf(bytes);
          const right = sealed(profile, header, prefix, payload, 0xdeadbeef, index);
          expect(link.rtp(header, prefix, payload, 0xdeadbeef, index)).toBe(right.length / 2);
          // The caller's again.
          header.fill(0);
          expected.push(right);
        }
      }
      core.flush();
    }
    expect((await inbox.take(expected.length)).map((got) => got.toString("hex"))).toEqual(expected);
  });

  test.runIf(available)(
    "gives every viewer its packets in order, over several batches",
    async () => {
      const core = open();
      const socket = await openSocket();
      const viewers = await Promise.all(
        Array.from({ length: 5 }, async (_, number) => {
          const inbox = await openInbox();
          return { inbox, link: core.open(testKeys(), portTo(socket, inbox)), ssrc: 100 + number };
        }),
      );
      const packets = Math.ceil((batchEntries * 2.5) / viewers.length);
      const frame = 40;
      for (let first = 0; first < packets; first += frame) {
        const payloads = Array.from({ length: frame }, (_, at) => payloadOf(200, first + at));
        for (const { link, ssrc } of viewers) {
          payloads.forEach((payload, at) => {
            link.rtp(headerOf(ssrc, first + at), undefined, payload, ssrc, first + at);
          });
        }
        core.flush();
        // What is sent faster than it is read is lost, as on any link.
        for (const { inbox } of viewers) await inbox.until(first + frame);
      }
      for (const { inbox, ssrc } of viewers) {
        const got = await inbox.take(packets);
        got.slice(0, packets).forEach((datagram, index) => {
          const right = sealed(
            ...(["AEAD_AES_128_GCM", headerOf(ssrc, index), undefined] as const),
            ...([payloadOf(200, index), ssrc, index] as const),
          );
          expect(datagram.toString("hex")).toBe(right);
        });
      }
    },
  );

  test.runIf(available)("follows its peer to another address, and to IPv6", async () => {
    const core = open();
    const [first, second, third] = [await openInbox(), await openInbox(), await openInbox("::1")];
    const [v4, v6] = [await openSocket(), await openSocket("::1")];
    let port = portTo(v4, first);
    const link = core.open(testKeys(), {
      get path() {
        return port.path;
      },
      send: (datagram) => port.send(datagram),
    });
    const send = (index: number) => link.rtp(headerOf(1, index), undefined, payloadOf(9), 1, index);
    send(0);
    port = portTo(v4, second);
    send(1);
    port = portTo(v6, third);
    send(2);
    core.flush();
    for (const [index, inbox] of [first, second, third].entries()) {
      const [datagram] = await inbox.take(1);
      expect(datagram?.readUInt16BE(2)).toBe(index);
    }
  });

  test.runIf(available)("leaves to the port what only that can reach", async () => {
    const core = open();
    const sent: Uint8Array[] = [];
    const link = core.open(testKeys(), { send: (datagram) => sent.push(datagram.slice()) });
    link.rtp(headerOf(1, 7), undefined, payloadOf(9), 1, 7);
    link.rtcp(Uint8Array.of(0x80, 200, 0, 1, 0, 0, 0, 1));
    core.flush();
    expect(sent.map((datagram) => datagram[1])).toEqual([0x5a, 200]);
  });

  test.runIf(available)("sends what is too long for a batch", async () => {
    const core = open();
    const inbox = await openInbox();
    const link = core.open(testKeys(), portTo(await openSocket(), inbox));
    const long = payloadOf(3000);
    const right = sealed("AEAD_AES_128_GCM", headerOf(1, 5, 72), undefined, long, 1, 5);
    link.rtp(headerOf(1, 5, 72), undefined, long, 1, 5);
    const wide = sealed("AEAD_AES_128_GCM", headerOf(1, 6, 132), undefined, payloadOf(9), 1, 6);
    link.rtp(headerOf(1, 6, 132), undefined, payloadOf(9), 1, 6);
    core.flush();
    const got = await inbox.take(2);
    expect(got.map((datagram) => datagram.toString("hex"))).toEqual([right, wide]);
  });

  test.runIf(available)("sends nothing after a link or all of them closed", async () => {
    const core = open();
    const inbox = await openInbox();
    const port = portTo(await openSocket(), inbox);
    const [link, other] = [core.open(testKeys(), port), core.open(testKeys(), port)];
    link.rtp(headerOf(1, 0), undefined, payloadOf(9), 1, 0);
    link.close();
    link.close();
    expect(link.rtp(headerOf(1, 1), undefined, payloadOf(9), 1, 1)).toBe(0);
    other.rtp(headerOf(2, 2), undefined, payloadOf(9), 2, 2);
    core.close();
    core.close();
    other.close();
    const got = await inbox.take(2);
    expect(got.map((datagram) => datagram.readUInt16BE(2))).toEqual([0, 2]);
  });
});

test.runIf(native !== undefined)("a destination that refuses harms no other", async () => {
  const core = new NativeEgressCore({ native: native as never, threads: 0, clock });
  closing.push(() => core.close());
  const inbox = await openInbox();
  const socket = await openSocket();
  const bad = core.open(testKeys(), {
    // A broadcast address, which a socket may not send to unasked.
    path: { address: "255.255.255.255", port: 9, socket },
    send: () => {},
  });
  const good = core.open(testKeys(), portTo(socket, inbox));
  for (let index = 0; index < 20; index++) {
    bad.rtp(headerOf(1, index), undefined, payloadOf(100), 1, index);
    good.rtp(headerOf(2, index), undefined, payloadOf(100), 2, index);
  }
  core.flush();
  expect((await inbox.take(20)).map((got) => got.readUInt16BE(2))).toEqual(
    Array.from({ length: 20 }, (_, index) => index),
  );
  expect(core.counters.errors).toBe(20);
});

test.runIf(native !== undefined)(
  "links beyond those of the native side are served all the same",
  async () => {
    const core = new NativeEgressCore({ native: native as never, threads: 0, clock });
    closing.push(() => core.close());
    const inbox = await openInbox();
    const port = portTo(await openSocket(), inbox);
    const keys = testKeys();
    for (let link = 0; link < maxNativeLinks; link++) core.open(keys, port);
    const beyond = core.open(keys, port);
    beyond.rtp(headerOf(1, 3), undefined, payloadOf(9), 1, 3);
    core.flush();
    expect((await inbox.take(1))[0]?.readUInt16BE(2)).toBe(3);
    expect(core.counters.packets).toBe(0);
  },
);

test.runIf(native !== undefined)(
  "packets of one viewer reach the kernel as one message",
  async () => {
    const core = new NativeEgressCore({ native: native as never, threads: 0, clock });
    closing.push(() => core.close());
    const inbox = await openInbox();
    const link = core.open(testKeys(), portTo(await openSocket(), inbox));
    for (let index = 0; index < 30; index++) {
      link.rtp(headerOf(1, index), undefined, payloadOf(index === 29 ? 10 : 1100), 1, index);
    }
    core.flush();
    await inbox.take(30);
    const { packets, messages, segmented } = core.counters;
    expect(packets).toBe(30);
    // Kernels without segmentation offload are sent each packet by itself.
    expect([1, 30]).toContain(messages);
    expect(segmented).toBe(messages === 1 ? 30 : 0);
  },
);

test.runIf(native !== undefined)("a taken port is said by the system's code", async () => {
  const inbox = await openInbox();
  const bind = (): number | undefined => native?.udpSocket(Uint8Array.of(127, 0, 0, 1), inbox.port);
  expect(bind).toThrow(expect.objectContaining({ code: "EADDRINUSE" }));
});
