import { expect, test } from "vitest";
import { plainAddress } from "./connection.ts";

test.each([
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["192.0.2.1", "192.0.2.1"],
  ["2001:db8::1", "2001:db8::1"],
  ["::ffff:2001", "::ffff:2001"],
  ["", ""],
])("the address %s is told as %s", (address, plain) => {
  expect(plainAddress(address)).toBe(plain);
});
