import { ProtocolError } from "@millrace/media/error";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CIPHER_SUITE, negotiate, parseClientHello } from "./client-hello.ts";
import { parseHandshakeFragments } from "./handshake.ts";
import { Reassembler } from "./reassembler.ts";
import { parseRecord } from "./record.ts";
import { CHROMIUM_CLIENT_HELLO } from "./test-chromium-hello.ts";

function chromiumHello(order: readonly number[]): Uint8Array | undefined {
  const reassembler = new Reassembler();
  for (const index of order) {
    const record = parseRecord(CHROMIUM_CLIENT_HELLO[index] ?? new Uint8Array(), 0);
    for (const fragment of parseHandshakeFragments(record?.fragment ?? new Uint8Array()) ?? []) {
      reassembler.push(fragment);
    }
  }
  return reassembler.shift()?.body;
}

describe("Chromium's ClientHello", () => {
  test.each([[[0, 1]], [[1, 0]], [[0, 0, 1]]])(
    "is read from its datagrams in order %j",
    (order) => {
      const hello = parseClientHello(chromiumHello(order) ?? new Uint8Array());
      expect(hello.cipherSuites).toContain(CIPHER_SUITE);
      expect(hello.random).toHaveLength(32);
      const negotiated = negotiate(hello);
      expect(negotiated.srtp.profile).toBe("AEAD_AES_128_GCM");
      expect(negotiated.renegotiationInfo).toBe(true);
    },
  );

  test("is not whole without both", () => {
    expect(chromiumHello([0])).toBeUndefined();
    expect(chromiumHello([1, 1])).toBeUndefined();
  });

  test("cut anywhere it is malformed, or has lost its extensions", () => {
    const body = chromiumHello([0, 1]) ?? new Uint8Array();
    for (let length = 0; length < body.length; length++) {
      const read = (): unknown => negotiate(parseClientHello(body.subarray(0, length)));
      expect(read).toThrow(ProtocolError);
    }
  });
});

test("arbitrary bytes, and Chromium's with changes, are read or refused", () => {
  const body = chromiumHello([0, 1]) ?? new Uint8Array();
  const attempt = (bytes: Uint8Array): void => {
    try {
      negotiate(parseClientHello(bytes));
    } catch (error) {
      expect(error).toBeInstanceOf(ProtocolError);
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), attempt), { numRuns: 500 });
  fc.assert(
    fc.property(fc.nat(body.length - 1), fc.nat(255), (at, value) => {
      const changed = Uint8Array.from(body);
      changed[at] = value;
      attempt(changed);
    }),
    { numRuns: 500 },
  );
});
