import { sign } from "node:crypto";
import { randomArray } from "../../core/random.ts";
import type { LocalCertificate } from "./certificate.ts";
import {
  CIPHER_SUITE,
  type ClientHello,
  CURVE_P256,
  Extension,
  type Negotiated,
  OUR_SIGNATURE_SCHEME,
} from "./client-hello.ts";
import { PEER_SIGNATURE_SCHEMES } from "./peer-certificate.ts";
import { DTLS_1_2 } from "./record.ts";
import { join, writeUint16, writeVector } from "./tls-writer.ts";

/** `named_curve`, RFC 8422 section 5.4. */
const NAMED_CURVE = 3;
/** `ecdsa_sign` and `rsa_sign`, RFC 5246 section 7.4.4 and RFC 8422 section 5.5. */
const CLIENT_CERTIFICATE_TYPES = Uint8Array.of(64, 1);

export function createServerRandom(): Uint8Array<ArrayBuffer> {
  return randomArray(32);
}

/** RFC 5246 section 7.4.1.3. Only extensions that the client sent are answered. */
export function writeServerHello(serverRandom: Uint8Array, negotiated: Negotiated): Uint8Array {
  const extensions = [
    extension(Extension.extendedMasterSecret, new Uint8Array()),
    extension(
      Extension.useSrtp,
      join([writeVector(2, writeUint16(negotiated.srtp.id)), Uint8Array.of(0)]),
    ),
  ];
  if (negotiated.renegotiationInfo) {
    extensions.push(extension(Extension.renegotiationInfo, Uint8Array.of(0)));
  }
  if (negotiated.pointFormats) {
    extensions.push(extension(Extension.ecPointFormats, Uint8Array.of(1, 0)));
  }
  return join([
    writeUint16(DTLS_1_2),
    serverRandom,
    Uint8Array.of(0),
    writeUint16(CIPHER_SUITE),
    Uint8Array.of(0),
    writeVector(2, ...extensions),
  ]);
}

/** RFC 5246 section 7.4.2: a chain of one. */
export function writeCertificate(der: Uint8Array): Uint8Array {
  return writeVector(3, writeVector(3, der));
}

/** RFC 8422 section 5.4, signed with our certificate's key. */
export function writeServerKeyExchange(
  hello: ClientHello,
  serverRandom: Uint8Array,
  publicPoint: Uint8Array,
  certificate: LocalCertificate,
): Uint8Array {
  const parameters = join([
    Uint8Array.of(NAMED_CURVE),
    writeUint16(CURVE_P256),
    writeVector(1, publicPoint),
  ]);
  const signed = join([hello.random, serverRandom, parameters]);
  const signature = sign("sha256", signed, certificate.privateKey);
  return join([parameters, writeUint16(OUR_SIGNATURE_SCHEME), writeVector(2, signature)]);
}

/** Body of CertificateRequest, the same for everybody. RFC 5246 section 7.4.4. */
export const CERTIFICATE_REQUEST: Uint8Array = join([
  writeVector(1, CLIENT_CERTIFICATE_TYPES),
  writeVector(2, writeUint16(...PEER_SIGNATURE_SCHEMES)),
  writeVector(2),
]);

function extension(type: number, data: Uint8Array): Uint8Array {
  return join([writeUint16(type), writeVector(2, data)]);
}
