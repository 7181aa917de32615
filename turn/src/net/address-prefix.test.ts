import { expect, it } from "vitest";
import { addressPrefix } from "./address-prefix.ts";

it("counts an IPv4 address by itself, however it is written, and an IPv6 address by its /64", () => {
  expect(addressPrefix("192.0.2.1")).toBe("192.0.2.1");
  expect(addressPrefix("2001:db8:1:2:3:4:5:6")).toBe(addressPrefix("2001:db8:1:2::9"));
  expect(addressPrefix("2001:db8:1:2::9")).not.toBe(addressPrefix("2001:db8:1:3::9"));
  expect(addressPrefix("::ffff:192.0.2.1")).toBe("192.0.2.1");
  expect(addressPrefix("fe80::1%eth0")).toBe(addressPrefix("fe80::2"));
});
