import {
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from "node:crypto";
import { DerTag, writeDer } from "./der.ts";
import { fingerprintText } from "./fingerprint.ts";

/** Our side's certificate, one for all peers. The key is secret. */
export interface LocalCertificate {
  readonly der: Uint8Array;
  readonly privateKey: KeyObject;
  /** SHA-256 fingerprint as SDP writes it. */
  readonly fingerprint: string;
}

/** `ecdsa-with-SHA256`, RFC 5758 section 3.2. */
const ECDSA_WITH_SHA256 = Uint8Array.of(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02);
/** `id-at-commonName`, RFC 5280 appendix A. */
const COMMON_NAME = Uint8Array.of(0x55, 0x04, 0x03);
const DAY_MS = 86_400_000;
/** Nobody checks the dates of a certificate that is known by its fingerprint; still they are true. */
const VALID_DAYS = 3650;

/** Makes a P-256 key and a self-signed X.509 certificate for it. RFC 5280 section 4.1, RFC 8827 section 6.5. */
export function createCertificate(nowMs: number): LocalCertificate {
  const pair = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "der" },
    privateKeyEncoding: { type: "pkcs8", format: "der" },
  });
  const privateKey = createPrivateKey({ key: pair.privateKey, format: "der", type: "pkcs8" });
  const algorithm = writeDer(DerTag.sequence, writeDer(DerTag.objectIdentifier, ECDSA_WITH_SHA256));
  const name = commonName("millrace");
  const serial = randomBytes(9);
  // A serial number is positive and without leading zeros.
  serial[0] = 0x40 | ((serial[0] ?? 0) & 0x3f);
  const body = writeDer(
    DerTag.sequence,
    writeDer(DerTag.context0, writeDer(DerTag.integer, Uint8Array.of(2))),
    writeDer(DerTag.integer, serial),
    algorithm,
    name,
    writeDer(DerTag.sequence, time(nowMs - DAY_MS), time(nowMs + VALID_DAYS * DAY_MS)),
    name,
    pair.publicKey,
  );
  const signature = sign("sha256", body, privateKey);
  const der = writeDer(
    DerTag.sequence,
    body,
    algorithm,
    writeDer(DerTag.bitString, Uint8Array.of(0), signature),
  );
  return { der, privateKey, fingerprint: fingerprintText(der) };
}

function commonName(text: string): Uint8Array {
  const attribute = writeDer(
    DerTag.sequence,
    writeDer(DerTag.objectIdentifier, COMMON_NAME),
    writeDer(DerTag.utf8String, new TextEncoder().encode(text)),
  );
  return writeDer(DerTag.sequence, writeDer(DerTag.set, attribute));
}

/** RFC 5280 section 4.1.2.5: two-digit years until 2049. */
function time(ms: number): Uint8Array {
  const text = `${new Date(ms).toISOString().replace(/[-T:]|\.\d+/g, "")}`;
  const utc = Number(text.slice(0, 4)) < 2050;
  return writeDer(
    utc ? DerTag.utcTime : DerTag.generalizedTime,
    new TextEncoder().encode(utc ? text.slice(2) : text),
  );
}
