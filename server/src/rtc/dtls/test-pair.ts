import { createCertificate, type LocalCertificate } from "./certificate.ts";
import { type FingerprintHash, fingerprintText, parseFingerprint } from "./fingerprint.ts";
import { DtlsServer } from "./server.ts";
import { type TestClientOptions, TestDtlsClient } from "./test-client.ts";
import { runHandshake } from "./test-link.ts";

const ours = createCertificate(0);
/** The certificate of clients that do nothing wrong. */
export const theirs: LocalCertificate = createCertificate(0);

/** A server that expects the client with that certificate. */
export function serverFor(der: Uint8Array, hash: FingerprintHash = "sha-256"): DtlsServer {
  const fingerprint = parseFingerprint(hash, fingerprintText(der, hash));
  if (fingerprint === undefined) throw new Error("no fingerprint");
  return new DtlsServer(ours, [fingerprint]);
}

/** A client, and a server that expects the certificate `theirs`. */
export function pair(options: Partial<TestClientOptions> = {}): {
  client: TestDtlsClient;
  server: DtlsServer;
} {
  const client = new TestDtlsClient({ der: theirs.der, privateKey: theirs.privateKey, ...options });
  return { client, server: serverFor(theirs.der) };
}

/** Both of them connected. */
export function connectedPair(): { client: TestDtlsClient; server: DtlsServer } {
  const both = pair();
  runHandshake(both.client, both.server);
  if (both.server.state !== "connected") throw new Error(`not connected: ${both.server.reason}`);
  return both;
}
