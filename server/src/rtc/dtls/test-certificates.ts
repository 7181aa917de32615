import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { DerTag, writeDer } from "./der.ts";

const ALGORITHM = writeDer(
  DerTag.sequence,
  writeDer(DerTag.objectIdentifier, Uint8Array.of(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02)),
);
const TIME = writeDer(DerTag.utcTime, new TextEncoder().encode("250101000000Z"));

const rsaKeys = new Map<number, ReturnType<typeof generateRsa>>();

function generateRsa(bits: number): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync("rsa", { modulusLength: bits });
}

/** Making RSA keys is slow: one of each length serves all tests of a file. */
function rsaKey(bits: number): { publicKey: KeyObject; privateKey: KeyObject } {
  const pair = rsaKeys.get(bits) ?? generateRsa(bits);
  rsaKeys.set(bits, pair);
  return pair;
}

/** A certificate for tests, with a key of that kind. Its own signature is empty: nobody looks at it. */
export function selfSigned(
  kind: "P-256" | "P-384" | "P-521" | "rsa" | "ed25519",
  bits = 2048,
): { der: Uint8Array; privateKey: KeyObject } {
  const { publicKey, privateKey } =
    kind === "rsa"
      ? rsaKey(bits)
      : kind === "ed25519"
        ? generateKeyPairSync("ed25519")
        : generateKeyPairSync("ec", { namedCurve: kind });
  const body = writeDer(
    DerTag.sequence,
    writeDer(DerTag.context0, writeDer(DerTag.integer, Uint8Array.of(2))),
    writeDer(DerTag.integer, Uint8Array.of(1)),
    ALGORITHM,
    writeDer(DerTag.sequence),
    writeDer(DerTag.sequence, TIME, TIME),
    writeDer(DerTag.sequence),
    publicKey.export({ type: "spki", format: "der" }),
  );
  const der = writeDer(
    DerTag.sequence,
    body,
    ALGORITHM,
    writeDer(DerTag.bitString, Uint8Array.of(0)),
  );
  return { der, privateKey };
}
