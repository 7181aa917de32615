import { describe, expect, it } from "vitest";
import { parseAddress } from "../stun/index.ts";
import { isInRange, parseAddressRange } from "./address-range.ts";

function isIn(address: string, range: string): boolean {
  const bytes = parseAddress(address);
  const parsed = parseAddressRange(range);
  if (bytes === undefined || parsed === undefined) throw new Error("malformed");
  return isInRange(bytes, parsed);
}

describe("parseAddressRange", () => {
  it.each([
    ["10.0.0.0/8", "10.255.255.255", "11.0.0.0"],
    ["172.16.0.0/12", "172.31.0.1", "172.32.0.1"],
    ["100.64.0.0/10", "100.127.0.1", "100.128.0.1"],
    ["192.0.2.7", "192.0.2.7", "192.0.2.6"],
    ["0.0.0.0/0", "255.255.255.255", "::"],
    ["fe80::/10", "febf::1", "fec0::1"],
    ["::ffff:0:0/96", "::ffff:10.0.0.1", "::1"],
    ["2001:db8::1", "2001:db8:0::1", "2001:db8::2"],
  ])("%s has %s and not %s", (range, inside, outside) => {
    expect(isIn(inside, range)).toBe(true);
    expect(isIn(outside, range)).toBe(false);
  });

  it.each([
    "10.0.0.0/33",
    "::/129",
    "10.0.0.0/",
    "10.0.0/8",
    "10.0.0.0/-1",
    "a/8",
    "",
    "/",
    "10.0.0.0/8/8",
  ])("refuses %s", (text) => {
    expect(parseAddressRange(text)).toBeUndefined();
  });
});
