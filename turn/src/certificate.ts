import { createPrivateKey, X509Certificate } from "node:crypto";

/** A certificate chain and its key, as PEM text. */
export interface PemPair {
  readonly cert: string;
  /** Secret. */
  readonly key: string;
}

/** What matters of a server's certificate. */
export interface CertificateFacts {
  /** Names that clients may know the server by, without those that have `*` in them. RFC 6125 section 6.4. */
  readonly dnsNames: readonly string[];
  readonly expiresAtMs: number;
}

/** What is wrong with a certificate or its key. */
export class CertificateError extends Error {
  override readonly name = "CertificateError";
  /** Which of the two is at fault. */
  readonly part: "cert" | "key";

  constructor(part: "cert" | "key", message: string) {
    super(message);
    this.part = part;
  }
}

/** Reads the first certificate of a chain and sees that the key belongs to it. @throws CertificateError */
export function readCertificate({ cert, key }: PemPair): CertificateFacts {
  const certificate = parse("cert", "no certificate in PEM", () => new X509Certificate(cert));
  const privateKey = parse("key", "no private key in PEM without a passphrase", () =>
    createPrivateKey(key),
  );
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new CertificateError("key", "not the key of the certificate");
  }
  const names = (certificate.subjectAltName ?? "").matchAll(/(?:^|, )DNS:([A-Za-z0-9.-]+)(?=,|$)/g);
  return {
    dnsNames: [...names].map(([, name = ""]) => name),
    expiresAtMs: Date.parse(certificate.validTo),
  };
}

function parse<T>(part: "cert" | "key", message: string, read: () => T): T {
  try {
    return read();
  } catch {
    // The system's words may quote what it read.
    throw new CertificateError(part, message);
  }
}
