import { ProtocolError } from "@millrace/media/error";
import { DTLS_1_2 } from "./record.ts";
import { SRTP_PROFILES } from "./srtp-export.ts";
import { malformed, TlsReader } from "./tls-reader.ts";

/** `TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256`, RFC 5289 section 3.2. */
export const CIPHER_SUITE = 0xc02b;
/** `secp256r1`, RFC 8422 section 5.1.1. */
export const CURVE_P256 = 23;
/** `ecdsa_secp256r1_sha256`, how we sign. */
export const OUR_SIGNATURE_SCHEME = 0x0403;
/** RFC 5746 section 3.3. */
const EMPTY_RENEGOTIATION_INFO_SCSV = 0x00ff;

/** IANA "TLS ExtensionType Values". */
export const Extension = {
  supportedGroups: 10,
  ecPointFormats: 11,
  signatureAlgorithms: 13,
  useSrtp: 14,
  extendedMasterSecret: 23,
  supportedVersions: 43,
  renegotiationInfo: 0xff01,
} as const;

const MAX_EXTENSIONS = 64;

export interface ClientHello {
  readonly random: Uint8Array;
  readonly version: number;
  readonly cipherSuites: readonly number[];
  readonly compressions: Uint8Array;
  readonly extensions: ReadonlyMap<number, Uint8Array>;
}

/** What client and server have in common. */
export interface Negotiated {
  readonly srtp: (typeof SRTP_PROFILES)[number];
  /** Whether the client understands `renegotiation_info`. RFC 5746. */
  readonly renegotiationInfo: boolean;
  /** Whether the client sent `ec_point_formats`, which is then answered. RFC 8422 section 5.1.2. */
  readonly pointFormats: boolean;
}

/** RFC 6347 section 4.2.1, RFC 5246 section 7.4.1.2. @throws ProtocolError `DTLS_MALFORMED`. */
export function parseClientHello(body: Uint8Array): ClientHello {
  const reader = new TlsReader(body);
  const version = reader.uint16();
  const random = reader.bytes(32);
  if (reader.vector(1).length > 32) throw malformed("session id of more than 32 bytes");
  // The cookie has no meaning: only peers that passed an authenticated ICE check are answered at all.
  reader.vector(1);
  const cipherSuites = reader.numbers16(2);
  const compressions = reader.vector(1);
  const extensions = new Map<number, Uint8Array>();
  if (reader.left > 0) {
    const list = new TlsReader(reader.vector(2));
    while (list.left > 0) {
      const type = list.uint16();
      if (extensions.has(type)) throw malformed("an extension occurs twice");
      if (extensions.size === MAX_EXTENSIONS) throw malformed("too many extensions");
      extensions.set(type, list.vector(2));
    }
  }
  reader.end();
  return { random, version, cipherSuites, compressions, extensions };
}

/**
 * Finds what both sides can do.
 * @throws ProtocolError `DTLS_VERSION`, `DTLS_NO_COMMON_PARAMETERS`, `DTLS_MALFORMED`.
 */
export function negotiate(hello: ClientHello): Negotiated {
  const { extensions } = hello;
  if (!offersDtls12(hello)) throw new ProtocolError("DTLS_VERSION", "the peer has no DTLS 1.2");
  if (!hello.cipherSuites.includes(CIPHER_SUITE)) throw noCommon("the cipher suite");
  if (!hello.compressions.includes(0)) throw malformed("null compression is not offered");
  if (!list16(extensions.get(Extension.supportedGroups)).includes(CURVE_P256))
    throw noCommon("P-256");
  if (!list16(extensions.get(Extension.signatureAlgorithms)).includes(OUR_SIGNATURE_SCHEME)) {
    throw noCommon("ECDSA with SHA-256");
  }
  const formats = extensions.get(Extension.ecPointFormats);
  if (formats !== undefined && !wholeVector(formats, 1).includes(0)) {
    throw noCommon("uncompressed points");
  }
  const ems = extensions.get(Extension.extendedMasterSecret);
  if (ems === undefined) throw noCommon("the extended master secret");
  if (ems.length !== 0) throw malformed("extended_master_secret is not empty");
  return {
    srtp: negotiateSrtp(extensions.get(Extension.useSrtp)),
    renegotiationInfo: offersRenegotiationInfo(hello),
    pointFormats: formats !== undefined,
  };
}

/** RFC 8446 section 4.2.1: a client that lists its versions says 1.2 elsewhere whatever it can. */
function offersDtls12({ version, extensions }: ClientHello): boolean {
  const listed = extensions.get(Extension.supportedVersions);
  if (listed !== undefined) {
    const reader = new TlsReader(listed);
    const versions = reader.numbers16(1);
    reader.end();
    return versions.includes(DTLS_1_2);
  }
  // DTLS versions count downwards.
  return version >> 8 === DTLS_1_2 >> 8 && version <= DTLS_1_2;
}

/** RFC 5764 section 4.1.1. Our preference decides. */
function negotiateSrtp(data: Uint8Array | undefined): (typeof SRTP_PROFILES)[number] {
  if (data === undefined) throw noCommon("use_srtp");
  const reader = new TlsReader(data);
  const offered = reader.numbers16(2);
  // We use no MKI and say so in the answer; section 4.1.3 lets a server do that.
  reader.vector(1);
  reader.end();
  const srtp = SRTP_PROFILES.find((candidate) => offered.includes(candidate.id));
  if (srtp === undefined) throw noCommon("an SRTP profile");
  return srtp;
}

/** RFC 5746 section 3.6: an initial handshake carries an empty value. */
function offersRenegotiationInfo(hello: ClientHello): boolean {
  const info = hello.extensions.get(Extension.renegotiationInfo);
  if (info !== undefined && (info.length !== 1 || info[0] !== 0)) {
    throw malformed("renegotiation_info is not empty");
  }
  return info !== undefined || hello.cipherSuites.includes(EMPTY_RENEGOTIATION_INFO_SCSV);
}

function list16(data: Uint8Array | undefined): readonly number[] {
  if (data === undefined) return [];
  const reader = new TlsReader(data);
  const numbers = reader.numbers16(2);
  reader.end();
  return numbers;
}

function wholeVector(data: Uint8Array, lengthBytes: 1 | 2): Uint8Array {
  const reader = new TlsReader(data);
  const vector = reader.vector(lengthBytes);
  reader.end();
  return vector;
}

function noCommon(what: string): ProtocolError {
  return new ProtocolError("DTLS_NO_COMMON_PARAMETERS", `the peer does not offer ${what}`);
}
