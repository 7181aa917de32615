import { afterEach, describe, expect, it } from "vitest";
import { NodeTurn } from "./node-turn.ts";
import { RelayServer } from "./relay-server.ts";
import { codeOf, TestClient } from "./test-client.ts";
import { TestClock } from "./test-clock.ts";
import { openDescriptors, TestRelay, testOptions } from "./test-relay.ts";

const open: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((close) => close()));
});

async function start(...change: Parameters<typeof TestRelay.start>): Promise<TestRelay> {
  const relay = await TestRelay.start(...change);
  open.push(() => relay.close());
  return relay;
}

describe("RelayServer", () => {
  it("is a node-turn server with none of its insides", () => {
    const server = new RelayServer(testOptions(), new TestClock());
    expect(server).toBeInstanceOf(NodeTurn);
    expect([server.realm, server.authMech, server.software]).toEqual([
      "example.org",
      "long-term",
      "node-turn",
    ]);
    for (const part of ["network", "authentification", "allocate", "channelBind", "allocations"]) {
      expect(Reflect.has(server, part)).toBe(false);
    }
    expect(server.eventNames()).toEqual([]);
  });

  it("answers Binding requests without credentials", async () => {
    const client = await (await start()).client();
    const answer = await client.request(1, [], { fingerprint: true });
    expect(answer.messageClass).toBe("success");
    expect(answer.raw).toHaveLength(40);
  });

  it("takes users that are added later and none that were removed", async () => {
    const relay = await start();
    const user = { username: "late", password: "x" };
    relay.server.addUser(user.username, user.password);
    const client = await relay.client("udp", user);
    expect(codeOf(await client.allocate())).toBe(0);
    relay.server.removeUser(user.username);
    expect(codeOf(await client.refresh())).toBe(0);
    expect(codeOf(await (await relay.client("udp", user)).allocate())).toBe(401);
  });

  it("tells of allocations without secrets", async () => {
    const relay = await start();
    const events: unknown[] = [];
    relay.server.on("allocated", (event) => events.push(event));
    relay.server.on("refreshed", (event) => events.push(event));
    relay.server.on("refused", (event) => events.push(event));
    const client = await relay.client();
    await client.relayed();
    await client.refresh(100);
    await client.allocate();
    expect(events).toMatchObject([
      { user: "user", protocol: "udp", lifetimeSeconds: 600, bytesIn: 0 },
      { user: "user", lifetimeSeconds: 100 },
      { method: "allocate", code: 437, reason: "Allocation Mismatch" },
    ]);
    const told = JSON.stringify([events, relay.clock.lines]);
    expect(told).not.toContain("pass");
    expect(told).not.toContain(client.nonce);
    expect(told).not.toContain("a-secret");
  });

  it("fails to start where a port is in use, says which, and leaves nothing open", async () => {
    const relay = await start();
    const { host, port } = relay.at("udp");
    const before = openDescriptors();
    const server = new RelayServer(
      testOptions({
        listen: [
          { protocol: "tcp", host, port: 0 },
          { protocol: "udp", host, port },
        ],
      }),
      new TestClock(),
    );
    await expect(server.start()).rejects.toMatchObject({
      code: "EADDRINUSE",
      protocol: "udp",
      address: host,
      port,
    });
    expect(openDescriptors()).toBe(before);
    await server.stop();
  });

  it.each([
    [{ relayHosts: ["0.0.0.0"] }, "0.0.0.0"],
    [{ relayHosts: ["127.0.0.1", "127.0.0.2"] }, "one address per family"],
    [{ relayHosts: ["localhost"] }, "localhost"],
    [{ announcedIps: ["0.0.0.0"] }, "announcedIps"],
    [{ allowPeers: ["all"] }, "all"],
    [{ minPort: 5, maxPort: 4 }, "range"],
    [{ secrets: [""] }, "secret"],
  ])("refuses %j", (change, reason) => {
    expect(() => new RelayServer(testOptions(change), new TestClock())).toThrow(reason);
  });

  it("listens on both families with one port", async () => {
    const relay = await start({ listen: [{ protocol: "udp", host: "*", port: 0 }] });
    expect(new Set(relay.listening.map(({ port }) => port)).size).toBe(1);
    expect(relay.listening[0]?.host).toBe("0.0.0.0");
    const client = await TestClient.open({ ...relay.at("udp"), host: "127.0.0.1" });
    expect(codeOf(await client.allocate())).toBe(0);
    await client.close();
  });
});

describe("stop", () => {
  it("closes everything, may be called twice, and packets that follow harm nothing", async () => {
    const before = openDescriptors();
    const relay = await start();
    const reasons: unknown[] = [];
    relay.server.on("released", ({ reason }) => reasons.push(reason));
    const client = await relay.client();
    const peer = await relay.peer();
    const relayed = await client.relayed();
    await client.bind(0x4000, peer.address);
    for (let count = 0; count < 100; count++) {
      client.sendChannel(0x4000, Buffer.from("in flight"));
      void peer.send(Buffer.from("in flight"), relayed);
    }
    await Promise.all([relay.server.stop(), relay.server.stop()]);
    await peer.send(Buffer.from("late"), relayed);
    client.sendChannel(0x4000, Buffer.from("late"));
    await relay.server.stop();
    expect(reasons).toEqual(["stopped"]);
    expect(relay.clock.timers).toBe(0);
    await Promise.all([client.close(), peer.close()]);
    expect(openDescriptors()).toBe(before);
  });

  it("frees the ports for the next one", async () => {
    const relay = await start();
    const { host, port } = relay.at("udp");
    await relay.server.stop();
    const next = await start({ listen: [{ protocol: "udp", host, port }] });
    expect(next.at("udp").port).toBe(port);
  });

  it("waits for allocations as long as it is told, and gives no new ones", async () => {
    const relay = await start();
    const [first, second] = [await relay.client(), await relay.client()];
    await first.relayed();
    await second.greet();
    let stopped = false;
    const stopping = relay.server.stop(10_000).then(() => {
      stopped = true;
    });
    expect(codeOf(await second.allocate())).toBe(508);
    expect(codeOf(await first.refresh(300))).toBe(0);
    expect(stopped).toBe(false);
    expect(codeOf(await first.refresh(0))).toBe(0);
    await stopping;
  });

  it("waits no longer than that, or until it is called again", async () => {
    const relay = await start();
    await (await relay.client()).relayed();
    const stopping = relay.server.stop(10_000);
    await expect.poll(() => relay.clock.timers).toBe(2);
    relay.clock.advance(10_000);
    await stopping;
    const other = await start();
    await (await other.client()).relayed();
    const patient = other.server.stop(10_000);
    await other.server.stop();
    await patient;
    expect(other.clock.timers).toBe(0);
  });

  it("before and during start leaves nothing open", async () => {
    const before = openDescriptors();
    const unused = new RelayServer(testOptions(), new TestClock());
    await unused.stop();
    await expect(unused.start()).rejects.toThrow("stopped");
    const server = new RelayServer(testOptions(), new TestClock());
    const starting = server.start();
    await server.stop();
    await starting;
    expect(openDescriptors()).toBe(before);
  });
});
