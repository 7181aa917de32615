import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { MAX_DATA_BYTES } from "./dtls/server.ts";
import type { Peer } from "./peer.ts";
import { testOffer } from "./sdp/test-offers.ts";
import { Owner, PeerBench, until } from "./test-peers.ts";
import { TestRemote } from "./test-remote.ts";

vi.setConfig({ testTimeout: 30_000 });

let bench: PeerBench;
let remote: TestRemote;

beforeEach(async () => {
  bench = await PeerBench.open();
  remote = new TestRemote(bench.factory.port);
});

afterEach(async () => {
  remote.close();
  await bench.close();
});

/** RTP version 2 with a payload type of ours; nothing opens it here. */
const RTP = Buffer.from("806c0001000000000000000100112233445566778899aabbccddeeff", "hex");

async function connect(offer: string, peer: Peer = bench.createReceiver()): Promise<Peer> {
  await remote.join(peer, offer);
  await bench.owner.hears("connected");
  return peer;
}

describe("a publisher", () => {
  test("connects, and its datagrams come as they are", async () => {
    const peer = await connect(testOffer("chromium-camera"));
    expect(peer.receives.map(({ kind }) => kind)).toEqual(["video", "audio"]);
    expect(peer.media).toEqual([]);
    expect(peer.keys?.remote).toEqual(remote.dtls.srtpKeys?.local);
    remote.send(RTP);
    await bench.owner.hears("datagram");
    expect(bench.owner.datagrams).toEqual([RTP]);
  });

  test("whose offer cannot be taken later goes on as it was", async () => {
    const offer = remote.sign(testOffer("chromium-camera"));
    const peer = await connect(offer);
    const { receives } = peer;
    const theora = offer.replaceAll(/(H264|VP8|VP9|AV1)\/90000/g, "theora/90000");
    await expect(peer.answer(theora)).rejects.toMatchObject({ code: "SDP_UNSUPPORTED" });
    expect(peer.receives).toBe(receives);
    await peer.answer(offer.replace("a=sendonly", "a=inactive"));
    expect(peer.receives.map(({ active }) => active)).toEqual([false, true]);
    expect(bench.owner.told).toEqual(["connected"]);
  });

  test("that shows another certificate than its offer is refused", async () => {
    const other = new TestRemote(bench.factory.port);
    try {
      const offer = other.sign(testOffer("obs"));
      vi.spyOn(remote, "sign").mockReturnValue(offer);
      const joining = remote.join(bench.createReceiver(), offer).catch(() => {});
      await bench.owner.hears("DTLS_FINGERPRINT_MISMATCH");
      remote.dtls.connected = true;
      await joining;
    } finally {
      other.close();
    }
  });

  test("counts as a peer like a viewer", async () => {
    await bench.close();
    bench = await PeerBench.open({ maxPeers: 2 });
    const first = bench.createReceiver(new Owner());
    bench.createSender(new Owner());
    const full = expect.objectContaining({ code: "PEERS_FULL", status: 503 });
    expect(() => bench.createReceiver()).toThrow(full);
    expect(() => bench.createSender()).toThrow(full);
    first.close("TEST");
    expect(bench.createReceiver(new Owner())).toBeDefined();
    expect(bench.factory.counters.peers).toBe(2);
  });

  test("one hundred times leaves no entry and no timer", async () => {
    for (let i = 0; i < 100; i++) {
      const peer = bench.createReceiver(new Owner());
      await peer.answer(testOffer("chromium-simulcast"));
      peer.close("TEST");
    }
    expect(bench.factory.size).toEqual({ sessions: 0, ufrags: 0, addresses: 0, handshakes: 0 });
    expect(bench.clock.timers).toBe(0);
  });

  test("beyond the limit of layers sends the first ones", async () => {
    await bench.close();
    bench = await PeerBench.open({ maxSimulcastLayers: 2 });
    const peer = bench.createReceiver();
    expect(await peer.answer(testOffer("chromium-simulcast"))).toContain("a=simulcast:recv l;m\r");
    expect(peer.receives[0]?.encodings).toHaveLength(2);
  });
});

describe.each([
  ["publisher", "chromium-data", () => bench.createReceiver()],
  ["viewer", "chromium-viewer-data", () => bench.createSender()],
] as const)("data of a %s", (_name, name, create) => {
  test("goes both ways, each packet whole and in order", async () => {
    const peer = await connect(testOffer(name), create());
    expect(peer.dataMedia).toMatchObject({ sctpPort: 5000, maxMessageSize: 262_144 });
    for (const value of [1, 2, 3]) remote.sendData(Buffer.alloc(100, value));
    await until(() => bench.owner.packets.length === 3);
    expect(bench.owner.packets.map((packet) => [packet.length, packet[0]])).toEqual([
      [100, 1],
      [100, 2],
      [100, 3],
    ]);
    peer.sendData(Buffer.alloc(MAX_DATA_BYTES, 4));
    peer.sendData(Buffer.alloc(1, 5));
    await until(() => remote.dtls.data.length === 2);
    expect(remote.dtls.data.map((packet) => [packet.length, packet[0]])).toEqual([
      [MAX_DATA_BYTES, 4],
      [1, 5],
    ]);
  });

  test("is dropped before the handshake and after the end", async () => {
    const peer = create();
    peer.sendData(Buffer.alloc(1));
    await connect(testOffer(name), peer);
    peer.close("TEST");
    const { sent } = bench.factory.counters;
    peer.sendData(Buffer.alloc(1));
    expect(bench.factory.counters.sent).toBe(sent);
    remote.sendData(Buffer.alloc(1));
    await bench.owner.hears("TEST");
    expect(bench.owner.packets).toEqual([]);
  });
});

test("data that nobody negotiated is dropped until somebody does", async () => {
  const [head = "", video = "", data = ""] = testOffer("chromium-data").split(/(?=m=)/);
  const peer = await connect(head.replace("BUNDLE 0 1", "BUNDLE 0") + video);
  expect(peer.dataMedia).toBeUndefined();
  remote.sendData(Buffer.of(1));
  remote.send(RTP);
  await bench.owner.hears("datagram");
  expect(bench.owner.packets).toEqual([]);
  await peer.answer(remote.sign(head + video + data));
  remote.sendData(Buffer.of(2));
  await until(() => bench.owner.packets.length > 0);
  expect(bench.owner.packets).toEqual([Buffer.of(2)]);
});

test("an owner that closes its peer when data comes hears no more", async () => {
  const heard: number[] = [];
  const peer = bench.createReceiver({
    connected: () => bench.owner.connected(),
    datagram: () => {},
    data: (bytes) => {
      heard.push(bytes.readUInt8(0));
      peer.close("TEST");
    },
    closed: (reason) => bench.owner.closed(reason),
  });
  await connect(testOffer("chromium-data"), peer);
  const [first, second] = [1, 2].map((value) => remote.dtls.sealed(23, Buffer.of(value)));
  remote.send(Buffer.concat([first ?? Buffer.of(), second ?? Buffer.of()]));
  await bench.owner.hears("TEST");
  expect(heard).toEqual([1]);
});
