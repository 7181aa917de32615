import { describe, expect, it } from "vitest";
import { checkCertificates, disbeliefCheck } from "./check-certificates.ts";
import type { ExaminedCertificate } from "./options.ts";

const nowMs = Date.UTC(2026, 5, 1);
const dayMs = 86_400_000;
const good: ExaminedCertificate = {
  path: "/etc/cert.pem",
  names: ["tv.example", "*.tv.example", "203.0.113.5"],
  selfSigned: false,
  expiresAtMs: nowMs + 60 * dayMs,
};

const codes = (change: Partial<ExaminedCertificate>, urls: readonly string[] = []): string[] =>
  checkCertificates([{ ...good, ...change }], urls, nowMs).map(({ code }) => code);

describe("checkCertificates", () => {
  it("finds nothing wrong with a good one, and nothing to say where there is none", () => {
    expect(
      codes({}, ["https://tv.example/a", "https://www.tv.example", "https://203.0.113.5"]),
    ).toEqual(["OK"]);
    expect(checkCertificates([], ["https://tv.example"], nowMs)).toEqual([]);
    expect(checkCertificates([good], [], nowMs)[0]?.message).toContain("good for 60 days");
  });

  it.each([
    ["OK", 14 * dayMs],
    ["DOCTOR_CERTIFICATE_ENDS", 14 * dayMs - 1],
    ["DOCTOR_CERTIFICATE_ENDS", 1],
    ["DOCTOR_CERTIFICATE_EXPIRED", 0],
    ["DOCTOR_CERTIFICATE_EXPIRED", -dayMs],
  ])("gives %s for one that ends in %d ms", (code, leftMs) => {
    expect(codes({ expiresAtMs: nowMs + leftMs })).toEqual([code]);
  });

  it.each([
    "https://other.example",
    "https://a.b.tv.example/x",
    "https://example",
    "https://[2001:db8::1]:8443/",
  ])("misses a name for %s", (url) => {
    expect(codes({}, [url, "https://tv.example"])).toEqual(["OK", "DOCTOR_CERTIFICATE_NAME"]);
  });

  it("asks for no name of addresses without TLS", () => {
    expect(codes({}, ["http://other.example"])).toEqual(["OK"]);
  });

  it("says once, with one thing to do, that one is self-signed", () => {
    const own: ExaminedCertificate = { path: "of https.selfSigned", selfSigned: true };
    const checks = checkCertificates([own], ["https://tv.example"], nowMs);
    expect(checks).toMatchObject([{ status: "warn", code: "DOCTOR_CERTIFICATE_SELF_SIGNED" }]);
    expect(checks[0]?.fix).toContain("acme.domains");
    expect(codes({ selfSigned: true })).toEqual(["OK", "DOCTOR_CERTIFICATE_SELF_SIGNED"]);
  });

  it("tells what is wrong with files", () => {
    const problem = "it cannot be read (ENOENT)";
    const checks = checkCertificates([{ path: "/no.pem", problem }], [], nowMs);
    expect(checks).toMatchObject([{ status: "fail", code: "DOCTOR_CERTIFICATE" }]);
    expect(checks[0]?.message).toContain("/no.pem cannot be used: it cannot be read (ENOENT).");
  });
});

describe("disbeliefCheck", () => {
  it.each([
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "DOCTOR_CERTIFICATE_SELF_SIGNED"],
    ["CERT_HAS_EXPIRED", "DOCTOR_CERTIFICATE_EXPIRED"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "DOCTOR_CERTIFICATE_NAME"],
    ["SELF_SIGNED_CERT_IN_CHAIN", "DOCTOR_CERTIFICATE"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "DOCTOR_CERTIFICATE"],
    ["ECONNREFUSED", undefined],
  ])("makes of %s %s", (code, expected) => {
    const check = disbeliefCheck("http", new URL("https://tv.example"), code, "words");
    expect(check?.code).toBe(expected);
    if (check !== undefined) expect([check.id, check.status]).toEqual(["http", "fail"]);
  });
});
