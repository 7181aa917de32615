import { afterEach, describe, expect, it } from "vitest";
import type { SocketAddress } from "../stun/index.ts";
import { attributes } from "./test-client.ts";
import { hasIpv6, TestRelay } from "./test-relay.ts";

let relay: TestRelay;

afterEach(() => relay.close());

function at(address: string, port = 40_000): SocketAddress {
  return { family: address.includes(":") ? 6 : 4, address, port };
}

const unreachable = [
  "127.0.0.2",
  "10.0.0.1",
  "192.168.1.1",
  "172.16.0.1",
  "169.254.169.254",
  "0.0.0.0",
  "255.255.255.255",
  "224.0.0.1",
  "8.8.8.8",
];

describe("peers", () => {
  it("are by default none but the relay's own relayed addresses", async () => {
    relay = await TestRelay.start({ allowPeers: [] });
    const client = await relay.client();
    const refused = new Promise((resolve) => relay.server.on("refused", resolve));
    await client.relayed();
    for (const address of unreachable) {
      expect(await client.permit(at(address))).toBe(403);
      expect(await client.bind(0x4000, at(address))).toBe(403);
    }
    expect(await refused).toMatchObject({ method: "createPermission", code: 403, user: "user" });
    const listener = relay.at("udp");
    expect(await client.bind(0x4000, at(listener.host, listener.port))).toBe(403);
    const other = await (await relay.client()).relayed();
    expect(await client.bind(0x4000, other)).toBe(0);
    expect(relay.server.stats().refusals["403"]).toBe(2 * unreachable.length + 1);
  });

  it("are all refused when one of a request is", async () => {
    relay = await TestRelay.start();
    const client = await relay.client();
    await client.relayed();
    expect(await client.permit(at("127.0.0.1"), at("10.0.0.1"))).toBe(403);
    expect(relay.server.stats().permissions).toBe(0);
  });

  it.runIf(hasIpv6)("are not reached by IPv6 addresses that carry IPv4 ones", async () => {
    relay = await TestRelay.start({
      listen: [{ protocol: "udp", host: "::1", port: 0 }],
      relayHosts: ["::1"],
      allowPeers: ["127.0.0.1", "10.0.0.0/8", "::/0"],
    });
    const client = await relay.client();
    await client.relayed([attributes.requestedAddressFamily, Buffer.from([2, 0, 0, 0])]);
    const forms = ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::1"];
    for (const address of [...forms, "::127.0.0.1", "fe80::1", "fd00:ec2::254", "ff02::1", "::"]) {
      expect(await client.permit(at(address))).toBe(403);
      expect(await client.bind(0x4000, at(address))).toBe(403);
    }
  });

  it("reach the gateway's media by its announced address, at that port only", async () => {
    const announced = at("203.0.113.5", 8_189);
    const holder = await TestRelay.start();
    const media = await holder.peer();
    relay = await TestRelay.start({ allowPeers: [], media: [{ announced, local: media.address }] });
    const client = await relay.client();
    const relayed = await client.relayed();
    expect(await client.permit(announced)).toBe(0);
    expect(await client.permit(media.address)).toBe(0);
    expect(await client.bind(0x4000, media.address)).toBe(403);
    expect(await client.bind(0x4000, at("203.0.113.5", 8_190))).toBe(403);
    client.send(announced, Buffer.from("check"));
    expect((await media.received.next()).port).toBe(relayed.port);
    await media.send(Buffer.from("answer"), relayed);
    expect(await client.data()).toEqual({ peer: announced, data: Buffer.from("answer") });
    expect(await client.bind(0x4000, announced)).toBe(0);
    client.sendChannel(0x4000, Buffer.from("media"));
    expect((await media.received.next()).data.toString()).toBe("media");
    await media.send(Buffer.from("more"), relayed);
    expect((await client.channelData.next()).data.toString()).toBe("more");
    client.send(at("203.0.113.5", 8_190), Buffer.from("no"));
    await client.request(1, [], { signed: false });
    expect(relay.server.stats().drops.policy).toBe(1);
    await holder.close();
  });

  it("call each other by announced addresses, though the sockets are bound to another", async () => {
    relay = await TestRelay.start({ announcedIps: ["203.0.113.9"], allowPeers: [] });
    const [alice, bob] = [await relay.client(), await relay.client()];
    const [fromAlice, fromBob] = [await alice.relayed(), await bob.relayed()];
    expect(fromAlice.address).toBe("203.0.113.9");
    expect(await alice.permit(fromBob)).toBe(0);
    expect(await bob.bind(0x4000, fromAlice)).toBe(0);
    alice.send(fromBob, Buffer.from("ring"));
    expect((await bob.channelData.next()).data.toString()).toBe("ring");
    bob.sendChannel(0x4000, Buffer.from("yes?"));
    expect(await alice.data()).toEqual({ peer: fromBob, data: Buffer.from("yes?") });
  });
});
