import { createHmac, timingSafeEqual } from "node:crypto";

/** Length of C1, C2, S1 and S2. RTMP 1.0 section 5.2.3. */
export const handshakeBytes = 1536;
export const digestBytes = 32;

/** Where in C1 or S1 the digest's own offset stands: scheme 0 has the key block first, scheme 1 the digest block. */
const offsetField = [772, 8] as const;
const digestSlots = 728;

export type DigestScheme = 0 | 1;

const tail = Buffer.from("f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae", "hex");

/** What clients sign C1 with. */
export const clientKey: Buffer = Buffer.from("Genuine Adobe Flash Player 001");
/** What servers sign S1 with. */
export const serverKey: Buffer = Buffer.from("Genuine Adobe Flash Media Server 001");
/** What the other side's digest is keyed with to sign C2 and S2. */
export const clientFullKey: Buffer = Buffer.concat([clientKey, tail]);
export const serverFullKey: Buffer = Buffer.concat([serverKey, tail]);

export function hmac(key: Uint8Array, data: Uint8Array): Buffer {
  return createHmac("sha256", key).update(data).digest();
}

/** Offset of the digest in C1 or S1. */
function digestOffset(packet: Uint8Array, scheme: DigestScheme): number {
  const field = offsetField[scheme];
  let sum = 0;
  for (let index = 0; index < 4; index++) sum += packet[field + index] ?? 0;
  return field + 4 + (sum % digestSlots);
}

/** HMAC-SHA256 over C1 or S1 without the digest itself. */
function digestAt(packet: Uint8Array, offset: number, key: Uint8Array): Buffer {
  return createHmac("sha256", key)
    .update(packet.subarray(0, offset))
    .update(packet.subarray(offset + digestBytes))
    .digest();
}

/** Signs C1 or S1 in place. Returns the digest. */
export function imprintDigest(packet: Uint8Array, scheme: DigestScheme, key: Uint8Array): Buffer {
  const offset = digestOffset(packet, scheme);
  const digest = digestAt(packet, offset, key);
  packet.set(digest, offset);
  return digest;
}

/** The digest in C1 or S1 and the scheme that it follows; undefined when neither fits. */
export function findDigest(
  packet: Uint8Array,
  key: Uint8Array,
): { readonly scheme: DigestScheme; readonly digest: Uint8Array } | undefined {
  for (const scheme of [0, 1] as const) {
    const offset = digestOffset(packet, scheme);
    const digest = packet.subarray(offset, offset + digestBytes);
    if (timingSafeEqual(digestAt(packet, offset, key), digest)) return { scheme, digest };
  }
  return undefined;
}

/** Signs C2 or S2 in place: the last 32 bytes prove that the sender saw the other side's digest. */
export function signEcho(packet: Uint8Array, digest: Uint8Array, fullKey: Uint8Array): void {
  const body = packet.subarray(0, handshakeBytes - digestBytes);
  packet.set(hmac(hmac(fullKey, digest), body), handshakeBytes - digestBytes);
}
