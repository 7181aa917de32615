import { createSecretKey } from "node:crypto";
import type { SrtpProfile } from "../peer.ts";
import { CounterModeCipher } from "../srtp/counter-mode-cipher.ts";
import { GcmCipher } from "../srtp/gcm-cipher.ts";
import { deriveSessionKeys, type SessionKeys } from "../srtp/key-derivation.ts";
import type { PacketCipher } from "../srtp/packet-cipher.ts";

export interface TestPacket {
  readonly header: Uint8Array;
  readonly payload: Uint8Array;
  readonly ssrc: number;
  readonly index: number;
}

/** Seals packets of one peer, all handed over before the first is taken. */
export type TestSealer = (packets: readonly TestPacket[]) => readonly Uint8Array[];

/** A tier as the self-test sees it: what seals with these session keys. */
export type OpenTestSealer = (profile: SrtpProfile, keys: SessionKeys) => TestSealer;

interface Vector {
  readonly name: string;
  readonly profile: SrtpProfile;
  readonly keys: SessionKeys;
  readonly packet: TestPacket;
  /** What the sealed packet contains, and where. */
  readonly at: number;
  readonly sealed: string;
}

const profiles: readonly SrtpProfile[] = ["AEAD_AES_128_GCM", "AES_CM_128_HMAC_SHA1_80"];
const headerBytes = [12, 20, 32];
const payloadBytes = [0, 1, 15, 16, 17, 63, 64, 65, 1142];
/** The first packet, the last before the sequence number wraps, and one with a large roll-over counter. */
const indexes = [0, 0xffff, 0x10000, 0xfffe_dcba_9876];
const maxTagBytes = 16;

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

const vectors: readonly Vector[] = [
  {
    name: "RFC 7714 section 16.1",
    profile: "AEAD_AES_128_GCM",
    keys: {
      cipher: createSecretKey(hex("000102030405060708090a0b0c0d0e0f")),
      auth: undefined,
      salt: hex("517569642070726f2071756f"),
    },
    packet: {
      header: hex("8040f17b8041f8d35501a0b2"),
      payload: hex("47616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573"),
      ssrc: 0x5501a0b2,
      index: 0xf17b,
    },
    at: 0,
    sealed:
      "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a" +
      "51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce",
  },
  {
    name: "RFC 3711 appendix B.2",
    profile: "AES_CM_128_HMAC_SHA1_80",
    keys: {
      cipher: createSecretKey(hex("2b7e151628aed2a6abf7158809cf4f3c")),
      auth: createSecretKey(new Uint8Array(20)),
      salt: hex("f0f1f2f3f4f5f6f7f8f9fafbfcfd"),
    },
    packet: { header: new Uint8Array(12), payload: new Uint8Array(48), ssrc: 0, index: 0 },
    at: 12,
    sealed:
      "e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab" +
      "41e95b3bb0a2e8dd477901e4fca894c0",
  },
];

/** Seals the packets of the specifications, and packets of many lengths as the node tier does. Returns what is wrong. */
export function testTier(open: OpenTestSealer): string | undefined {
  for (const { name, profile, keys, packet, at, sealed } of vectors) {
    const [made = new Uint8Array()] = open(profile, keys)([packet]);
    if (hexOf(made.subarray(at, at + sealed.length / 2)) !== sealed) return `${name} differs`;
  }
  for (const profile of profiles) {
    const keys = sessionKeys(profile);
    const packets = testPackets();
    const made = open(profile, keys)(packets);
    const right = openNode(profile, keys)(packets);
    const wrong = packets.findIndex(
      (_, i) => Buffer.compare(made[i] ?? new Uint8Array(), right[i] ?? new Uint8Array()) !== 0,
    );
    const packet = packets[wrong];
    if (packet === undefined) continue;
    const bytes = `${packet.header.length}+${packet.payload.length}`;
    return `${profile} differs at ${bytes} bytes, index ${packet.index}`;
  }
  return undefined;
}

/** The node tier for `testTier`, which then compares it with the specifications alone. */
export const openNode: OpenTestSealer = (profile, keys) => {
  const cipher = cipherOf(profile, keys);
  return (packets) =>
    packets.map(({ header, payload, ssrc, index }) => {
      const out = new Uint8Array(header.length + payload.length + maxTagBytes);
      out.set(header);
      const length = cipher.sealRtp(out, 0, header.length, undefined, payload, ssrc, index);
      return out.subarray(0, length);
    });
};

/** What all tiers have of the node tier: how session keys are derived, and RTCP. Returns what is wrong. */
export function testShared(): string | undefined {
  const master = {
    key: hex("e1f97a0d3e018be0d64fa32c06de4139"),
    salt: hex("0ec675ad498afeebb6960b3aabe6"),
  };
  const derived = deriveSessionKeys("AES_CM_128_HMAC_SHA1_80", master, "rtp");
  const parts = [derived.cipher.export(), derived.salt, derived.auth?.export() ?? hex("")];
  const expected =
    "c61e7a93744f39ee10734afe3ff7a087" +
    "30cbbc08863d8c85d49db34a9ae1" +
    "cebe321f6ff7716b6fd4ab49af256a156d38baa4";
  if (parts.map(hexOf).join("") !== expected) return "RFC 3711 appendix B.3 differs";
  const plain = hex(
    "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61" +
      "deadbeefdeadbeefdeadbeefdeadbeefdeadbeef",
  );
  const sealed =
    "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda" +
    "4ce09b4686303ded0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4";
  const keys = (vectors[0] as Vector).keys;
  const out = new Uint8Array(plain.length + 20);
  const length = new GcmCipher({ rtp: keys, rtcp: keys }).sealRtcp(out, 0, plain, 0x5d4);
  return hexOf(out.subarray(0, length)) === sealed ? undefined : "RFC 7714 section 17.1 differs";
}

function cipherOf(profile: SrtpProfile, keys: SessionKeys): PacketCipher {
  return profile === "AEAD_AES_128_GCM"
    ? new GcmCipher({ rtp: keys, rtcp: keys })
    : new CounterModeCipher({ rtp: keys, rtcp: keys });
}

function sessionKeys(profile: SrtpProfile): SessionKeys {
  const key = pattern(16, 5);
  const salt = pattern(profile === "AEAD_AES_128_GCM" ? 12 : 14, 11);
  return deriveSessionKeys(profile, { key, salt }, "rtp");
}

function testPackets(): readonly TestPacket[] {
  return indexes.flatMap((index) =>
    payloadBytes.flatMap((bytes) =>
      headerBytes.map((head) => ({
        header: pattern(head, 11),
        payload: pattern(bytes, 29),
        ssrc: 0xdeadbeef,
        index,
      })),
    ),
  );
}

function pattern(bytes: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, at) => (at * 37 + seed) & 0xff);
}
