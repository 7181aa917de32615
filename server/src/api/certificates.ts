import { iso } from "./parts.ts";
import type { CertificatesPart } from "./schemas/server.ts";

/** What administrators are told of certificates. */
export interface CertificateReader {
  facts(): readonly {
    readonly names: readonly string[];
    readonly serial: string;
    readonly fingerprint: string;
    readonly issuer: string;
    readonly selfSigned: boolean;
    readonly notBeforeMs: number;
    readonly expiresAtMs: number;
  }[];
  acmeStatus():
    | {
        readonly domains: readonly string[];
        readonly failure: string | undefined;
        readonly failures: number;
        readonly nextTryMs: number | undefined;
      }
    | undefined;
}

/** Certificates in use, and how it goes with ordering them where they are ordered. */
export function certificatePart(reader: CertificateReader | undefined): CertificatesPart {
  const found = reader?.facts() ?? [];
  const acme = reader?.acmeStatus();
  return {
    certificates: found.map(({ notBeforeMs, expiresAtMs, ...facts }) => ({
      ...facts,
      notBefore: iso(notBeforeMs),
      expiresAt: iso(expiresAtMs),
    })),
    ...(acme && {
      acme: {
        domains: acme.domains,
        failures: acme.failures,
        failure: acme.failure ?? null,
        nextTryAt: acme.nextTryMs === undefined ? null : iso(acme.nextTryMs),
      },
    }),
  };
}
