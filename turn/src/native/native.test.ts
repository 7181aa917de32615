import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import type { NativeFlow } from "./native-flow.ts";
import { loadNative } from "./native-module.ts";
import { NativeSockets, type NativeUdpSocket } from "./native-sockets.ts";

const native = loadNative();
const when = test.runIf(native !== undefined);
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

type Got = { readonly data: Buffer; readonly address: string; readonly port: number };

/** What came, in order, and a way to wait for it. */
class Arrivals {
  readonly all: Got[] = [];
  #more: () => void = () => {};

  datagram(data: Uint8Array, address: string, port: number): void {
    this.all.push({ data: Buffer.from(data), address, port });
    this.#more();
  }

  async take(count: number): Promise<readonly Got[]> {
    while (this.all.length < count) {
      await new Promise<void>((resolve) => {
        this.#more = resolve;
      });
    }
    return this.all;
  }
}

async function openPeer(
  host = "127.0.0.1",
): Promise<{ socket: Socket; port: number; got: Arrivals }> {
  const type = host.includes(":") ? "udp6" : "udp4";
  const socket = createSocket({ type, recvBufferSize: 4 << 20 });
  const got = new Arrivals();
  socket.on("message", (data, from) => got.datagram(data, from.address, from.port));
  socket.bind(0, host);
  await once(socket, "listening");
  closing.push(() => socket.close());
  return { socket, port: socket.address().port, got };
}

interface Rig {
  readonly sockets: NativeSockets;
  readonly listener: NativeUdpSocket;
  readonly relay: NativeUdpSocket;
  readonly atListener: Arrivals;
  readonly atRelay: Arrivals;
}

function openRig(host = "127.0.0.1"): Rig {
  if (native === undefined) throw new Error("not built");
  const sockets = new NativeSockets(native);
  closing.push(() => sockets.close());
  const [atListener, atRelay] = [new Arrivals(), new Arrivals()];
  const family = host.includes(":") ? 6 : 4;
  const options = { host, family, port: 0, recvBufferBytes: 1 << 20, maxQueuedBytes: 0 } as const;
  const error = (): void => {};
  const listener = sockets.open({ ...options, receiver: atListener, error });
  const relay = sockets.open({ ...options, receiver: atRelay, error });
  return { sockets, listener, relay, atListener, atRelay };
}

function openFlow(
  rig: Rig,
  clientPort: number,
  host = "127.0.0.1",
  bytesPerSecond = 1e9,
): NativeFlow {
  const flow = rig.sockets.flow({
    listener: rig.listener.place,
    relay: rig.relay.place,
    clientAddress: host,
    clientPort,
    bytesPerSecond,
    burstBytes: bytesPerSecond,
  });
  if (flow === undefined) throw new Error("no room");
  return flow;
}

function channelData(channel: number, payload: Uint8Array, padding = 0): Buffer {
  const message = Buffer.alloc(4 + payload.length + padding, 0);
  message.writeUInt16BE(channel, 0);
  message.writeUInt16BE(payload.length, 2);
  message.set(payload, 4);
  return message;
}

when.each(["127.0.0.1", "::1"])("passes ChannelData on both ways at %s", async (host) => {
  const rig = openRig(host);
  const [client, peer] = [await openPeer(host), await openPeer(host)];
  const flow = openFlow(rig, client.port, host);
  expect(flow.bind(0x4001, host, peer.port)).toBe(true);
  const sizes = [0, 1, 3, 700, 1200, 1200, 1200, 1199, 9000, 60_000];
  const payloads = sizes.map((size, at) => Buffer.alloc(size, at + 1));
  for (const payload of payloads) {
    client.socket.send(channelData(0x4001, payload, 2), rig.listener.port, host);
  }
  const there = await peer.got.take(sizes.length);
  expect(there.map(({ data }) => data)).toEqual(payloads);
  expect(new Set(there.map(({ port }) => port))).toEqual(new Set([rig.relay.port]));
  for (const payload of payloads) peer.socket.send(payload, rig.relay.port, host);
  const back = await client.got.take(sizes.length);
  expect(back.map(({ data }) => data)).toEqual(payloads.map((one) => channelData(0x4001, one)));
  expect(new Set(back.map(({ port }) => port))).toEqual(new Set([rig.listener.port]));
  const bytes = sizes.reduce((sum, size) => sum + size);
  expect(flow.traffic).toMatchObject({
    bytesIn: bytes,
    packetsIn: 10,
    bytesOut: bytes,
    packetsOut: 10,
  });
  expect([...rig.atListener.all, ...rig.atRelay.all]).toEqual([]);
});

when("gives JavaScript what it does not pass on", async () => {
  const rig = openRig();
  const [client, stranger, peer] = [await openPeer(), await openPeer(), await openPeer()];
  const flow = openFlow(rig, client.port);
  flow.bind(0x4001, "127.0.0.1", peer.port);
  const messages = [
    Buffer.from("0001000021", "hex"),
    channelData(0x4002, Buffer.from("no such channel")),
    // The length says more than there is.
    channelData(0x4001, Buffer.alloc(8)).subarray(0, 10),
    Buffer.alloc(0),
    Buffer.of(0x40),
  ];
  for (const message of messages) client.socket.send(message, rig.listener.port, "127.0.0.1");
  const got = await rig.atListener.take(messages.length);
  expect(got.map(({ data }) => data)).toEqual(messages);
  expect(got[0]).toMatchObject({ address: "127.0.0.1", port: client.port });
  // The channel of somebody else.
  stranger.socket.send(channelData(0x4001, Buffer.of(1)), rig.listener.port, "127.0.0.1");
  await rig.atListener.take(messages.length + 1);
  stranger.socket.send("unknown peer", rig.relay.port, "127.0.0.1");
  const [unknown] = await rig.atRelay.take(1);
  expect(unknown).toMatchObject({ port: stranger.port });
  expect(peer.got.all).toEqual([]);
  expect(flow.traffic.packetsIn).toBe(0);
});

when("passes ChannelData on between two of its clients", async () => {
  const rig = openRig();
  const [first, second] = [await openPeer(), await openPeer()];
  const relay = rig.sockets.open({
    host: "127.0.0.1",
    family: 4,
    port: 0,
    recvBufferBytes: 1 << 20,
    maxQueuedBytes: 0,
    receiver: new Arrivals(),
    error: () => {},
  });
  const one = openFlow(rig, first.port);
  const two = openFlow({ ...rig, relay }, second.port);
  const send = (from: typeof first, channel: number, text: string): void =>
    from.socket.send(channelData(channel, Buffer.from(text)), rig.listener.port, "127.0.0.1");
  expect(one.bindFlow(0x4001, two)).toBe(true);
  send(first, 0x4001, "not expected there yet");
  await rig.atListener.take(1);
  expect(two.bindFlow(0x4777, one)).toBe(true);
  send(first, 0x4001, "there");
  send(second, 0x4777, "and back");
  const [there] = await second.got.take(1);
  expect(there?.data).toEqual(channelData(0x4777, Buffer.from("there")));
  const [back] = await first.got.take(1);
  expect(back?.data).toEqual(channelData(0x4001, Buffer.from("and back")));
  expect(one.traffic).toMatchObject({ bytesIn: 5, packetsIn: 1, bytesOut: 8, packetsOut: 1 });
  two.end();
  // Its number comes again, but it is another client's.
  openFlow({ ...rig, relay }, 9);
  send(first, 0x4001, "nobody there");
  await rig.atListener.take(2);
  expect(one.bindFlow(0x4002, two)).toBe(false);
});

when("follows channels that move and end", async () => {
  const rig = openRig();
  const [client, first, second] = [await openPeer(), await openPeer(), await openPeer()];
  const flow = openFlow(rig, client.port);
  const send = (channel: number): void => {
    const message = channelData(channel, Buffer.of(channel & 0xff));
    client.socket.send(message, rig.listener.port, "127.0.0.1");
  };
  for (let channel = 0x4000; channel < 0x4020; channel++) {
    expect(flow.bind(channel, "127.0.0.1", first.port + (channel === 0x4000 ? 0 : 1))).toBe(true);
  }
  send(0x4000);
  await first.got.take(1);
  flow.bind(0x4000, "127.0.0.1", second.port);
  send(0x4000);
  await second.got.take(1);
  for (let channel = 0x4000; channel < 0x4020; channel++) flow.unbind(channel);
  send(0x4000);
  await rig.atListener.take(1);
  expect(flow.bind(0x4005, "127.0.0.1", first.port)).toBe(true);
  send(0x4005);
  await first.got.take(2);
  flow.end();
  flow.end();
  send(0x4005);
  await rig.atListener.take(2);
  expect(flow.traffic.packetsIn).toBe(3);
  // Its place is free again.
  openFlow(rig, client.port).bind(0x4005, "127.0.0.1", second.port);
  send(0x4005);
  await second.got.take(2);
});

when("has one flow for a client at a listener", () => {
  const rig = openRig();
  openFlow(rig, 1234);
  expect(() => openFlow(rig, 1234)).toThrow("no room");
});

when("lets no more bytes pass than the limit, on either way", async () => {
  const rig = openRig();
  const [client, peer] = [await openPeer(), await openPeer()];
  const flow = openFlow(rig, client.port, "127.0.0.1", 10);
  flow.bind(0x4001, "127.0.0.1", peer.port);
  for (const size of [6, 6, 1]) {
    client.socket.send(channelData(0x4001, Buffer.alloc(size)), rig.listener.port, "127.0.0.1");
  }
  await peer.got.take(2);
  expect(peer.got.all.map(({ data }) => data.length)).toEqual([6, 1]);
  expect(flow.traffic).toMatchObject({ packetsIn: 2, droppedBandwidth: 1 });
  expect(flow.take(true, 11)).toBe(false);
  expect(flow.take(false, 10)).toBe(true);
  expect(flow.take(false, 10)).toBe(false);
});

when("keeps order and loses nothing of a burst", async () => {
  const rig = openRig();
  const [client, peer] = [await openPeer(), await openPeer()];
  openFlow(rig, client.port).bind(0x4001, "127.0.0.1", peer.port);
  const count = 600;
  for (let at = 0; at < count; at++) {
    const payload = Buffer.alloc(1000);
    payload.writeUInt32BE(at);
    client.socket.send(channelData(0x4001, payload), rig.listener.port, "127.0.0.1");
  }
  const got = await peer.got.take(count);
  expect(got.map(({ data }) => data.readUInt32BE())).toEqual(
    Array.from({ length: count }, (_, at) => at),
  );
});

when("frees ports and says why one is not free", async () => {
  const rig = openRig();
  const { port } = rig.relay;
  const again = (): NativeUdpSocket =>
    rig.sockets.open({
      host: "127.0.0.1",
      family: 4,
      port,
      recvBufferBytes: 0,
      maxQueuedBytes: 0,
      receiver: rig.atRelay,
      error: () => {},
    });
  expect(again).toThrow(expect.objectContaining({ code: "EADDRINUSE" }));
  await rig.relay.close();
  await rig.relay.close();
  expect(rig.relay.send(Buffer.of(1), "127.0.0.1", 9)).toBe(false);
  const peer = await openPeer();
  const second = again();
  expect(second.sendParts(Buffer.of(1, 2), Buffer.of(3), 1, "127.0.0.1", peer.port)).toBe(true);
  const [got] = await peer.got.take(1);
  expect(got).toMatchObject({ data: Buffer.of(1, 2, 3, 0), port });
});

when("closes with datagrams under way", async () => {
  const rig = openRig();
  const client = await openPeer();
  for (let at = 0; at < 200; at++)
    client.socket.send(Buffer.alloc(100), rig.listener.port, "127.0.0.1");
  await rig.atListener.take(1);
  rig.sockets.close();
  rig.sockets.close();
  expect(rig.sockets.missed).toBe(0);
});
