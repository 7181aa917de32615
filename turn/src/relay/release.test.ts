import { afterEach, describe, expect, it } from "vitest";
import { attributes, codeOf, requestedUdp } from "./test-client.ts";
import { openDescriptors, TestRelay } from "./test-relay.ts";

let relay: TestRelay;

afterEach(() => relay.close());

const ports = { minPort: 32_020, maxPort: 32_039 } as const;

describe("Refresh", () => {
  it("keeps an allocation with and without LIFETIME, and tells the time granted", async () => {
    relay = await TestRelay.start();
    const client = await relay.client();
    const peer = await relay.peer();
    const relayed = await client.relayed();
    await client.bind(0x4000, peer.address);
    for (const [asked, granted] of [
      [undefined, 600],
      [5, 30],
      [777, 777],
      [99_999, 3_600],
    ] as const) {
      const answer = await client.refresh(asked);
      expect(codeOf(answer)).toBe(0);
      expect(client.isSigned(answer)).toBe(true);
      const lifetime = Buffer.from(answer.first(attributes.lifetime) ?? []).readUInt32BE(0);
      expect(lifetime).toBe(granted);
      await peer.send(Buffer.from("on"), relayed);
      expect((await client.channelData.next()).data.toString()).toBe("on");
    }
  });

  it("lets an allocation live on, refresh after refresh, and end when none comes", async () => {
    relay = await TestRelay.start();
    const reasons: unknown[] = [];
    relay.server.on("released", ({ reason }) => reasons.push(reason));
    const client = await relay.client();
    await client.relayed();
    for (let count = 0; count < 4; count++) {
      relay.clock.advance(540_000);
      expect(codeOf(await client.refresh())).toBe(0);
    }
    relay.clock.advance(599_000);
    expect(relay.server.stats().allocations.now).toBe(1);
    relay.clock.advance(1_000);
    expect(relay.server.stats().allocations.now).toBe(0);
    expect(reasons).toEqual(["expired"]);
    expect(codeOf(await client.refresh())).toBe(437);
    expect(await client.permit({ family: 4, address: "127.0.0.1", port: 1 })).toBe(437);
  });

  it("with 0 ends the allocation, once more when it is sent again, and 437 for a new one", async () => {
    relay = await TestRelay.start();
    const client = await relay.client();
    await client.relayed();
    const request = client.build(4, [[attributes.lifetime, Buffer.alloc(4)]]);
    const first = await client.exchange(request);
    expect(codeOf(first)).toBe(0);
    expect(Buffer.from((await client.exchange(request)).raw)).toEqual(Buffer.from(first.raw));
    expect(codeOf(await client.refresh(0))).toBe(437);
    expect(codeOf(await client.allocate())).toBe(0);
  });

  it("for another address family is refused", async () => {
    relay = await TestRelay.start();
    const client = await relay.client();
    await client.relayed();
    const six = [attributes.requestedAddressFamily, Buffer.from([2, 0, 0, 0])] as const;
    const four = [attributes.requestedAddressFamily, Buffer.from([1, 0, 0, 0])] as const;
    expect(codeOf(await client.request(4, [six]))).toBe(443);
    expect(codeOf(await client.request(4, [four]))).toBe(0);
  });
});

describe("released allocations", () => {
  it("give port and socket back, more often than there are ports", async () => {
    relay = await TestRelay.start(ports);
    const client = await relay.client();
    await client.greet();
    await client.relayed();
    await client.refresh(0);
    const before = openDescriptors();
    for (let count = 0; count < 100; count++) {
      expect(codeOf(await client.allocate())).toBe(0);
      expect(codeOf(await client.refresh(0))).toBe(0);
    }
    await expect.poll(() => relay.server.stats().freePorts).toBe(20);
    expect(openDescriptors()).toBe(before);
    expect(relay.server.stats().allocations).toEqual({ now: 0, total: 101 });
  });

  it("give port and socket back when they expire", async () => {
    relay = await TestRelay.start({ ...ports, limits: { maxAllocationsPerUser: 20 } });
    const before = openDescriptors();
    for (let round = 0; round < 3; round++) {
      const clients = await Promise.all(Array.from({ length: 20 }, () => relay.client()));
      for (const client of clients) expect(codeOf(await client.allocate())).toBe(0);
      const late = await relay.client();
      expect(codeOf(await late.allocate())).toBe(486);
      expect(relay.server.stats().freePorts).toBe(0);
      relay.clock.advance(600_000);
      await expect.poll(() => relay.server.stats().freePorts).toBe(20);
      await Promise.all([...clients, late].map((client) => client.close()));
    }
    expect(openDescriptors()).toBe(before);
  });

  it("forward nothing any more, not even to the next one at the port", async () => {
    relay = await TestRelay.start({ minPort: 32_050, maxPort: 32_050 });
    const first = await relay.client();
    const peer = await relay.peer();
    const relayed = await first.relayed();
    await first.bind(0x4000, peer.address);
    await first.refresh(0);
    first.sendChannel(0x4000, Buffer.from("late"));
    const second = await relay.client();
    await expect.poll(() => relay.server.stats().freePorts).toBe(1);
    expect((await second.relayed()).port).toBe(relayed.port);
    await peer.send(Buffer.from("for the first"), relayed);
    await expect.poll(() => relay.server.stats().drops.permission).toBe(1);
    expect(relay.server.stats().drops.stray).toBe(1);
    expect([first.channelData.size, first.messages.size, second.messages.size]).toEqual([0, 0, 0]);
  });

  it("leave nothing of their permissions to the next one of the client", async () => {
    relay = await TestRelay.start();
    const client = await relay.client();
    const peer = await relay.peer();
    await client.relayed();
    await client.bind(0x4000, peer.address);
    await client.refresh(0);
    const relayed = await client.relayed();
    expect(relay.server.stats()).toMatchObject({ permissions: 0, channels: 0 });
    await peer.send(Buffer.from("no"), relayed);
    await expect.poll(() => relay.server.stats().drops.permission).toBe(1);
    const again = await client.exchange(client.build(3, [requestedUdp]));
    expect(codeOf(again)).toBe(437);
  });
});
