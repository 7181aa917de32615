import { expect, it } from "vitest";
import { ConfigError } from "./config-error.ts";
import { loadConfig } from "./load.ts";

function problems({ args }: { args: string[] }): readonly string[] {
  try {
    loadConfig({ args, readFile: () => "" });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

it("refuses keys that contradict each other", () => {
  const found = (...args: string[]) => problems({ args });
  const files = ["--https-cert=a.pem", "--https-key=b.pem"];
  const acme = ["--acme-domains=a.example", "--acme-terms-agreed"];
  const selfSigned = "--https-self-signed";
  for (const args of [files, acme, [selfSigned]]) {
    expect(found(...args)).toEqual([]);
    expect(found(...args, "--rtmps-enabled", "--turn-tls-port=5349")).toEqual([]);
    expect(found(...args, "--https-redirect")).toEqual([]);
  }
  expect(found("--https-cert=a.pem")[0]).toContain("https.cert and https.key go together");
  expect(found(...files, selfSigned)[0]).toContain("only one of");
  expect(found(...acme, selfSigned)[0]).toContain("only one of");
  expect(found("--acme-domains=a.example")[0]).toContain("acme.termsAgreed");
  expect(found("--rtmps-enabled")[0]).toContain("rtmps.enabled needs a certificate");
  expect(found("--https-redirect")[0]).toContain("https.redirect needs HTTPS");
  expect(found("--https-redirect", "--http-public-urls=https://a.example")).toEqual([]);
  expect(found("--acme-eab-key-id=a")[0]).toContain("go together");
  const more = '--https-more-certificates=[{"cert":"a","key":"b"}]';
  expect(found(more)[0]).toContain("https.moreCertificates needs");
  expect(found(...files, more)).toEqual([]);
  for (const wrong of ["*.example", "10.0.0.1", "a_b"]) {
    expect(found(`--acme-domains=${wrong}`, "--acme-terms-agreed")).toHaveLength(1);
  }
  expect(found("--acme-directory-url=http://a.example")).toHaveLength(1);
});
