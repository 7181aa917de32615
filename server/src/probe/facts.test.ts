import { expect, it } from "vitest";
import { networkKind } from "./facts.ts";
import { Seats } from "./seats.ts";

it.each([
  ["127.0.0.1", "loopback"],
  ["::1", "loopback"],
  ["10.1.2.3", "private"],
  ["172.31.255.255", "private"],
  ["172.32.0.1", "public"],
  ["192.168.0.9", "private"],
  ["100.64.0.1", "private"],
  ["100.128.0.1", "public"],
  ["169.254.7.7", "private"],
  ["fd12::9", "private"],
  ["fe80::1", "private"],
  ["203.0.113.9", "public"],
  ["2001:db8::1", "public"],
  ["unknown", "unknown"],
  ["", "unknown"],
] as const)("%s is %s", (address, kind) => {
  expect(networkKind(address)).toBe(kind);
});

it("a seat is given back once, and one network of IPv6 is one address", () => {
  const seats = new Seats(3, 2);
  const giveBack = seats.take("2001:db8::1");
  seats.take("2001:db8::2");
  expect(() => seats.take("2001:db8::3")).toThrow(
    expect.objectContaining({ code: "PROBES_FULL", status: 503 }),
  );
  giveBack();
  giveBack();
  expect(seats.taken).toBe(1);
  seats.take("2001:db8::3");
  seats.take("192.0.2.1");
  expect(() => seats.take("192.0.2.2")).toThrow(expect.objectContaining({ code: "PROBES_FULL" }));
});
