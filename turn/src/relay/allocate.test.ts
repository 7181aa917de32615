import { randomBytes } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { issueCredentials } from "../auth/index.ts";
import { readAddress } from "../stun/index.ts";
import type { Attribute } from "./answer.ts";
import { attributes, codeOf, relayedOf, requestedUdp, uint32 } from "./test-client.ts";
import { hasIpv6, TestRelay, testPorts } from "./test-relay.ts";
import type { TurnOptions } from "./turn-options.ts";

let relay: TestRelay;

async function start(change: Partial<TurnOptions> = {}): Promise<TestRelay> {
  relay = await TestRelay.start(change);
  return relay;
}

afterEach(() => relay.close());

function family(number: number): Attribute {
  return [attributes.requestedAddressFamily, Buffer.from([number, 0, 0, 0])];
}

function lifetimeOf(message: { first(type: number): Uint8Array | undefined }): number {
  return Buffer.from(message.first(attributes.lifetime) ?? []).readUInt32BE(0);
}

describe("Allocate", () => {
  it("challenges, then allocates, with MESSAGE-INTEGRITY on the answer", async () => {
    const client = await (await start()).client();
    const challenge = await client.greet();
    expect(codeOf(challenge)).toBe(401);
    expect(challenge.integrityOffset).toBeUndefined();
    expect(client.realm).toBe("example.org");
    const answer = await client.allocate();
    expect(answer.messageClass).toBe("success");
    expect(client.isSigned(answer)).toBe(true);
    const { address, port } = relayedOf(answer);
    expect(address).toBe("127.0.0.1");
    expect(port).toBeGreaterThanOrEqual(testPorts.minPort);
    expect(port).toBeLessThanOrEqual(testPorts.maxPort);
    const mapped = answer.first(attributes.xorMappedAddress) ?? new Uint8Array();
    expect(readAddress(mapped, answer.transactionId).port).toBe(client.localPort);
    expect(lifetimeOf(answer)).toBe(600);
  });

  it("answers a request that is sent again with the same address, another one with 437", async () => {
    const client = await (await start()).client();
    await client.greet();
    const request = client.build(3, [requestedUdp]);
    const first = await client.exchange(request);
    const second = await client.exchange(request);
    expect(Buffer.from(second.raw)).toEqual(Buffer.from(first.raw));
    const other = await client.allocate();
    expect(codeOf(other)).toBe(437);
    expect(client.isSigned(other)).toBe(true);
    expect(relay.server.stats().allocations).toEqual({ now: 1, total: 1 });
  });

  it("opens one port for 1000 Allocates of one client", async () => {
    const client = await (await start()).client();
    await client.greet();
    const codes = await Promise.all(
      Array.from({ length: 1000 }, async () => codeOf(await client.allocate())),
    );
    expect(codes.filter((code) => code === 0)).toHaveLength(1);
    expect(codes.filter((code) => code === 437)).toHaveLength(999);
    expect(relay.server.stats().allocations).toEqual({ now: 1, total: 1 });
    expect(relay.server.stats().freePorts).toBe(testPorts.maxPort - testPorts.minPort);
  });

  it("takes a captured Allocate from no other port", async () => {
    const client = await (await start()).client();
    await client.greet();
    const request = client.build(3, [requestedUdp]);
    await client.exchange(request);
    for (let port = 0; port < 20; port++) {
      const thief = await relay.client();
      expect(codeOf(await thief.exchange(request))).toBe(438);
    }
    expect(relay.server.stats().allocations.total).toBe(1);
  });

  it("gives a new nonce for one that is too old", async () => {
    const client = await (await start({ limits: { nonceSeconds: 60 } })).client();
    await client.greet();
    relay.clock.advance(60_000);
    const stale = await client.allocate();
    expect(codeOf(stale)).toBe(438);
    client.learn(stale);
    expect(codeOf(await client.allocate())).toBe(0);
  });

  it.each(["constructor", "__proto__", "toString", "hasOwnProperty", "nobody", ""])(
    "lets nobody in who is called %j",
    async (username) => {
      await start();
      for (const password of [
        "function Object() { [native code] }",
        "[object Object]",
        "",
        "pass",
      ]) {
        const client = await relay.client("udp", { username, password });
        expect(codeOf(await client.allocate())).toBe(401);
      }
    },
  );

  it("takes no nonce that an object has by itself", async () => {
    const client = await (await start()).client();
    await client.greet();
    for (const nonce of ["constructor", "__proto__", "toString"]) {
      client.nonce = nonce;
      expect(codeOf(await client.allocate())).toBe(438);
    }
  });

  it("refuses a request that is signed and incomplete with 400", async () => {
    const client = await (await start()).client();
    await client.greet();
    const { writeStunMessage } = await import("../stun/index.ts");
    const bare = writeStunMessage(
      {
        messageClass: "request",
        method: 3,
        transactionId: randomBytes(12),
        attributes: [requestedUdp],
      },
      { key: client.key },
    );
    expect(codeOf(await client.exchange(bare))).toBe(400);
  });

  it("takes time-limited credentials until they expire, and keeps what they began", async () => {
    await start();
    const expiry = Math.floor(relay.clock.wallMs() / 1000) + 10;
    const client = await relay.client("udp", issueCredentials("a-secret", "alice", expiry));
    expect(codeOf(await client.allocate())).toBe(0);
    const wrong = await relay.client("udp", issueCredentials("another", "alice", expiry));
    expect(codeOf(await wrong.allocate())).toBe(401);
    relay.clock.advance(11_000);
    expect(codeOf(await client.refresh(600))).toBe(0);
    const late = await relay.client("udp", issueCredentials("a-secret", "alice", expiry));
    expect(codeOf(await late.allocate())).toBe(401);
  });

  it("wants an allocation's own user for it", async () => {
    await start({
      users: [
        { username: "user", password: "pass" },
        { username: "eve", password: "x" },
      ],
    });
    const client = await relay.client();
    await client.relayed();
    const eve = Object.assign(Object.create(client), { username: "eve", password: "x" });
    expect(codeOf(await client.exchange(Reflect.get(client, "build").call(eve, 4, [])))).toBe(441);
  });

  it.each([
    [400, []],
    [400, [[attributes.requestedTransport, Buffer.from([17])] as Attribute]],
    [442, [[attributes.requestedTransport, Buffer.from([6, 0, 0, 0])] as Attribute]],
    [440, [requestedUdp, family(3)]],
    [440, [requestedUdp, family(2)]],
    [400, [requestedUdp, [attributes.lifetime, Buffer.from([1])] as Attribute]],
    [400, [requestedUdp, [attributes.evenPort, Buffer.alloc(4)] as Attribute]],
    [508, [requestedUdp, [attributes.reservationToken, Buffer.alloc(8)] as Attribute]],
    [400, [requestedUdp, family(1), [attributes.reservationToken, Buffer.alloc(8)] as Attribute]],
  ])("answers %i to what it cannot give", async (code, list) => {
    const client = await (await start()).client();
    await client.greet();
    const answer = await client.request(3, list);
    expect(codeOf(answer)).toBe(code);
    expect(client.isSigned(answer)).toBe(true);
  });

  it("names the attributes it does not understand, and ignores optional ones", async () => {
    const client = await (await start()).client();
    await client.greet();
    const value = Buffer.alloc(4);
    const refused = await client.allocate([0x7001, value], [0x0024, value]);
    expect(codeOf(refused)).toBe(420);
    const named = Buffer.from(refused.first(attributes.unknownAttributes) ?? []);
    expect([named.readUInt16BE(0), named.readUInt16BE(2)]).toEqual([0x7001, 0x0024]);
    const dontFragment: Attribute = [attributes.dontFragment, Buffer.alloc(0)];
    expect(codeOf(await client.allocate([0x8029, value], [0xc001, value], dontFragment))).toBe(0);
  });

  it.each([
    [undefined, 600],
    [1, 30],
    [30, 30],
    [1_000, 1_000],
    [3_600, 3_600],
    [4_294_967_295, 3_600],
    [0, 30],
  ])("grants a lifetime of %s as %i s", async (asked, granted) => {
    const client = await (await start()).client();
    const list: Attribute[] = asked === undefined ? [] : [[attributes.lifetime, uint32(asked)]];
    expect(lifetimeOf(await client.allocate(...list))).toBe(granted);
  });

  it("refuses with 486 beyond the quota of a user, whose name may be new", async () => {
    await start({ limits: { maxAllocationsPerUser: 2 } });
    const expiry = Math.floor(relay.clock.wallMs() / 1000) + 100;
    const codes: number[] = [];
    for (let count = 0; count < 3; count++) {
      const user = issueCredentials("a-secret", "alice", expiry + count);
      codes.push(codeOf(await (await relay.client("udp", user)).allocate()));
    }
    expect(codes).toEqual([0, 0, 486]);
    const bob = await relay.client("udp", issueCredentials("a-secret", "bob", expiry));
    expect(codeOf(await bob.allocate())).toBe(0);
  });

  it("refuses beyond the quota of an address with 486 and beyond all with 508", async () => {
    await start({ limits: { maxAllocationsPerAddress: 1 } });
    expect(codeOf(await (await relay.client()).allocate())).toBe(0);
    expect(codeOf(await (await relay.client()).allocate())).toBe(486);
    await relay.close();
    await start({ limits: { maxAllocations: 1 } });
    expect(codeOf(await (await relay.client()).allocate())).toBe(0);
    expect(codeOf(await (await relay.client()).allocate())).toBe(508);
  });

  it("refuses with 508 when all ports are taken", async () => {
    await start({ minPort: 32_001, maxPort: 32_002 });
    const codes: number[] = [];
    for (let count = 0; count < 3; count++) {
      codes.push(codeOf(await (await relay.client()).allocate()));
    }
    expect(codes).toEqual([0, 0, 508]);
  });

  it("tries other ports where another program holds one", async () => {
    await start({ minPort: 32_010, maxPort: 32_011 });
    const { createSocket } = await import("node:dgram");
    const squatter = createSocket("udp4");
    await new Promise<void>((resolve) => squatter.bind(32_010, "127.0.0.1", resolve));
    const codes: number[] = [];
    for (let count = 0; count < 2; count++) {
      codes.push(codeOf(await (await relay.client()).allocate()));
    }
    expect(codes).toEqual([0, 508]);
    squatter.close();
  });
});

describe("EVEN-PORT and RESERVATION-TOKEN", () => {
  const even = (bit: number): Attribute => [attributes.evenPort, Buffer.from([bit])];

  it("gives an even port", async () => {
    await start();
    for (let count = 0; count < 5; count++) {
      expect((await (await relay.client()).relayed(even(0))).port % 2).toBe(0);
    }
    expect(relay.server.stats().reservations).toBe(0);
  });

  it("holds the next port for the token, once and for the same user", async () => {
    await start({
      users: [
        { username: "user", password: "pass" },
        { username: "eve", password: "x" },
      ],
    });
    const answer = await (await relay.client()).allocate(even(0x80));
    const { port } = relayedOf(answer);
    expect(port % 2).toBe(0);
    const value = answer.first(attributes.reservationToken) ?? new Uint8Array();
    expect(value).toHaveLength(8);
    const token: Attribute = [attributes.reservationToken, value];
    const eve = await relay.client("udp", { username: "eve", password: "x" });
    expect(codeOf(await eve.allocate(token))).toBe(508);
    expect((await (await relay.client()).relayed(token)).port).toBe(port + 1);
    expect(codeOf(await (await relay.client()).allocate(token))).toBe(508);
  });

  it("frees a port that nobody claims after 30 s, and counts it until then", async () => {
    await start({ limits: { maxAllocationsPerUser: 2 } });
    const client = await relay.client();
    const answer = await client.allocate(even(0x80));
    expect(codeOf(await (await relay.client()).allocate())).toBe(486);
    relay.clock.advance(30_000);
    await expect.poll(() => relay.server.stats().freePorts).toBe(11_999);
    expect(relay.server.stats().reservations).toBe(0);
    const token = answer.first(attributes.reservationToken) ?? new Uint8Array();
    const late = await (await relay.client()).allocate([attributes.reservationToken, token]);
    expect(codeOf(late)).toBe(508);
    expect(codeOf(await (await relay.client()).allocate())).toBe(0);
  });
});

describe.runIf(hasIpv6)("IPv6", () => {
  it("relays between families as they are asked for", async () => {
    await start({
      listen: [{ protocol: "udp", host: "::1", port: 0 }],
      relayHosts: ["127.0.0.1", "::1"],
      allowPeers: ["::1", "127.0.0.1"],
    });
    const client = await relay.client();
    const relayed = await client.relayed(family(2));
    expect(relayed).toMatchObject({ family: 6, address: "::1" });
    const peer = await relay.peer("::1");
    expect(await client.permit(peer.address)).toBe(0);
    client.send(peer.address, Buffer.from("out"));
    expect((await peer.received.next()).port).toBe(relayed.port);
    await peer.send(Buffer.from("back"), relayed);
    expect(await client.data()).toEqual({ peer: peer.address, data: Buffer.from("back") });
    expect(await client.bind(0x4000, peer.address)).toBe(0);
    client.sendChannel(0x4000, Buffer.from("over a channel"));
    expect((await peer.received.next()).data.toString()).toBe("over a channel");
    const other = await relay.peer("127.0.0.1");
    expect(await client.permit(other.address)).toBe(443);
    expect(await client.bind(0x4001, other.address)).toBe(443);
    const four = await relay.client();
    expect(await four.relayed()).toMatchObject({ family: 4 });
  });
});
