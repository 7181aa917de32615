import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";

/** A certificate chain and its key, as PEM text. */
export interface PemPair {
  readonly cert: string;
  /** Secret. */
  readonly key: string;
}

/** What is told of a certificate. */
export interface CertificateFacts {
  /** DNS names and IP addresses that it is for (RFC 5280 section 4.2.1.6). */
  readonly names: readonly string[];
  /** In hexadecimal, as OpenSSL writes it. */
  readonly serial: string;
  /** SHA-256 of the whole certificate, bytes parted by colons. */
  readonly fingerprint: string;
  /** The name of who signed it; its own when it is self-signed. */
  readonly issuer: string;
  readonly selfSigned: boolean;
  /** Milliseconds since 1970. */
  readonly notBeforeMs: number;
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number;
}

export type CertificateErrorCode =
  | "CERTIFICATE_UNREADABLE"
  | "CERTIFICATE_INVALID"
  | "CERTIFICATE_KEY_INVALID"
  | "CERTIFICATE_KEY_MISMATCH"
  | "CERTIFICATE_EXPIRED";

/** What is wrong with a certificate or its key. The message never quotes either. */
export class CertificateError extends Error {
  override readonly name = "CertificateError";
  readonly code: CertificateErrorCode;

  constructor(code: CertificateErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

const blockPattern = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^-]+-----END [A-Z0-9 ]+-----/g;
const beginPattern = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/g;
/** Longer chains are none that a browser would follow. */
const maxChain = 10;

/** Reads a chain and sees that the key belongs to its first certificate and that TLS takes both. @throws CertificateError */
export function readPair({ cert, key }: PemPair): CertificateFacts {
  const leaf = readChain(cert);
  if (!leaf.checkPrivateKey(readKey(key))) {
    throw new CertificateError(
      "CERTIFICATE_KEY_MISMATCH",
      "the key is not that of the certificate",
    );
  }
  try {
    createSecureContext({ cert, key });
  } catch {
    throw new CertificateError("CERTIFICATE_INVALID", "TLS does not take the certificate");
  }
  return factsOf(leaf);
}

/** The first certificate; every block of the chain is one. */
function readChain(pem: string): X509Certificate {
  const blocks = pem.match(blockPattern) ?? [];
  const begun = pem.match(beginPattern)?.length ?? 0;
  const [first] = blocks;
  if (first === undefined || blocks.length !== begun || blocks.length > maxChain) {
    throw new CertificateError("CERTIFICATE_INVALID", "there is no whole certificate chain in PEM");
  }
  try {
    const chain = blocks.map((block) => new X509Certificate(block));
    return chain[0] ?? new X509Certificate(first);
  } catch {
    // The system's words may quote what it read.
    throw new CertificateError("CERTIFICATE_INVALID", "a certificate of the chain cannot be read");
  }
}

function readKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw new CertificateError(
      "CERTIFICATE_KEY_INVALID",
      "there is no private key in PEM without a passphrase",
    );
  }
}

function factsOf(certificate: X509Certificate): CertificateFacts {
  const { subject, issuer, serialNumber, fingerprint256, validFrom, validTo } = certificate;
  return {
    names: namesOf(certificate.subjectAltName ?? ""),
    serial: serialNumber,
    fingerprint: fingerprint256,
    issuer: commonName(issuer),
    selfSigned: subject === issuer && certificate.verify(certificate.publicKey),
    notBeforeMs: Date.parse(validFrom),
    expiresAtMs: Date.parse(validTo),
  };
}

/** Of Node's text for a subjectAltName. Values that it had to quote are no host names. */
function namesOf(text: string): string[] {
  const found = text.matchAll(/(?:^|, )(?:DNS|IP Address):([A-Za-z0-9.:*_-]+)(?=,|$)/g);
  return [...found].map(([, name = ""]) => plainName(name));
}

/** OpenSSL writes IPv6 addresses in capitals and in full. */
function plainName(name: string): string {
  if (!name.includes(":")) return name.toLowerCase();
  return new URL(`http://[${name}]/`).hostname.slice(1, -1);
}

function commonName(distinguished: string): string {
  return (
    /(?:^|\n)CN=(.*)/.exec(distinguished)?.[1] ?? /(?:^|\n)O=(.*)/.exec(distinguished)?.[1] ?? ""
  );
}

/** Whether a certificate for `names` is one for `host` (RFC 6125 section 6.4.3): a `*` stands for one whole first label. */
export function coversHost(names: readonly string[], host: string): boolean {
  const asked = host.toLowerCase();
  const dot = asked.indexOf(".");
  const wild = dot > 0 ? `*${asked.slice(dot)}` : "";
  return names.some((name) => name === asked || (wild !== "" && name === wild));
}
