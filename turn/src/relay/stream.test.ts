import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { makeCertificate } from "../test-certificate.ts";
import { codeOf, requestedUdp } from "./test-client.ts";
import { openDescriptors, TestRelay } from "./test-relay.ts";
import type { TurnOptions } from "./turn-options.ts";

const pem = makeCertificate();
let relay: TestRelay;

async function start(change: Partial<TurnOptions> = {}): Promise<void> {
  relay = await TestRelay.start({
    listen: [
      { protocol: "tcp", host: "127.0.0.1", port: 0 },
      { protocol: "tls", host: "127.0.0.1", port: 0 },
    ],
    tls: pem,
    ...change,
  });
}

afterEach(() => relay.close());

describe.each(["tcp", "tls"] as const)("a client over %s", (protocol) => {
  it("has its packets relayed both ways, padded to four bytes", async () => {
    await start();
    const client = await relay.client(protocol);
    const peer = await relay.peer();
    const relayed = await client.relayed();
    expect(await client.bind(0x4000, peer.address)).toBe(0);
    for (const length of [0, 1, 2, 3, 4, 1_200, 1_201]) {
      const data = randomBytes(length);
      client.sendChannel(0x4000, data);
      expect((await peer.received.next()).data).toEqual(data);
      await peer.send(data, relayed);
      expect(await client.channelData.next()).toEqual({ channel: 0x4000, data });
    }
    const other = await relay.peer();
    client.send(other.address, Buffer.from("hello"));
    expect((await other.received.next()).data.toString()).toBe("hello");
    await other.send(Buffer.from("hi"), relayed);
    expect((await client.data()).data.toString()).toBe("hi");
  });

  it("may write byte by byte", async () => {
    await start();
    const client = await relay.client(protocol);
    await client.greet();
    const peer = await relay.peer();
    for (const byte of client.build(3, [requestedUdp])) client.write(Uint8Array.of(byte));
    expect(codeOf(await client.messages.next())).toBe(0);
    await client.bind(0x4000, peer.address);
    for (const byte of Buffer.from("40000003616263004000000164000000", "hex")) {
      client.write(Uint8Array.of(byte));
    }
    expect((await peer.received.next()).data.toString()).toBe("abc");
    expect((await peer.received.next()).data.toString()).toBe("d");
  });

  it("loses the allocation with the connection", async () => {
    await start();
    const released = new Promise((resolve) => relay.server.on("released", resolve));
    const client = await relay.client(protocol);
    await client.relayed();
    await client.close();
    expect(await released).toMatchObject({ protocol, reason: "closed" });
    await expect.poll(() => relay.server.stats().connections.now).toBe(0);
    await expect.poll(() => relay.server.stats().freePorts).toBe(12_000);
  });

  it("that sends no TURN is thrown out", async () => {
    await start({ limits: { maxFrameBytes: 2_000 } });
    const starts = ["GET / HTTP/1.1\r\n\r\n", "\x80\0\0\0", "\0\x01\0\x01", "\x40\0\xff\xff"];
    for (const text of starts) {
      const client = await relay.client(protocol);
      client.write(Buffer.from(text, "latin1"));
      await expect.poll(() => client.closed).toBe(true);
    }
    expect(codeOf(await (await relay.client(protocol)).allocate())).toBe(0);
  });

  it("that says nothing is closed after the handshake time, one that was served after the idle time", async () => {
    await start({ limits: { handshakeSeconds: 10, idleSeconds: 60 } });
    const [silent, served, busy] = [
      await relay.client(protocol),
      await relay.client(protocol),
      await relay.client(protocol),
    ];
    await served.greet();
    await busy.relayed();
    relay.clock.advance(9_000);
    await served.greet();
    relay.clock.advance(1_000);
    await expect.poll(() => silent.closed).toBe(true);
    relay.clock.advance(58_000);
    await served.greet();
    relay.clock.advance(60_000);
    await expect.poll(() => served.closed).toBe(true);
    expect(busy.closed).toBe(false);
    expect(codeOf(await busy.refresh(0))).toBe(0);
    relay.clock.advance(60_000);
    await expect.poll(() => busy.closed).toBe(true);
  });

  it("is refused beyond the connections of an address and of all", async () => {
    await start({ limits: { maxConnectionsPerAddress: 2 } });
    const [first] = [await relay.client(protocol), await relay.client(protocol)];
    const third = connect(relay.at(protocol));
    third.on("error", () => {});
    await once(third, "close");
    expect(relay.server.stats().connections).toEqual({ now: 2, total: 2, refused: 1 });
    await first.close();
    await expect.poll(() => relay.server.stats().connections.now).toBe(1);
    expect(codeOf(await (await relay.client(protocol)).allocate())).toBe(0);
    await relay.close();
    await start({ limits: { maxConnections: 1 } });
    await relay.client(protocol);
    const next = connect(relay.at(protocol));
    next.on("error", () => {});
    await once(next, "close");
    expect(relay.server.stats().connections.refused).toBe(1);
  });

  it("that reads slowly loses packets and costs a bounded memory", async () => {
    await start({ limits: { maxQueuedBytes: 100_000, maxBytesPerSecond: 1e9 } });
    const client = await relay.client(protocol);
    const peer = await relay.peer();
    const relayed = await client.relayed();
    await client.bind(0x4000, peer.address);
    client.socket?.pause();
    const other = await relay.client(protocol);
    for (let batch = 0; batch < 2_000; batch++) {
      for (let count = 0; count < 10; count++) await peer.send(Buffer.alloc(30_000), relayed);
      // Lets the relay have its turn.
      await other.request(1, [], { signed: false });
      if (relay.server.stats().drops.queue > 100) break;
    }
    expect(relay.server.stats().drops.queue).toBeGreaterThan(100);
    expect(codeOf(await other.allocate())).toBe(0);
    client.socket?.resume();
    await expect
      .poll(() => client.channelData.size, { timeout: 10_000 })
      .toBe(relay.server.stats().packetsOut);
    for (const { data } of client.channelData.drain()) expect(data).toHaveLength(30_000);
    expect(codeOf(await client.refresh(600))).toBe(0);
  });
});

describe("TLS", () => {
  it("is not spoken forever by who never ends the handshake", async () => {
    await start({ limits: { handshakeSeconds: 0.2 } });
    const silent = connect(relay.at("tls"));
    await once(silent, "close");
    await expect.poll(() => relay.server.stats().connections.now).toBe(0);
  });

  it("is not begun with the wrong bytes", async () => {
    await start();
    const socket = connect(relay.at("tls"));
    socket.on("error", () => {});
    socket.write(Buffer.from("000100002112a442000102030405060708090a0b", "hex"));
    socket.resume();
    await once(socket, "close");
    expect(codeOf(await (await relay.client("tls")).allocate())).toBe(0);
  });

  it("needs a certificate, and leaves nothing open without", async () => {
    await start();
    const before = openDescriptors();
    await expect(
      TestRelay.start({ listen: [{ protocol: "tls", host: "127.0.0.1", port: 0 }] }),
    ).rejects.toThrow("certificate");
    await expect(
      TestRelay.start({
        listen: [
          { protocol: "tcp", host: "127.0.0.1", port: 0 },
          { protocol: "tls", host: "127.0.0.1", port: 0 },
        ],
        tls: { cert: pem.cert, key: makeCertificate().key },
      }),
    ).rejects.toThrow();
    expect(openDescriptors()).toBe(before);
  });
});

describe("stop", () => {
  it("ends connections, in handshake or served, with packets in flight", async () => {
    const before = openDescriptors();
    await start();
    const client = await relay.client("tls");
    const peer = await relay.peer();
    const relayed = await client.relayed();
    await client.bind(0x4000, peer.address);
    const half = connect(relay.at("tls"));
    await once(half, "connect");
    await expect.poll(() => relay.server.stats().connections.now).toBe(2);
    for (let count = 0; count < 100; count++) {
      client.sendChannel(0x4000, Buffer.from("in flight"));
      void peer.send(Buffer.from("in flight"), relayed);
    }
    await relay.server.stop();
    await expect.poll(() => client.closed && half.closed).toBe(true);
    await Promise.all([client.close(), peer.close()]);
    expect(openDescriptors()).toBe(before);
  });
});
