import { describe, expect, it } from "vitest";
import type { SocketAddress } from "../stun/index.ts";
import type { PeerRoute } from "./peer-policy.ts";
import { PeerTable } from "./peer-table.ts";

const limits = {
  maxPermissions: 3,
  maxChannels: 2,
  maxEndpoints: 4,
  permissionSeconds: 300,
  channelSeconds: 600,
};

function at(port: number, address = "192.0.2.1"): SocketAddress {
  return { family: 4, address, port };
}

function wire({ address, port }: SocketAddress): PeerRoute {
  return { type: "wire", address, port };
}

function bind(table: PeerTable, channel: number, peer: SocketAddress, nowMs = 0): string {
  return table.bind(channel, peer, wire(peer), nowMs);
}

describe("PeerTable", () => {
  it("binds one channel to one peer. RFC 8656 section 12", () => {
    const table = new PeerTable(limits);
    expect(bind(table, 0x4000, at(1))).toBe("bound");
    expect(bind(table, 0x4000, at(1))).toBe("bound");
    expect(bind(table, 0x4000, at(2))).toBe("conflict");
    expect(bind(table, 0x4001, at(1))).toBe("conflict");
    expect(bind(table, 0x4001, at(2))).toBe("bound");
    expect(bind(table, 0x4001, at(1))).toBe("conflict");
    expect(table.channel(0x4000)?.port).toBe(1);
    expect(table.source("192.0.2.1", 2)?.channel).toBe(0x4001);
  });

  it("has no more channels than the limit", () => {
    const table = new PeerTable(limits);
    bind(table, 0x4000, at(1));
    bind(table, 0x4001, at(2));
    expect(bind(table, 0x4002, at(3))).toBe("full");
    expect(table.channels).toBe(2);
  });

  it("permits all addresses of a request or none", () => {
    const table = new PeerTable(limits);
    expect(table.permit(["192.0.2.1", "192.0.2.2", "192.0.2.1"], 0)).toBe(true);
    expect(table.permissions).toBe(2);
    expect(table.permit(["192.0.2.3", "192.0.2.4"], 0)).toBe(false);
    expect(table.host("192.0.2.3")).toBeUndefined();
    expect(table.permit(["192.0.2.1", "192.0.2.3"], 0)).toBe(true);
    expect(bind(table, 0x4000, at(1, "192.0.2.4"))).toBe("full");
  });

  it("forgets permissions after 300 s and channels after 600 s, and everything with them", () => {
    const table = new PeerTable(limits);
    bind(table, 0x4000, at(1), 0);
    expect(table.sweep(299_999)).toBe(300_000);
    expect(table.host("192.0.2.1")?.permitted).toBe(true);
    expect(table.sweep(300_000)).toBe(600_000);
    expect(table.host("192.0.2.1")?.permitted).toBe(false);
    expect(table.channel(0x4000)).toBeDefined();
    expect(table.sweep(600_000)).toBe(Number.POSITIVE_INFINITY);
    expect(table.channel(0x4000)).toBeUndefined();
    expect(table.host("192.0.2.1")).toBeUndefined();
    expect(table.source("192.0.2.1", 1)).toBeUndefined();
    expect([table.permissions, table.channels, table.endpoints]).toEqual([0, 0, 0]);
  });

  it("binds another peer to a channel that expired", () => {
    const table = new PeerTable(limits);
    bind(table, 0x4000, at(1), 0);
    table.sweep(600_000);
    expect(bind(table, 0x4000, at(2), 600_000)).toBe("bound");
    expect(bind(table, 0x4001, at(1), 600_000)).toBe("bound");
  });

  it("remembers so many ports of a peer and works without for the others", () => {
    const table = new PeerTable(limits);
    table.permit(["192.0.2.1"], 0);
    const host = table.host("192.0.2.1");
    if (host === undefined) throw new Error("no host");
    for (let port = 1; port <= 10; port++) {
      expect(table.endpoint(host, at(port), wire(at(port))).port).toBe(port);
    }
    expect(table.endpoints).toBe(4);
    expect(table.endpoint(host, at(1), wire(at(1)))).toBe(table.source("192.0.2.1", 1));
  });

  it("knows a peer by where its packets come from", () => {
    const table = new PeerTable(limits);
    const announced = at(8189, "203.0.113.5");
    const local: PeerRoute = { type: "wire", address: "127.0.0.1", port: 18_189 };
    expect(table.bind(0x4000, announced, local, 0)).toBe("bound");
    expect(table.source("127.0.0.1", 18_189)?.address).toBe("203.0.113.5");
    expect(table.source("203.0.113.5", 8189)).toBeUndefined();
  });
});
