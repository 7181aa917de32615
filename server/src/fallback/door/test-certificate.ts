import { webcrypto } from "node:crypto";

/** A certificate for localhost that nobody believes, and its key; PEM. Made once for a process. */
let made: Promise<{ readonly cert: string; readonly key: string }> | undefined;

export function testCertificate(): Promise<{ readonly cert: string; readonly key: string }> {
  made ??= make();
  return made;
}

async function make(): Promise<{ readonly cert: string; readonly key: string }> {
  const x509 = await import("@peculiar/x509");
  const provider = webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0];
  x509.cryptoProvider.set(provider);
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, [
    "sign",
    "verify",
  ])) as webcrypto.CryptoKeyPair;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=localhost",
    keys: keys as Parameters<typeof x509.X509CertificateGenerator.createSelfSigned>[0]["keys"],
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
  });
  const der = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey));
  const body = der.toString("base64").replace(/.{64}/g, "$&\n");
  const key = `-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----\n`;
  return { cert: certificate.toString("pem"), key };
}
