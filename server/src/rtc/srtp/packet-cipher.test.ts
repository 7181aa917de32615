import { createSecretKey } from "node:crypto";
import { describe, expect, it } from "vitest";
import { CounterModeCipher } from "./counter-mode-cipher.ts";
import { GcmCipher } from "./gcm-cipher.ts";
import type { SessionKeys } from "./key-derivation.ts";
import type { PacketCipher } from "./packet-cipher.ts";

const hex = (text: string) => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString("hex");

function openRtcp(cipher: PacketCipher, sealed: string): string {
  const out = new Uint8Array(100);
  return text(out.subarray(0, cipher.openRtcp(out, hex(sealed))));
}

// RFC 7714 sections 16 and 17: session keys, not master keys.
const gcmKeys: SessionKeys = {
  cipher: createSecretKey(hex("000102030405060708090a0b0c0d0e0f")),
  auth: undefined,
  salt: hex("517569642070726f2071756f"),
};
const gcmRtp = {
  plain:
    "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e697320646976697361" +
    "20696e207061727465732074726573",
  sealed:
    "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a" +
    "51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce",
};
const gcmRtcp = {
  plain:
    "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61" +
    "deadbeefdeadbeefdeadbeefdeadbeefdeadbeef",
  sealed:
    "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda" +
    "4ce09b4686303ded0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4",
  // Section 17.3: authenticated, not encrypted.
  tagged:
    "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61" +
    "deadbeefdeadbeefdeadbeefdeadbeefdeadbeef841dd9683dd78ec92ae58790125f62b3000005d4",
};

describe("AEAD_AES_128_GCM", () => {
  const cipher = new GcmCipher({ rtp: gcmKeys, rtcp: gcmKeys });

  it("seals and opens the RTP packet of RFC 7714 section 16.1", () => {
    const plain = hex(gcmRtp.plain);
    const out = new Uint8Array(100);
    out.set(plain.subarray(0, 12), 3);
    const length = cipher.sealRtp(out, 3, 12, undefined, plain.subarray(12), 0x5501a0b2, 0xf17b);
    expect(text(out.subarray(3, 3 + length))).toBe(gcmRtp.sealed);
    const sealed = hex(gcmRtp.sealed);
    const opened = new Uint8Array(plain.length);
    expect(cipher.openRtp(opened, sealed, 12, 0x5501a0b2, 0xf17b)).toBe(true);
    expect(text(opened)).toBe(gcmRtp.plain);
  });

  it("seals a prefix as if it were the beginning of the payload", () => {
    const plain = hex(gcmRtp.plain);
    const out = plain.slice(0, 12 + 200);
    const sealed = new Uint8Array(100);
    sealed.set(out.subarray(0, 12));
    const length = cipher.sealRtp(
      sealed,
      0,
      12,
      plain.subarray(12, 14),
      plain.subarray(14),
      0x5501a0b2,
      0xf17b,
    );
    expect(text(sealed.subarray(0, length))).toBe(gcmRtp.sealed);
  });

  it("seals and opens the RTCP packet of RFC 7714 section 17.1", () => {
    const out = new Uint8Array(100);
    const length = cipher.sealRtcp(out, 0, hex(gcmRtcp.plain), 0x5d4);
    expect(text(out.subarray(0, length))).toBe(gcmRtcp.sealed);
    expect(cipher.rtcpIndex(hex(gcmRtcp.sealed))).toBe(0x5d4);
    expect(openRtcp(cipher, gcmRtcp.sealed)).toBe(gcmRtcp.plain);
  });

  it("opens the RTCP packet of RFC 7714 section 17.3, which is only authenticated", () => {
    expect(openRtcp(cipher, gcmRtcp.tagged)).toBe(gcmRtcp.plain);
  });
});

describe("AES_CM_128_HMAC_SHA1_80", () => {
  it("makes the key stream of RFC 3711 appendix B.2", () => {
    const keys: SessionKeys = {
      cipher: createSecretKey(hex("2b7e151628aed2a6abf7158809cf4f3c")),
      auth: createSecretKey(new Uint8Array(20)),
      salt: hex("f0f1f2f3f4f5f6f7f8f9fafbfcfd"),
    };
    const out = new Uint8Array(12 + 48 + 10);
    new CounterModeCipher({ rtp: keys, rtcp: keys }).sealRtp(
      out,
      0,
      12,
      undefined,
      new Uint8Array(48),
      0,
      0,
    );
    expect(text(out.subarray(12, 60))).toBe(
      "e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab41e95b3bb0a2e8dd477901e4fca894c0",
    );
  });

  it("refuses to work without authentication keys", () => {
    const cipher = new CounterModeCipher({ rtp: gcmKeys, rtcp: gcmKeys });
    const out = new Uint8Array(100);
    expect(() => cipher.sealRtp(out, 0, 12, undefined, new Uint8Array(9), 0, 0)).toThrow();
    expect(() => cipher.sealRtcp(out, 0, new Uint8Array(16), 0)).toThrow();
  });
});
