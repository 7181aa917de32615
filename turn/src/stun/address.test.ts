import { isIP, SocketAddress as NodeAddress } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  formatAddress,
  isMapped,
  parseAddress,
  readAddress,
  type SocketAddress,
  StunError,
  writeAddress,
} from "./index.ts";

const transactionId = Uint8Array.from({ length: 12 }, (_, i) => 0xf0 ^ i);
const hexOf = (bytes: Uint8Array | undefined): string | undefined =>
  bytes && Buffer.from(bytes).toString("hex");

describe("an address text", () => {
  test.each([
    ["0.0.0.0", "00000000"],
    ["255.255.255.255", "ffffffff"],
    ["192.0.2.1", "c0000201"],
    ["::", "00".repeat(16)],
    ["::1", `${"00".repeat(15)}01`],
    ["1::", `0001${"00".repeat(14)}`],
    ["2001:db8::1", "20010db8000000000000000000000001"],
    ["2a01:4f8:c0c:1234::1", "2a0104f80c0c12340000000000000001"],
    ["2001:db8:1:2:3:4:5::", "20010db8000100020003000400050000"],
    ["::2:3:4:5:6:7:8", "00000002000300040005000600070008"],
    ["fe80::", `fe80${"00".repeat(14)}`],
    ["::ffff:192.0.2.1", `${"00".repeat(10)}ffffc0000201`],
    ["2001:db8:1:2:3:4:5:6", "20010db8000100020003000400050006"],
  ])("%s stands for its bytes, and they for it", (text, bytes) => {
    const parsed = parseAddress(text);
    expect(hexOf(parsed)).toBe(bytes);
    if (!text.endsWith(":5::") && !text.startsWith("::2:")) {
      expect(formatAddress(parsed as Uint8Array)).toBe(text);
    }
  });

  test.each([
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["2001:0db8::0001", "2001:db8::1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["0:0:0:0:0:0:0:0", "::"],
    ["1:0:0:0:0:0:0:0", "1::"],
    ["::ffff:c000:0201", "::ffff:192.0.2.1"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
    ["fe80::1%eth0", "fe80::1"],
  ])("%s is canonically %s", (text, canonical) => {
    expect(formatAddress(parseAddress(text) as Uint8Array)).toBe(canonical);
  });

  test.each([
    "",
    "1.2.3.999",
    "1.2.3.256",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.",
    ".1.2.3",
    "1..2.3",
    "01.2.3.4",
    "1.2.3.4 ",
    " 1.2.3.4",
    "1.2.3.-4",
    "+1.2.3.4",
    "0x1.2.3.4",
    "1.2.3.4%eth0",
    "localhost",
    "1",
    ":",
    ":::",
    "1:",
    ":1",
    "1:::2",
    "1::2::3",
    "::1:",
    ":1::",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "::1:2:3:4:5:6:7:8",
    "12345::",
    "g::",
    "::1.2.3.999",
    "::1.2.3",
    "::1.2.3.4:5",
    "1.2.3.4::",
    "1:2:3:4:5:6:7:1.2.3.4",
    "%eth0",
    "::1%",
    "[::1]",
    "::1/128",
    "١.2.3.4",
    `${"0".repeat(60)}::1`,
  ])("%s is none", (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  test("is one exactly when Node takes it for one", () => {
    const characters = fc.string({ unit: fc.constantFrom(..."01289afAF:::.."), maxLength: 40 });
    const words = fc
      .array(fc.constantFrom("0", "1", "ffff", "00ab", "1.2.3.4", "", "", "12345"), {
        maxLength: 9,
      })
      .map((list) => list.join(":"));
    const octets = fc
      .array(fc.constantFrom("0", "9", "10", "255", "256", "00", ""), {
        minLength: 3,
        maxLength: 5,
      })
      .map((list) => list.join("."));
    fc.assert(
      fc.property(fc.oneof(characters, words, octets), (text) => {
        expect(parseAddress(text)?.length ?? 0).toBe([0, 4, 16][Math.ceil(isIP(text) / 4)]);
      }),
      { numRuns: 5000 },
    );
  });

  test("is what Node writes for the same bytes", () => {
    const group = fc.oneof(
      { weight: 2, arbitrary: fc.constant(0) },
      fc.integer({ min: 0, max: 0xffff }),
    );
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
        const bytes = Uint8Array.from(groups.flatMap((value) => [value >> 8, value & 0xff]));
        const text = formatAddress(bytes);
        expect(parseAddress(text)).toEqual(bytes);
        // The deprecated IPv4-compatible form is written by Node only.
        if (groups.slice(0, 6).every((value) => value === 0)) return;
        const full = groups.map((value) => value.toString(16)).join(":");
        expect(text).toBe(new NodeAddress({ address: full, family: "ipv6" }).address);
      }),
      { numRuns: 3000 },
    );
  });

  test("is written of 4 or 16 bytes only", () => {
    for (const length of [0, 3, 5, 15, 17]) {
      expect(() => formatAddress(new Uint8Array(length))).toThrow(RangeError);
    }
  });

  test("is mapped in ::ffff:0:0/96 only", () => {
    expect(isMapped(parseAddress("::ffff:1.2.3.4") as Uint8Array)).toBe(true);
    for (const text of ["1.2.3.4", "::1.2.3.4", "1::ffff:1.2.3.4", "::fffe:1.2.3.4"]) {
      expect(isMapped(parseAddress(text) as Uint8Array), text).toBe(false);
    }
  });
});

describe("an address attribute", () => {
  test("is read as it was written, for every family and port", () => {
    const address4 = fc.uint8Array({ minLength: 4, maxLength: 4 });
    const address6 = fc.uint8Array({ minLength: 16, maxLength: 16 });
    const port = fc.integer({ min: 0, max: 0xffff });
    const id = fc.uint8Array({ minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(fc.oneof(address4, address6), port, id, (bytes, port, id) => {
        const address: SocketAddress = {
          family: bytes.length === 4 ? 4 : 6,
          address: formatAddress(bytes),
          port,
        };
        expect(readAddress(writeAddress(address, id), id)).toEqual(address);
      }),
    );
  });

  test("keeps an IPv4-mapped address IPv6", () => {
    const address: SocketAddress = { family: 6, address: "::ffff:127.0.0.1", port: 80 };
    expect(readAddress(writeAddress(address, transactionId), transactionId)).toEqual(address);
  });

  test.each([
    [0, 1, "STUN_ADDRESS_LENGTH"],
    [3, 1, "STUN_ADDRESS_LENGTH"],
    [7, 1, "STUN_ADDRESS_LENGTH"],
    [9, 1, "STUN_ADDRESS_LENGTH"],
    [20, 1, "STUN_ADDRESS_LENGTH"],
    [8, 2, "STUN_ADDRESS_LENGTH"],
    [19, 2, "STUN_ADDRESS_LENGTH"],
    [24, 2, "STUN_ADDRESS_LENGTH"],
    [8, 0, "STUN_ADDRESS_FAMILY"],
    [8, 3, "STUN_ADDRESS_FAMILY"],
    [20, 255, "STUN_ADDRESS_FAMILY"],
  ])("of %i bytes and family %i is refused", (length, family, code) => {
    const value = new Uint8Array(length);
    value[1] = family;
    const read = (): SocketAddress => readAddress(value, transactionId);
    expect(read).toThrow(StunError);
    expect(read).toThrow(expect.objectContaining({ code }));
  });

  test.each([
    [4, "::1", 1],
    [6, "1.2.3.4", 1],
    [4, "1.2.3.999", 1],
    [4, "", 1],
    [4, "1.2.3.4", -1],
    [4, "1.2.3.4", 65536],
    [4, "1.2.3.4", 1.5],
    [4, "1.2.3.4", Number.NaN],
  ] as const)("is not written of IPv%i %s port %d", (family, address, port) => {
    expect(() => writeAddress({ family, address, port }, transactionId)).toThrow(RangeError);
  });
});
