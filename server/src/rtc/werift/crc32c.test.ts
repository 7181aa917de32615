import { expect, test } from "vitest";
import { crc32c } from "./crc32c.ts";

test.each([
  ["313233343536373839", 0xe3069283],
  ["00".repeat(32), 0x8a9136aa],
  ["ff".repeat(32), 0x62a8ab43],
  ["", 0],
])("CRC32c of %s", (hex, expected) => {
  // RFC 3720 appendix B.4, and the check value of the polynomial.
  expect(crc32c(Buffer.from(hex, "hex"))).toBe(expected);
});

test("a range may be taken as zeros", () => {
  const zeros = Buffer.alloc(32);
  const filled = Buffer.alloc(32);
  filled.fill(9, 8, 12);
  expect(crc32c(filled, 8, 12)).toBe(crc32c(zeros));
  expect(crc32c(filled, 8, 11)).not.toBe(crc32c(zeros));
});
