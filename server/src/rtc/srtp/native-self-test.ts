import type { SrtpMaster, SrtpProfile } from "../peer.ts";
import { type NativeSrtp, nativeCiphers } from "./native-cipher.ts";
import { createPacketCipher, type PacketCipher } from "./packet-cipher.ts";

const profiles: readonly SrtpProfile[] = ["AEAD_AES_128_GCM", "AES_CM_128_HMAC_SHA1_80"];
const headerSizes = [12, 20, 32];
const bodySizes = [0, 1, 15, 16, 17, 63, 64, 65, 1142];
/** The first packet, the last before the sequence number wraps, and one with a large roll-over counter. */
const rtpIndexes = [0, 0xffff, 0x10000, 0xfffe_dcba_9876];
const rtcpIndexes = [0, 1, 0xffff, 0x10000, 0x7ffffffe];
const ssrc = 0xdeadbeef;
const rtcpHeaderBytes = 8;

/** RFC 7714 sections 16.1, 17.1 and 17.3: session keys and what is made with them. */
export const gcmVectors = {
  key: "000102030405060708090a0b0c0d0e0f",
  salt: "517569642070726f2071756f",
  rtp: {
    plain:
      "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573",
    sealed:
      "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce",
  },
  rtcp: {
    plain:
      "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef",
    sealed:
      "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4",
    /** Authenticated, not encrypted. */
    tagged:
      "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef841dd9683dd78ec92ae58790125f62b3000005d4",
  },
} as const;

/** RFC 3711 appendix B.2: the key stream of sequence number 0 of SSRC 0. */
export const counterModeVectors = {
  key: "2b7e151628aed2a6abf7158809cf4f3c",
  salt: "f0f1f2f3f4f5f6f7f8f9fafbfcfd",
  keyStream:
    "e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab41e95b3bb0a2e8dd477901e4fca894c0",
} as const;

/**
 * Seals and opens with the native ciphers what the RFCs give and, in many lengths, what node:crypto gives; and has
 * forgeries refused. Returns what is wrong, undefined when nothing is.
 */
export function testNativeSrtp(native: NativeSrtp): string | undefined {
  const create = nativeCiphers(native);
  for (const profile of profiles) {
    const ours = create(profile, testMaster(profile));
    const theirs = createPacketCipher(profile, testMaster(profile));
    const fault = compareRtp(ours, theirs) ?? compareRtcp(ours, theirs);
    if (fault !== undefined) return `${profile}: ${fault}`;
  }
  return testGcmVectors(native) ?? testCounterModeVectors(native);
}

function compareRtp(ours: PacketCipher, theirs: PacketCipher): string | undefined {
  for (const headerBytes of headerSizes) {
    for (const bodyBytes of bodySizes) {
      for (const index of rtpIndexes) {
        const seal = (cipher: PacketCipher): Uint8Array => {
          const out = pattern(headerBytes + bodyBytes + cipher.rtpOverheadBytes);
          const body = pattern(bodyBytes);
          const prefix = bodyBytes > 1 ? body.subarray(0, 1) : undefined;
          const rest = body.subarray(prefix?.length ?? 0);
          const length = cipher.sealRtp(out, 0, headerBytes, prefix, rest, ssrc, index);
          return out.subarray(0, length);
        };
        const sealed = seal(theirs);
        const what = `RTP of ${headerBytes}+${bodyBytes} bytes, index ${index}`;
        if (!isSame(seal(ours), sealed)) return `${what} is sealed otherwise`;
        const opened = new Uint8Array(headerBytes + bodyBytes);
        const plain = Buffer.concat([sealed.subarray(0, headerBytes), pattern(bodyBytes)]);
        if (!ours.openRtp(opened, sealed, headerBytes, ssrc, index) || !isSame(opened, plain)) {
          return `${what} is not opened`;
        }
        if (ours.openRtp(opened, sealed, headerBytes, ssrc, index + 0x10000)) {
          return `${what} is opened with another index`;
        }
        for (const forged of forgeries(sealed)) {
          if (ours.openRtp(opened, forged, headerBytes, ssrc, index)) return `forged ${what} opens`;
        }
      }
    }
  }
  return undefined;
}

function compareRtcp(ours: PacketCipher, theirs: PacketCipher): string | undefined {
  for (const bodyBytes of bodySizes) {
    for (const index of rtcpIndexes) {
      const plain = pattern(rtcpHeaderBytes + bodyBytes);
      const seal = (cipher: PacketCipher): Uint8Array => {
        const out = new Uint8Array(plain.length + cipher.rtcpOverheadBytes);
        return out.subarray(0, cipher.sealRtcp(out, 0, plain, index));
      };
      const sealed = seal(theirs);
      const what = `RTCP of ${plain.length} bytes, index ${index}`;
      if (!isSame(seal(ours), sealed)) return `${what} is sealed otherwise`;
      if (ours.rtcpIndex(sealed) !== index) return `the index of ${what} is not found`;
      const opened = new Uint8Array(sealed.length);
      const length = ours.openRtcp(opened, sealed);
      if (!isSame(opened.subarray(0, length), plain)) return `${what} is not opened`;
      for (const forged of forgeries(sealed)) {
        if (ours.openRtcp(opened, forged) !== 0) return `forged ${what} opens`;
      }
    }
  }
  return undefined;
}

function testGcmVectors(native: NativeSrtp): string | undefined {
  const keys = [hex(gcmVectors.key), hex(gcmVectors.salt), undefined] as const;
  const [seals, opens] = [native.srtp(...keys, false), native.srtp(...keys, true)];
  const { rtp, rtcp } = gcmVectors;
  const [rtpPlain, rtpSealed] = [hex(rtp.plain), hex(rtp.sealed)];
  const place = [0x5501a0b2, 0, 0xf17b] as const;
  const out = new Uint8Array(rtpSealed.length);
  out.set(rtpPlain.subarray(0, 12));
  native.srtpSeal(seals, out, 0, 12, undefined, rtpPlain.subarray(12), ...place);
  if (!isSame(out, rtpSealed)) return "RFC 7714 section 16.1 is sealed otherwise";
  const opened = new Uint8Array(rtpPlain.length);
  if (!native.srtpOpen(opens, opened, rtpSealed, 12, ...place) || !isSame(opened, rtpPlain)) {
    return "RFC 7714 section 16.1 is not opened";
  }
  const [plain, sealed, tagged] = [hex(rtcp.plain), hex(rtcp.sealed), hex(rtcp.tagged)];
  const made = new Uint8Array(sealed.length);
  native.srtcpSeal(seals, made, 0, plain, 0x5d4);
  if (!isSame(made, sealed)) return "RFC 7714 section 17.1 is sealed otherwise";
  for (const packet of [sealed, tagged]) {
    const length = native.srtcpOpen(opens, made, packet);
    if (!isSame(made.subarray(0, length), plain)) return "RFC 7714 section 17 is not opened";
  }
  return undefined;
}

function testCounterModeVectors(native: NativeSrtp): string | undefined {
  const { key, salt, keyStream } = counterModeVectors;
  const session = native.srtp(hex(key), hex(salt), new Uint8Array(20), false);
  const stream = hex(keyStream);
  const out = new Uint8Array(12 + stream.length + 10);
  native.srtpSeal(session, out, 0, 12, undefined, new Uint8Array(stream.length), 0, 0, 0);
  return isSame(out.subarray(12, 12 + stream.length), stream) ? undefined : "RFC 3711 appendix B.2";
}

/** One bit changed in the tag's first and last byte, in the middle and in the header; and a packet cut short. */
function forgeries(sealed: Uint8Array): Uint8Array[] {
  const places = [1, sealed.length >> 1, sealed.length - 10, sealed.length - 1];
  return [
    ...places.map((at) => {
      const forged = Uint8Array.from(sealed);
      forged[at] = (forged[at] ?? 0) ^ 0x04;
      return forged;
    }),
    Uint8Array.from(sealed.subarray(1)),
  ].filter((forged) => forged.length >= 32 + 16);
}

function testMaster(profile: SrtpProfile): SrtpMaster {
  return { key: pattern(16), salt: pattern(profile === "AEAD_AES_128_GCM" ? 12 : 14) };
}

function pattern(bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, at) => (at * 37 + 11) & 0xff);
}

function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "hex"));
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
