import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  webcrypto,
} from "node:crypto";
import { isIP } from "node:net";
import type { PemPair } from "./certificate.ts";

/** Browsers take none that is good for longer (CA/Browser Forum; Apple). */
const lifetimeMs = 397 * 86_400_000;
/** Clocks of clients may be behind. */
const backdatedMs = 3_600_000;

export interface SelfSignedOptions {
  /** Host names and IP addresses. */
  readonly names: readonly string[];
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** PEM of an EC key on P-256; default: a new one. Secret. */
  readonly key?: string | undefined;
}

/** Makes a certificate that its own key signs, for whoever says that he believes it. */
export async function makeSelfSigned({ names, nowMs, key }: SelfSignedOptions): Promise<PemPair> {
  // Only who needs it pays for loading it.
  const x509 = await import("@peculiar/x509");
  x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);
  const pem = key ?? newKey();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    // RFC 5280 section 4.1.2.2: positive, at most 20 bytes.
    serialNumber: `01${randomBytes(15).toString("hex")}`,
    name: "CN=Millrace self-signed",
    notBefore: new Date(nowMs - backdatedMs),
    notAfter: new Date(nowMs - backdatedMs + lifetimeMs),
    keys: await importKeys(pem),
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIP(value) === 0 ? "dns" : "ip", value }) as const),
      ),
    ],
  });
  return { cert: `${certificate.toString("pem")}\n`, key: pem };
}

function newKey(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ type: "pkcs8", format: "pem" }) as string;
}

async function importKeys(pem: string): Promise<webcrypto.CryptoKeyPair> {
  const { subtle } = webcrypto;
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const privateDer = createPrivateKey(pem).export({ type: "pkcs8", format: "der" });
  const publicDer = createPublicKey(pem).export({ type: "spki", format: "der" });
  return {
    privateKey: await subtle.importKey("pkcs8", privateDer, algorithm, false, ["sign"]),
    publicKey: await subtle.importKey("spki", publicDer, algorithm, true, ["verify"]),
  } as webcrypto.CryptoKeyPair;
}
