import { X509Certificate } from "node:crypto";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { CertificateError, coversHost, type PemPair, readPair } from "./certificate.ts";
import { makeSelfSigned } from "./make-certificate.ts";

const nowMs = Date.UTC(2026, 5, 1);
let pair: PemPair;
let other: PemPair;

beforeAll(async () => {
  pair = await makeSelfSigned({ names: ["tv.example", "10.0.0.5", "fd00::5"], nowMs });
  other = await makeSelfSigned({ names: ["other.example"], nowMs });
});

function codeOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof CertificateError) return error.code;
    throw error;
  }
  return "OK";
}

describe("readPair", () => {
  it("tells what a certificate is for, and how long", () => {
    const certificate = new X509Certificate(pair.cert);
    expect(readPair(pair)).toEqual({
      names: ["tv.example", "10.0.0.5", "fd00::5"],
      serial: certificate.serialNumber,
      fingerprint: certificate.fingerprint256,
      issuer: "Millrace self-signed",
      selfSigned: true,
      notBeforeMs: Date.UTC(2026, 4, 31, 23),
      expiresAtMs: Date.UTC(2026, 4, 31, 23) + 397 * 86_400_000,
    });
  });

  it("reads the first certificate of a chain", () => {
    const chain = { cert: `words\n${pair.cert}\n${other.cert}`, key: pair.key };
    expect(readPair(chain).names[0]).toBe("tv.example");
  });

  it("says what is wrong, and never what is in the files", () => {
    const half = pair.cert.slice(0, pair.cert.length / 2);
    expect(codeOf(() => readPair({ ...pair, cert: "" }))).toBe("CERTIFICATE_INVALID");
    expect(codeOf(() => readPair({ ...pair, cert: half }))).toBe("CERTIFICATE_INVALID");
    expect(codeOf(() => readPair({ ...pair, cert: pair.cert + half }))).toBe("CERTIFICATE_INVALID");
    const broken = pair.cert.replace(/[A-Za-z]{8}/, "AAAAAAAA").replace("MII", "AAA");
    expect(codeOf(() => readPair({ ...pair, cert: broken }))).toBe("CERTIFICATE_INVALID");
    expect(codeOf(() => readPair({ ...pair, key: other.key }))).toBe("CERTIFICATE_KEY_MISMATCH");
    const halfKey = pair.key.slice(0, pair.key.length / 2);
    expect(codeOf(() => readPair({ ...pair, key: halfKey }))).toBe("CERTIFICATE_KEY_INVALID");
    expect(codeOf(() => readPair({ ...pair, key: "" }))).toBe("CERTIFICATE_KEY_INVALID");
    const eleven = { ...pair, cert: pair.cert.repeat(11) };
    expect(codeOf(() => readPair(eleven))).toBe("CERTIFICATE_INVALID");
    expect(codeOf(() => readPair({ ...pair, cert: pair.cert.repeat(10) }))).toBe("OK");
  });

  it("takes a file that ends anywhere for whole or for none", () => {
    const text = `${pair.cert}${other.cert}`;
    for (let end = 0; end < text.length; end += 7) {
      const code = codeOf(() => readPair({ ...pair, cert: text.slice(0, end) }));
      expect(["OK", "CERTIFICATE_INVALID"]).toContain(code);
    }
  });

  it("gives a CertificateError for arbitrary bytes, and nothing else", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        const cert = `-----BEGIN CERTIFICATE-----\n${a}\n-----END CERTIFICATE-----`;
        expect(codeOf(() => readPair({ cert, key: b }))).not.toBe("OK");
        expect(codeOf(() => readPair({ cert: a, key: pair.key }))).not.toBe("OK");
      }),
      { numRuns: 50 },
    );
  });
});

it.each([
  ["tv.example", true],
  ["TV.Example", true],
  ["a.wild.example", true],
  ["wild.example", false],
  ["a.b.wild.example", false],
  ["xtv.example", false],
  ["10.0.0.5", true],
  ["", false],
])("coversHost: %s is %s", (host, covered) => {
  expect(coversHost(["tv.example", "*.wild.example", "10.0.0.5"], host)).toBe(covered);
});
