import { describe, expect, test } from "vitest";
import {
  announcedAddresses,
  candidateLine,
  hostCandidates,
  type InterfaceAddress,
  MAX_ANNOUNCED,
} from "./announced.ts";

const v4 = (address: string): InterfaceAddress => ({
  address,
  family: "IPv4",
  internal: address.startsWith("127."),
});
const v6 = (address: string): InterfaceAddress => ({
  address,
  family: "IPv6",
  internal: address === "::1",
});
const HOST = [
  v4("127.0.0.1"),
  v6("::1"),
  v4("192.0.2.2"),
  v6("fd00::2"),
  v6("fe80::1"),
  v4("169.254.1.1"),
];

describe("announced addresses", () => {
  test("are those of the interfaces, without loopback and link-local ones", () => {
    expect(announcedAddresses(["0.0.0.0", "::"], [], HOST)).toEqual(["192.0.2.2", "fd00::2"]);
    expect(announcedAddresses(["0.0.0.0"], [], HOST)).toEqual(["192.0.2.2"]);
  });

  test("are loopback when there is nothing else", () => {
    expect(announcedAddresses(["0.0.0.0", "::"], [], HOST.slice(0, 2))).toEqual([
      "127.0.0.1",
      "::1",
    ]);
  });

  test("are the bound address when it is one", () => {
    expect(announcedAddresses(["127.0.0.1"], [], HOST)).toEqual(["127.0.0.1"]);
  });

  test("are what the operator says", () => {
    const said = ["203.0.113.5", "127.0.0.1", "203.0.113.5"];
    expect(announcedAddresses(["0.0.0.0"], said, HOST)).toEqual(["203.0.113.5", "127.0.0.1"]);
  });

  test("must be IP addresses and not too many", () => {
    expect(() => announcedAddresses([], ["example.org"], HOST)).toThrow(TypeError);
    const many = (count: number): string[] =>
      Array.from({ length: count }, (_, i) => `10.0.0.${i}`);
    expect(announcedAddresses([], many(MAX_ANNOUNCED), HOST)).toHaveLength(MAX_ANNOUNCED);
    expect(() => announcedAddresses([], many(MAX_ANNOUNCED + 1), HOST)).toThrow(TypeError);
    expect(announcedAddresses(["0.0.0.0"], [], many(40).map(v4))).toHaveLength(MAX_ANNOUNCED);
  });
});

test("candidates take turns between families and fall in priority", () => {
  const candidates = hostCandidates(["192.0.2.2", "192.0.2.3", "fd00::2"], 8189);
  expect(candidates.map((candidate) => candidate.address)).toEqual([
    "192.0.2.2",
    "fd00::2",
    "192.0.2.3",
  ]);
  expect(candidates.map((candidate) => candidate.priority)).toEqual([
    2130706431, 2130706175, 2130705919,
  ]);
  expect(candidates.map(candidateLine)[1]).toBe(
    "candidate:2 1 udp 2130706175 fd00::2 8189 typ host",
  );
});

test("passive TCP candidates come after UDP's, below all of them", () => {
  const candidates = hostCandidates(["192.0.2.2", "fd00::2"], 8189, true);
  expect(candidates.map(candidateLine)).toEqual([
    "candidate:1 1 udp 2130706431 192.0.2.2 8189 typ host",
    "candidate:2 1 udp 2130706175 fd00::2 8189 typ host",
    "candidate:3 1 tcp 1520435199 192.0.2.2 8189 typ host tcptype passive",
    "candidate:4 1 tcp 1520434943 fd00::2 8189 typ host tcptype passive",
  ]);
});
