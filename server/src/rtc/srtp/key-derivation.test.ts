import { describe, expect, it } from "vitest";
import { deriveSessionKeys } from "./key-derivation.ts";

const hex = (text: string) => new Uint8Array(Buffer.from(text, "hex"));

describe("deriveSessionKeys", () => {
  it("derives the keys of RFC 3711 appendix B.3", () => {
    const keys = deriveSessionKeys(
      "AES_CM_128_HMAC_SHA1_80",
      {
        key: hex("e1f97a0d3e018be0d64fa32c06de4139"),
        salt: hex("0ec675ad498afeebb6960b3aabe6"),
      },
      "rtp",
    );
    expect(keys.cipher.export().toString("hex")).toBe("c61e7a93744f39ee10734afe3ff7a087");
    expect(Buffer.from(keys.salt).toString("hex")).toBe("30cbbc08863d8c85d49db34a9ae1");
    expect(keys.auth?.export().toString("hex")).toBe("cebe321f6ff7716b6fd4ab49af256a156d38baa4");
  });

  it("gives RTP and RTCP different keys", () => {
    const master = { key: new Uint8Array(16), salt: new Uint8Array(12) };
    const rtp = deriveSessionKeys("AEAD_AES_128_GCM", master, "rtp");
    const rtcp = deriveSessionKeys("AEAD_AES_128_GCM", master, "rtcp");
    expect(rtp.cipher.export()).not.toEqual(rtcp.cipher.export());
    expect(rtp.salt).toHaveLength(12);
    expect(rtp.auth).toBeUndefined();
  });

  it("refuses keys of the wrong length", () => {
    const master = { key: new Uint8Array(16), salt: new Uint8Array(14) };
    expect(() => deriveSessionKeys("AEAD_AES_128_GCM", master, "rtp")).toThrow();
    expect(() =>
      deriveSessionKeys("AES_CM_128_HMAC_SHA1_80", { ...master, key: new Uint8Array(15) }, "rtp"),
    ).toThrow();
  });
});
