import { describe, expect, it } from "vitest";
import type { SocketAddress } from "../stun/index.ts";
import { PeerPolicy, type PeerPolicyOptions } from "./peer-policy.ts";

function policy(change: Partial<PeerPolicyOptions> = {}): PeerPolicy {
  return new PeerPolicy({
    media: [],
    allowPeers: [],
    relayedIps: ["203.0.113.9"],
    ownIps: ["10.1.2.3", "127.0.0.1"],
    isRelayed: (family, port) => family === 4 && port === 50_000,
    ...change,
  });
}

function at(address: string, port = 40_000): SocketAddress {
  return { family: address.includes(":") ? 6 : 4, address, port };
}

const special = [
  "0.0.0.0",
  "0.1.2.3",
  "10.0.0.1",
  "100.64.0.1",
  "127.0.0.1",
  "127.255.255.254",
  "169.254.169.254",
  "172.16.0.1",
  "192.0.0.170",
  "192.168.1.1",
  "198.18.0.1",
  "224.0.0.1",
  "239.255.255.250",
  "240.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "::127.0.0.1",
  "::ffff:127.0.0.1",
  "::ffff:10.0.0.1",
  "::ffff:0:10.0.0.1",
  "64:ff9b::7f00:1",
  "64:ff9b::a00:1",
  "64:ff9b:1::1",
  "2002:7f00:1::",
  "2002:a00:1::1",
  "2001::1",
  "fc00::1",
  "fd00:ec2::254",
  "fe80::1",
  "fec0::1",
  "ff02::1",
];

describe("PeerPolicy", () => {
  it.each(["8.8.8.8", "2600::1", ...special])("knows no peer %s by default", (address) => {
    expect(policy().permits(address)).toBe(false);
    expect(policy().route(at(address))).toBeUndefined();
  });

  it.each(special)("takes a network of everything for no leave to reach %s", (address) => {
    const open = policy({ allowPeers: ["0.0.0.0/0", "::/0"] });
    expect(open.permits(address)).toBe(false);
    expect(open.route(at(address))).toBeUndefined();
  });

  it("reaches what the rest of the internet is when everything is allowed", () => {
    const open = policy({ allowPeers: ["0.0.0.0/0", "::/0"] });
    expect(open.route(at("8.8.8.8", 53))).toEqual({ type: "wire", address: "8.8.8.8", port: 53 });
    expect(open.permits("2600::1")).toBe(true);
    expect(open.route(at("8.8.8.8", 0))).toBeUndefined();
  });

  it("reaches special addresses that are named", () => {
    const named = policy({ allowPeers: ["10.0.0.0/8", "127.0.0.0/8", "::1", "fd00::/8"] });
    expect(named.permits("10.9.9.9")).toBe(true);
    expect(named.permits("127.0.0.1")).toBe(true);
    expect(named.permits("::1")).toBe(true);
    expect(named.permits("fd00::1")).toBe(true);
    expect(named.permits("fe80::1")).toBe(false);
    expect(named.permits("::ffff:10.9.9.9")).toBe(false);
  });

  it("reaches this machine only when it is named by itself", () => {
    expect(policy({ allowPeers: ["10.0.0.0/8"] }).permits("10.1.2.3")).toBe(false);
    expect(policy({ allowPeers: ["10.1.2.3"] }).permits("10.1.2.3")).toBe(true);
    const wide = policy({ relayedIps: ["8.8.4.4"], allowPeers: ["0.0.0.0/0"] });
    expect(wide.permits("8.8.4.4")).toBe(true);
    expect(wide.route(at("8.8.4.4", 3478))).toBeUndefined();
    expect(wide.route(at("8.8.4.4", 50_000))).toEqual({ type: "relayed" });
  });

  it("has a relayed address as peer while it is allocated", () => {
    expect(policy().permits("203.0.113.9")).toBe(true);
    expect(policy().route(at("203.0.113.9", 50_000))).toEqual({ type: "relayed" });
    expect(policy().route(at("203.0.113.9", 50_001))).toBeUndefined();
  });

  it("leads from the announced media address to the local one and back, for that port only", () => {
    const announced = at("203.0.113.5", 8189);
    const local = at("127.0.0.1", 18_189);
    const media = policy({ media: [{ announced, local }] });
    expect(media.permits("203.0.113.5")).toBe(true);
    expect(media.route(announced)).toEqual({ type: "wire", address: "127.0.0.1", port: 18_189 });
    expect(media.route(at("203.0.113.5", 8190))).toBeUndefined();
    expect(media.announcedOf("127.0.0.1", 18_189)).toEqual(announced);
    expect(media.announcedOf("127.0.0.1", 18_190)).toBeUndefined();
    expect(media.permits("127.0.0.1")).toBe(false);
    expect(media.route(local)).toBeUndefined();
  });

  it("knows a media address however it is written", () => {
    const announced: SocketAddress = { family: 6, address: "2600:0:0::0001", port: 8189 };
    const media = policy({ media: [{ announced, local: at("0:0::1", 8189) }] });
    expect(media.route(at("2600::1", 8189))).toEqual({ type: "wire", address: "::1", port: 8189 });
    expect(media.announcedOf("::1", 8189)?.address).toBe("2600::1");
    expect(() => policy({ media: [{ announced: at("localhost"), local: announced }] })).toThrow(
      "localhost",
    );
  });

  it("refuses networks that are none", () => {
    expect(() => policy({ allowPeers: ["10.0.0.0/99"] })).toThrow("10.0.0.0/99");
  });
});
