import { constants, createPublicKey, type KeyObject, verify } from "node:crypto";
import { ProtocolError } from "@millrace/media/error";
import { type DerElement, DerTag, readDer, readDerSequence } from "./der.ts";

/** Shortest RSA key that we trust to sign, bits. */
export const MIN_RSA_BITS = 2048;
/** Longest one: verifying costs time. */
export const MAX_RSA_BITS = 8192;

/** How a peer may sign: `SignatureScheme` numbers of RFC 8446 section 4.2.3, which TLS 1.2 shares. */
interface Scheme {
  readonly id: number;
  readonly key: "ec" | "rsa";
  readonly hash: "sha256" | "sha384" | "sha512";
  readonly pss: boolean;
}

const SCHEMES: readonly Scheme[] = [
  { id: 0x0403, key: "ec", hash: "sha256", pss: false },
  { id: 0x0503, key: "ec", hash: "sha384", pss: false },
  { id: 0x0603, key: "ec", hash: "sha512", pss: false },
  { id: 0x0804, key: "rsa", hash: "sha256", pss: true },
  { id: 0x0805, key: "rsa", hash: "sha384", pss: true },
  { id: 0x0806, key: "rsa", hash: "sha512", pss: true },
  { id: 0x0401, key: "rsa", hash: "sha256", pss: false },
  { id: 0x0501, key: "rsa", hash: "sha384", pss: false },
  { id: 0x0601, key: "rsa", hash: "sha512", pss: false },
];

/** The signature schemes we ask for, best first. */
export const PEER_SIGNATURE_SCHEMES: readonly number[] = SCHEMES.map((scheme) => scheme.id);

/** `id-ecPublicKey` with a named curve, as the whole AlgorithmIdentifier. RFC 5480 section 2.1.1. */
const CURVES = [
  { crv: "P-256", size: 32, algorithm: "301306072a8648ce3d020106082a8648ce3d030107" },
  { crv: "P-384", size: 48, algorithm: "301006072a8648ce3d020106052b81040022" },
  { crv: "P-521", size: 66, algorithm: "301006072a8648ce3d020106052b81040023" },
] as const;

/**
 * The public key of an X.509 certificate: P-256, P-384, P-521 or RSA. Neither the certificate's own
 * signature nor its dates matter, since its fingerprint is known. RFC 5280 section 4.1.
 * @throws ProtocolError `DTLS_CERTIFICATE_INVALID`.
 */
export function readPublicKey(certificate: Uint8Array): KeyObject {
  const spki = subjectPublicKeyInfo(certificate);
  if (spki === undefined) throw invalid("the certificate cannot be read");
  const key = readEcKey(spki.contents) ?? readRsaKey(spki.bytes);
  if (key !== undefined) return key;
  throw invalid(
    "the certificate's key is neither P-256, P-384, P-521 nor RSA of 2048 to 8192 bits",
  );
}

/** An uncompressed point on a known curve. As JWK it is imported in a third of the time of DER. */
function readEcKey(contents: Uint8Array): KeyObject | undefined {
  const [algorithm, bits] = readDerSequence(contents) ?? [];
  if (algorithm === undefined || bits?.tag !== DerTag.bitString) return undefined;
  const identifier = Buffer.from(algorithm.bytes).toString("hex");
  const curve = CURVES.find((candidate) => candidate.algorithm === identifier);
  const [unused, form] = bits.contents;
  if (curve === undefined || unused !== 0 || form !== 4) return undefined;
  const point = Buffer.from(bits.contents.subarray(2));
  if (point.length !== 2 * curve.size) return undefined;
  const x = point.subarray(0, curve.size).toString("base64url");
  const y = point.subarray(curve.size).toString("base64url");
  try {
    return createPublicKey({ key: { kty: "EC", crv: curve.crv, x, y }, format: "jwk" });
  } catch {
    return undefined;
  }
}

function readRsaKey(spki: Uint8Array): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
    const rsa = key.asymmetricKeyType === "rsa";
    return rsa && bits >= MIN_RSA_BITS && bits <= MAX_RSA_BITS ? key : undefined;
  } catch {
    return undefined;
  }
}

/** Whether `signature` over `data` was made with the key and one of our schemes. RFC 5246 section 7.4.8. */
export function isSignedBy(
  key: KeyObject,
  schemeId: number,
  data: Uint8Array,
  signature: Uint8Array,
): boolean {
  const scheme = SCHEMES.find((candidate) => candidate.id === schemeId);
  if (scheme === undefined || scheme.key !== key.asymmetricKeyType) return false;
  const padding = scheme.pss
    ? {
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
      }
    : {};
  return verify(scheme.hash, data, { key, ...padding }, signature);
}

/** `tbsCertificate` holds version, serial, algorithm, issuer, validity, subject and then the key. */
function subjectPublicKeyInfo(certificate: Uint8Array): DerElement | undefined {
  const outer = readDer(certificate, 0);
  if (outer?.tag !== DerTag.sequence || outer.bytes.length !== certificate.length) return undefined;
  const body = readDer(outer.contents, 0);
  if (body?.tag !== DerTag.sequence) return undefined;
  const fields = readDerSequence(body.contents);
  const index = fields?.[0]?.tag === DerTag.context0 ? 6 : 5;
  const spki = fields?.[index];
  return spki?.tag === DerTag.sequence ? spki : undefined;
}

function invalid(message: string): ProtocolError {
  return new ProtocolError("DTLS_CERTIFICATE_INVALID", message);
}
