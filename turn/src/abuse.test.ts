import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { childCommand } from "./process/child-command.ts";
import { attributes, codeOf, methods, requestedUdp, TestClient } from "./relay/test-client.ts";
import { TestPeer } from "./relay/test-peer.ts";
import { writeStunMessage } from "./stun/index.ts";
import { type ForeignRelay, foreignUser, startForeignRelay } from "./test-coturn.ts";
import { Dice, fuzzKinds } from "./test-fuzz.ts";

const host = "127.0.0.1";
const megabyte = 2 ** 20;
/** What answers to strangers may be longer than their requests, beyond the budget. */
const maxAmplification = 1.2;
/** A heap that a relay that keeps what strangers send fills before the test ends. */
const heapMegabytes = 64;

let closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.reverse()) await close();
  closing = [];
});

async function start(ports: { minPort: number; maxPort: number }): Promise<ForeignRelay> {
  const command = childCommand();
  const heap = [`--max-old-space-size=${heapMegabytes}`, "--max-semi-space-size=2"];
  const execArgv = [...command.execArgv, ...heap];
  const server = await startForeignRelay(ports, { ...command, execArgv });
  closing.push(() => server.relay.close());
  return server;
}

async function connect(server: ForeignRelay): Promise<TestClient> {
  const [at] = server.relay.addresses;
  if (at?.protocol !== "udp") throw new Error("no UDP");
  const client = await TestClient.open(at, foreignUser);
  closing.push(() => client.close());
  return client;
}

function usage({ relay }: ForeignRelay): { pid: number; rss: number; descriptors: number } {
  const pid = relay.pid ?? 0;
  const rss = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return { pid, rss: Number(rss) * 1024, descriptors: readdirSync(`/proc/${pid}/fd`).length };
}

/** Resolves when the relay has read all that this client sent before. The request is longer than its answer. */
async function settle(client: TestClient): Promise<void> {
  const filler = [attributes.software, Buffer.alloc(64)] as const;
  const answer = await client.request(methods.binding, [filler], { signed: false });
  expect(codeOf(answer)).toBe(0);
}

/** What strangers may be sent beyond what their requests earn, since `startMs`. */
function budgetBytes(startMs: number): number {
  return 65_536 + (8_192 * (performance.now() - startMs)) / 1000;
}

describe("a relay that is abused", { timeout: 300_000 }, () => {
  it("takes 200 000 packets of nonsense and is as before", async () => {
    const server = await start({ minPort: 17_000, maxPort: 17_499 });
    const client = await connect(server);
    await client.relayed();
    const before = usage(server);
    const startMs = performance.now();
    const dice = new Dice(20_261_121);
    let sent = 0;
    let earlier = client.receivedBytes;
    for (const [kind, make] of Object.entries(fuzzKinds)) {
      // What a receive buffer holds.
      const atOnce = kind === "attributes of kilobytes" ? 250 : 1000;
      let sentBytes = 0;
      const ofKindMs = performance.now();
      for (let i = 0; i < 25_000; i++) {
        const packet = make(dice, client);
        sentBytes += packet.length;
        client.write(packet);
        sent++;
        if (i % atOnce === atOnce - 1) {
          sentBytes += 88;
          await settle(client);
          client.messages.drain();
        }
      }
      const received = client.receivedBytes - earlier;
      earlier = client.receivedBytes;
      expect(received, kind).toBeLessThan(sentBytes * maxAmplification + budgetBytes(ofKindMs));
    }
    expect(sent).toBe(200_000);
    // All came in, and what was kept of it is little.
    const { drops, allocations } = await server.figures(({ drops }) => drops.malformed > 50_000);
    const dropped = Object.values(drops).reduce((sum, count) => sum + count, 0);
    expect(dropped).toBeGreaterThan(100_000);
    expect(allocations.now).toBe(1);
    expect(codeOf(await client.refresh(0))).toBe(0);
    const after = usage(server);
    expect(after.pid).toBe(before.pid);
    expect(after.descriptors).toBeLessThan(before.descriptors);
    expect(after.rss - before.rss).toBeLessThan(48 * megabyte);
    console.info(
      `200 000 packets in ${((performance.now() - startMs) / 1000).toFixed(1)} s, RSS ${mib(before.rss)} to ${mib(after.rss)} MiB`,
    );
  });

  it("takes nonsense over TCP and TLS, and keeps no connection for it", async () => {
    const server = await start({ minPort: 18_500, maxPort: 18_599 });
    const witness = await connect(server);
    await witness.greet();
    const before = usage(server);
    const dice = new Dice(11);
    const kinds = Object.values(fuzzKinds);
    for (let i = 0; i < 200; i++) {
      const protocol = i % 4 === 3 ? "tls" : "tcp";
      const at = { protocol, host, port: server.portOf(protocol) } as const;
      const client = await TestClient.open(at, foreignUser);
      for (let j = 0; j < 20; j++) {
        client.write((kinds[dice.below(kinds.length)] as (typeof kinds)[number])(dice, witness));
      }
      await client.close();
    }
    const { connections, allocations } = await server.figures(
      ({ connections }) => connections.total >= 200 && connections.now === 0,
    );
    expect(connections).toMatchObject({ now: 0, refused: 0 });
    expect(allocations.total).toBe(0);
    await settle(witness);
    expect(usage(server)).toMatchObject({ pid: before.pid, descriptors: before.descriptors });
  });

  it("hands on what peers send to a client, and nothing of it harms", async () => {
    const server = await start({ minPort: 17_500, maxPort: 17_999 });
    const client = await connect(server);
    const relayed = await client.relayed();
    const friend = await TestPeer.open();
    const stranger = await TestPeer.open();
    closing.push(
      () => friend.close(),
      () => stranger.close(),
    );
    expect(await client.bind(0x4001, friend.address)).toBe(0);
    const before = usage(server);
    const dice = new Dice(7);
    const kinds = Object.values(fuzzKinds);
    for (let i = 0; i < 10_000; i++) {
      const packet = (kinds[i % kinds.length] as (typeof kinds)[number])(dice, client);
      await friend.send(packet, relayed);
      if (i % 4 === 0) await friend.send(packet, { address: host, port: server.portOf("udp") });
      if (i % 100 === 99) {
        const mark = Buffer.from(`mark ${i}`);
        await friend.send(mark, relayed);
        const { data } = await client.channelData.next((one) => mark.equals(one.data));
        expect(data.length).toBe(mark.length);
        client.channelData.drain();
      }
    }
    for (const packet of [Buffer.alloc(0), Buffer.from([0x40]), Buffer.from([0x40, 0, 0])]) {
      await friend.send(packet, relayed);
      const { data } = await client.channelData.next();
      expect(data.equals(packet)).toBe(true);
    }
    // From elsewhere on the permitted address it comes as an indication.
    await stranger.send(Buffer.from("hello"), relayed);
    expect((await client.data()).data.toString()).toBe("hello");
    expect(usage(server)).toMatchObject({ pid: before.pid, descriptors: before.descriptors });
  });

  it("answers 10 000 who want an allocation without a name, within the budget", async () => {
    const server = await start({ minPort: 18_000, maxPort: 18_499 });
    const witness = await connect(server);
    await settle(witness);
    const sockets: Socket[] = [];
    let received = 0;
    for (let i = 0; i < 20; i++) {
      const socket = createSocket("udp4").bind(0, `127.0.${1 + (i >> 2)}.1`);
      await once(socket, "listening");
      socket.on("message", (data) => {
        received += data.length;
      });
      closing.push(() => new Promise<void>((resolve) => socket.close(() => resolve())));
      sockets.push(socket);
    }
    const before = usage(server);
    const startMs = performance.now();
    const dice = new Dice(3);
    let sentBytes = 0;
    // The same flood again and again: what one adds is bounded.
    for (let i = 0; i < 30_000; i++) {
      const request = writeStunMessage({
        messageClass: "request",
        method: methods.allocate,
        transactionId: dice.bytes(12),
        attributes: [requestedUdp],
      });
      sentBytes += request.length;
      sockets[i % sockets.length]?.send(request, server.portOf("udp"), host);
      if (i % 250 === 249) await settle(witness);
    }
    const { allocations, drops } = await server.figures(
      ({ drops, refusals }) => (refusals["401"] ?? 0) + drops.unauthenticated >= 30_000,
    );
    expect(allocations).toMatchObject({ now: 0, total: 0 });
    expect(drops.unauthenticated).toBeGreaterThan(20_000);
    // Five addresses, each with a budget of its own.
    expect(received).toBeLessThan(sentBytes * maxAmplification + 5 * budgetBytes(startMs));
    const after = usage(server);
    expect(after).toMatchObject({ pid: before.pid, descriptors: before.descriptors });
    expect(after.rss - before.rss).toBeLessThan(48 * megabyte);
    console.info(
      `30 000 requests: ${(received / sentBytes).toFixed(2)} bytes answered for each, RSS ${mib(before.rss)} to ${mib(after.rss)} MiB`,
    );
  });
});

function mib(bytes: number): string {
  return (bytes / megabyte).toFixed(0);
}
