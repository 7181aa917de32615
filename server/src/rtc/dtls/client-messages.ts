import { malformed, TlsReader } from "./tls-reader.ts";

/** The client's own certificate, the first of its chain. RFC 5246 section 7.4.6. @throws ProtocolError `DTLS_MALFORMED`. */
export function parseCertificate(body: Uint8Array): Uint8Array {
  const reader = new TlsReader(body);
  const chain = new TlsReader(reader.vector(3));
  reader.end();
  if (chain.left === 0) throw malformed("the client shows no certificate");
  const first = chain.vector(3);
  while (chain.left > 0) chain.vector(3);
  return first;
}

/** The client's public point. RFC 8422 section 5.7. @throws ProtocolError `DTLS_MALFORMED`. */
export function parseClientKeyExchange(body: Uint8Array): Uint8Array {
  const reader = new TlsReader(body);
  const point = reader.vector(1);
  reader.end();
  return point;
}

/** RFC 5246 section 7.4.8. @throws ProtocolError `DTLS_MALFORMED`. */
export function parseCertificateVerify(body: Uint8Array): {
  readonly scheme: number;
  readonly signature: Uint8Array;
} {
  const reader = new TlsReader(body);
  const scheme = reader.uint16();
  const signature = reader.vector(2);
  reader.end();
  return { scheme, signature };
}
