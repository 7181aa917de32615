import fc from "fast-check";
import { expect, test } from "vitest";
import { ipToBytes, ipToText } from "./ip.ts";

test.each([
  ["127.0.0.1", "7f000001"],
  ["::", "00".repeat(16)],
  ["::1", `${"00".repeat(15)}01`],
  ["2001:db8::7", "20010db8000000000000000000000007"],
  ["::ffff:192.0.2.1", "00000000000000000000ffffc0000201"],
  ["fe80::1%eth0", "fe800000000000000000000000000001"],
  ["1:2:3:4:5:6:7:8", "00010002000300040005000600070008"],
  ["1::", "00010000000000000000000000000000"],
])("%s has the bytes %s", (text, bytes) => {
  expect(Buffer.from(ipToBytes(text) ?? []).toString("hex")).toBe(bytes);
});

test.each(["", "localhost", "1.2.3", "1.2.3.4.5", "::1::", "12345::", "%eth0"])(
  "%s is no address",
  (text) => {
    expect(ipToBytes(text)).toBeUndefined();
  },
);

test("bytes and text are each other's inverse", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ minLength: 4, maxLength: 4 }),
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        fc.uint8Array({ minLength: 16, maxLength: 16, max: 1 }),
      ),
      (bytes) => {
        expect(Uint8Array.from(ipToBytes(ipToText(bytes)) ?? [])).toEqual(bytes);
      },
    ),
  );
});
