import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { writeStunMessage } from "../stun/index.ts";
import { codeOf, requestedUdp } from "./test-client.ts";
import { openDescriptors, TestRelay } from "./test-relay.ts";

let relay: TestRelay;

afterEach(() => relay.close());

describe("whoever proves nothing", () => {
  it("is sent a budget of bytes and from then on no more than 1.2 times his own", async () => {
    relay = await TestRelay.start({
      limits: { unauthenticatedBurstBytes: 1_000, unauthenticatedBytesPerSecond: 100 },
    });
    const client = await relay.client();
    let sent = 0;
    for (let count = 0; count < 300; count++) {
      const request = client.build(3, [requestedUdp], { signed: false });
      sent += request.length;
      client.write(request);
      client.write(client.build(1, [], { signed: false }));
      sent += 20;
    }
    await expect.poll(() => relay.server.stats().drops.unauthenticated).toBeGreaterThan(500);
    await expect.poll(() => client.receivedBytes).toBeGreaterThan(500);
    expect(client.receivedBytes).toBeLessThanOrEqual(1_000);
    expect(client.receivedBytes / sent).toBeLessThan(1.2);
    client.messages.drain();
    relay.clock.advance(5_000);
    expect(codeOf(await client.greet())).toBe(401);
  });

  it("leaves nothing behind", async () => {
    relay = await TestRelay.start();
    const client = await relay.client();
    const before = openDescriptors();
    for (let count = 0; count < 200; count++) await client.greet();
    expect(openDescriptors()).toBe(before);
    expect(relay.server.stats().allocations).toEqual({ now: 0, total: 0 });
    expect(relay.clock.timers).toBe(1);
  });
});

describe("messages that are no requests", () => {
  it.each(["success", "error", "indication"] as const)(
    "of class %s are never answered",
    async (messageClass) => {
      relay = await TestRelay.start();
      const client = await relay.client();
      for (const method of [1, 3, 4, 8, 9]) {
        client.write(
          writeStunMessage({
            messageClass,
            method,
            transactionId: randomBytes(12),
            attributes: [],
          }),
        );
      }
      await client.request(1);
      expect(client.messages.size).toBe(0);
    },
  );

  it("that come from the relay's own port start no loop", async () => {
    relay = await TestRelay.start({ allowPeers: ["127.0.0.1"] });
    const client = await relay.client();
    const listener = relay.at("udp");
    const self = { family: 4, address: listener.host, port: listener.port } as const;
    const relayed = await client.relayed();
    await client.permit(self);
    // The relay is a client of itself: its answers come to the relayed port, and go out as data only.
    client.send(self, client.build(1, [], { signed: false }));
    expect((await client.data()).peer).toEqual(self);
    await client.permit(relayed);
    client.send(relayed, Buffer.from("self"));
    expect((await client.data()).peer).toEqual(relayed);
    await client.request(1);
    expect(relay.server.stats().packetsOut).toBe(2);
  });

  it("have unknown methods and are dropped", async () => {
    relay = await TestRelay.start();
    const client = await relay.client();
    for (const method of [0, 2, 5, 6, 7, 10, 0xfff])
      client.write(client.build(method, [], { signed: false }));
    await client.request(1);
    expect(client.messages.size).toBe(0);
    expect(relay.server.stats().drops.malformed).toBe(7);
  });
});

describe("arbitrary bytes", () => {
  it("neither end the relay nor open anything, from a client, a stranger or a peer", async () => {
    relay = await TestRelay.start();
    const client = await relay.client();
    const relayed = await client.relayed();
    await client.permit(relayed);
    const stranger = createSocket("udp4");
    const before = openDescriptors();
    const { port, host } = relay.at("udp");
    const header = fc
      .tuple(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ maxLength: 120 }))
      .map(([start, rest]) => {
        const bytes = Buffer.concat([start, Buffer.from("2112a442", "hex"), rest]);
        bytes[0] = (bytes[0] ?? 0) & 0x3f;
        bytes.writeUInt16BE(Math.max(0, bytes.length - 20) & ~3, 2);
        return bytes.subarray(0, 20 + (Math.max(0, bytes.length - 20) & ~3));
      });
    const signed = client.build(9, [[0x0c, Buffer.from([0x40, 0, 0, 0])]]);
    const flipped = fc.nat({ max: signed.length * 8 - 1 }).map((bit) => {
      const bytes = Buffer.from(signed);
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      return bytes;
    });
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 200 }), header, flipped);
    await fc.assert(
      fc.asyncProperty(fc.array(bytes, { minLength: 20, maxLength: 20 }), async (datagrams) => {
        for (const datagram of datagrams) {
          client.write(datagram);
          stranger.send(datagram, port, host);
          stranger.send(datagram, relayed.port, relayed.address);
          client.send(relayed, datagram);
        }
        const answer = await client.request(1, [], { signed: false });
        expect(codeOf(answer)).toBe(0);
      }),
      { numRuns: 40 },
    );
    stranger.close();
    expect(relay.server.stats().allocations.total).toBe(1);
    expect(openDescriptors()).toBeLessThanOrEqual(before);
    expect(codeOf(await client.refresh(600))).toBe(0);
  });
});
