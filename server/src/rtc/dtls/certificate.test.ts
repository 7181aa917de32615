import { X509Certificate } from "node:crypto";
import { ProtocolError } from "@millrace/media/error";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { createCertificate } from "./certificate.ts";
import { DerTag, readDer, readDerSequence, writeDer } from "./der.ts";
import { fingerprintText, matchesFingerprint, parseFingerprint } from "./fingerprint.ts";
import { MAX_RSA_BITS, MIN_RSA_BITS, readPublicKey } from "./peer-certificate.ts";
import { selfSigned } from "./test-certificates.ts";

vi.setConfig({ testTimeout: 30_000 });

const NOW_MS = Date.UTC(2025, 5, 1);

describe("our certificate", () => {
  const certificate = createCertificate(NOW_MS);
  const x509 = new X509Certificate(certificate.der);

  test("is a valid self-signed one for its key", () => {
    expect(x509.verify(x509.publicKey)).toBe(true);
    expect(x509.checkPrivateKey(certificate.privateKey)).toBe(true);
    expect(x509.subject).toBe("CN=millrace");
    expect(x509.issuer).toBe("CN=millrace");
    expect(x509.publicKey.asymmetricKeyDetails?.namedCurve).toBe("prime256v1");
    expect(new Date(x509.validFrom).getTime()).toBe(NOW_MS - 86_400_000);
  });

  test("has the fingerprint that Node computes", () => {
    expect(certificate.fingerprint).toBe(x509.fingerprint256);
    expect(fingerprintText(certificate.der, "sha-512")).toBe(x509.fingerprint512);
  });

  test("has dates beyond 2049 when they are", () => {
    const late = new X509Certificate(createCertificate(Date.UTC(2045, 0, 1)).der);
    expect(new Date(late.validTo).getUTCFullYear()).toBe(2054);
  });

  test("is another one each time", () => {
    expect(createCertificate(NOW_MS).fingerprint).not.toBe(certificate.fingerprint);
  });
});

describe("a peer's certificate", () => {
  test("gives its public key as Node reads it", () => {
    const { der } = createCertificate(NOW_MS);
    const key = readPublicKey(der).export({ type: "spki", format: "der" });
    expect(key).toEqual(new X509Certificate(der).publicKey.export({ type: "spki", format: "der" }));
  });

  test.each(["P-256", "P-384", "P-521", "rsa"] as const)("may have a %s key", (kind) => {
    expect(readPublicKey(selfSigned(kind).der)).toBeDefined();
  });

  test.each([
    ["ed25519", 0],
    ["rsa", MIN_RSA_BITS - 8],
  ] as const)("may not have a %s key (%d bits)", (kind, bits) => {
    expect(() => readPublicKey(selfSigned(kind, bits).der)).toThrow(ProtocolError);
  });

  test("has RSA keys within limits", () => {
    expect(readPublicKey(selfSigned("rsa", MIN_RSA_BITS).der)).toBeDefined();
    expect(MAX_RSA_BITS).toBe(8192);
  });

  test("cut or changed anywhere gives a key or a ProtocolError", () => {
    const { der } = selfSigned("P-256");
    const attempt = (bytes: Uint8Array): void => {
      try {
        readPublicKey(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
    };
    for (let length = 0; length < der.length; length++) {
      expect(() => readPublicKey(der.subarray(0, length))).toThrow(ProtocolError);
    }
    fc.assert(
      fc.property(fc.nat(der.length - 1), fc.nat(255), (at, value) => {
        const bytes = Uint8Array.from(der);
        bytes[at] = value;
        attempt(bytes);
      }),
      { numRuns: 500 },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), attempt));
  });
});

describe("fingerprints", () => {
  const der = Uint8Array.of(1, 2, 3);
  const of = (hash: "sha-256" | "sha-384" | "sha-512", bytes: Uint8Array = der) => {
    const fingerprint = parseFingerprint(hash, fingerprintText(bytes, hash));
    if (fingerprint === undefined) throw new Error("not read");
    return fingerprint;
  };

  test("match the certificate they were made of, in either case", () => {
    expect(matchesFingerprint(der, [of("sha-256")])).toBe(true);
    const lower = parseFingerprint("SHA-256", fingerprintText(der).toLowerCase());
    expect(lower && matchesFingerprint(der, [lower])).toBe(true);
    expect(matchesFingerprint(Uint8Array.of(1, 2), [of("sha-256")])).toBe(false);
    expect(matchesFingerprint(der, [])).toBe(false);
  });

  test("of the best hash decide; one of several is enough", () => {
    const other = Uint8Array.of(9);
    expect(matchesFingerprint(der, [of("sha-256"), of("sha-512", other)])).toBe(false);
    expect(matchesFingerprint(der, [of("sha-512", other), of("sha-512")])).toBe(true);
  });

  test.each([
    ["md5", "00:11"],
    ["sha-1", Array(20).fill("00").join(":")],
    ["sha-256", Array(31).fill("00").join(":")],
    ["sha-256", Array(32).fill("0g").join(":")],
    ["sha-256", Array(32).fill("00").join("")],
    ["sha-256", ""],
  ])("%s %s is none", (hash, value) => {
    expect(parseFingerprint(hash, value)).toBeUndefined();
  });
});

describe("DER", () => {
  test.each([0, 1, 127, 128, 255, 256, 65_535])("of %d bytes is written and read", (length) => {
    const contents = new Uint8Array(length).fill(7);
    const bytes = writeDer(DerTag.sequence, contents);
    const element = readDer(bytes, 0);
    expect(element?.tag).toBe(DerTag.sequence);
    expect(Buffer.compare(element?.bytes ?? new Uint8Array(), bytes)).toBe(0);
    expect(Buffer.compare(element?.contents ?? new Uint8Array(), contents)).toBe(0);
    expect(readDer(bytes.subarray(0, bytes.length - 1), 0)).toBeUndefined();
  });

  test.each(["3080", "308101ff", "30820001ff", "1f0101", "3084000000010", "30"])(
    "%s is none",
    (text) => {
      expect(readDer(Buffer.from(text, "hex"), 0)).toBeUndefined();
    },
  );

  test("a sequence must be filled exactly", () => {
    expect(readDerSequence(Uint8Array.of(2, 1, 5, 2, 1, 6))).toHaveLength(2);
    expect(readDerSequence(Uint8Array.of(2, 1, 5, 2, 1))).toBeUndefined();
  });
});
