import { expect, test } from "vitest";
import { AddressRate, addressKey } from "./address-rate.ts";
import { TokenBucket } from "./token-bucket.ts";

const second = 1_000_000;

test("a bucket gives its burst at once and then its rate", () => {
  const bucket = new TokenBucket({ perSecond: 2, burst: 3 }, 0);
  expect([1, 2, 3, 4].map(() => bucket.take(0))).toEqual([true, true, true, false]);
  expect(bucket.waitMs(0)).toBe(500);
  expect(bucket.take(0.49 * second)).toBe(false);
  expect(bucket.take(0.5 * second)).toBe(true);
  expect(bucket.take(0.5 * second)).toBe(false);
});

test("a bucket never holds more than its burst and ignores time that goes back", () => {
  const bucket = new TokenBucket({ perSecond: 10, burst: 2 }, 0);
  expect([1, 2, 3].map(() => bucket.take(3600 * second))).toEqual([true, true, false]);
  expect(bucket.take(0)).toBe(false);
  expect(bucket.take(3600.05 * second)).toBe(false);
  expect(bucket.take(3600.1 * second)).toBe(true);
});

test.each([
  ["192.0.2.7", "192.0.2.7"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:0db8:0001:0002::6", "2001:db8:1:2::/64"],
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["unknown", "unknown"],
])("%s is counted as %s", (address, key) => {
  expect(addressKey(address)).toBe(key);
});

test("addresses have buckets of their own, hosts of one IPv6 network share theirs", () => {
  const rate = new AddressRate({ perSecond: 1, burst: 1 });
  expect(rate.take("192.0.2.1", 0)).toBe(0);
  expect(rate.take("192.0.2.1", 0)).toBe(1000);
  expect(rate.take("192.0.2.2", 0)).toBe(0);
  expect(rate.take("2001:db8::1", 0)).toBe(0);
  expect(rate.take("2001:db8::2", 0)).toBe(1000);
});

test("the address that was seen longest ago is forgotten at the limit", () => {
  const rate = new AddressRate({ perSecond: 1, burst: 1 }, 2);
  rate.take("a", 0);
  rate.take("b", 0);
  rate.take("a", 0);
  rate.take("c", 0);
  expect(rate.size).toBe(2);
  expect(rate.take("a", 0)).toBeGreaterThan(0);
  expect(rate.take("b", 0)).toBe(0);
});

test("a token that is given back can be taken again; there are never more than the burst", () => {
  const rate = new AddressRate({ perSecond: 1, burst: 2 });
  rate.giveBack("192.0.2.1");
  for (let times = 0; times < 3; times++) {
    expect(rate.take("192.0.2.1", 0)).toBe(0);
    rate.giveBack("192.0.2.1");
  }
  rate.giveBack("192.0.2.1");
  expect([1, 2, 3].map(() => rate.take("192.0.2.1", 0))).toEqual([0, 0, 1000]);
});
