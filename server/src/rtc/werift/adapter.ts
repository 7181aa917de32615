import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import {
  CipherContext,
  DtlsClient,
  HashAlgorithm,
  Message,
  NamedCurveAlgorithm,
  parseMessage,
  RtpPacket,
  SignatureAlgorithm,
  SrtcpSession,
  SrtpSession,
} from "werift";
import { fingerprintText } from "../dtls/fingerprint.ts";
import { SRTP_PROFILES, saltBytes } from "../dtls/srtp-export.ts";
import type { SrtpKeys, SrtpProfile } from "../peer.ts";

/** The one version whose insides this file knows; package.json pins it. */
export const PINNED_WERIFT = "0.25.2";

/** Version of the werift that is installed; undefined when its package.json is not found. */
export function installedWerift(): string | undefined {
  let folder = dirname(createRequire(import.meta.url).resolve("werift"));
  for (;;) {
    const version = versionIn(folder);
    if (version !== undefined) return version;
    const parent = dirname(folder);
    if (parent === folder) return undefined;
    folder = parent;
  }
}

function versionIn(folder: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(join(folder, "package.json"), "utf8");
  } catch {
    return undefined;
  }
  const { name, version } = JSON.parse(text) as { name?: string; version?: string };
  return name === "werift" ? version : undefined;
}

/** A certificate of werift's. `keyPem` is secret. */
export interface WeriftCertificate {
  readonly certPem: string;
  readonly keyPem: string;
  /** SHA-256 as SDP writes it. */
  readonly fingerprint: string;
}

const SIGNATURE = { hash: HashAlgorithm.sha256_4, signature: SignatureAlgorithm.ecdsa_3 } as const;

/** Makes a self-signed P-256 certificate. */
export async function createWeriftCertificate(): Promise<WeriftCertificate> {
  const { certPem, keyPem } = await CipherContext.createSelfSignedCertificateWithKey(
    SIGNATURE,
    NamedCurveAlgorithm.secp256r1_23,
  );
  const der = Buffer.from(certPem.replace(/-----[^-]+-----|\s/g, ""), "base64");
  return { certPem, keyPem, fingerprint: fingerprintText(der) };
}

/** What is written by werift's DTLS client. */
export interface WeriftDtlsEvents {
  send(datagram: Uint8Array): void;
  connected(): void;
}

/** werift's DTLS client over any transport. It has timers of its own for half a second after the handshake. */
export class WeriftDtlsClient {
  readonly #client: DtlsClient;
  readonly #transport: {
    type: string;
    address: { address: string; family: string; port: number };
    closed: boolean;
    onData: (data: Buffer, address: readonly [string, number]) => void;
    send: (data: Buffer) => Promise<void>;
    close: () => Promise<void>;
  };

  constructor(certificate: WeriftCertificate, profile: SrtpProfile, events: WeriftDtlsEvents) {
    this.#transport = {
      type: "udp",
      address: { address: "127.0.0.1", family: "IPv4", port: 0 },
      closed: false,
      onData: () => {},
      send: async (data) => {
        if (!this.#transport.closed) events.send(data);
      },
      close: async () => {
        this.#transport.closed = true;
      },
    };
    this.#client = new DtlsClient({
      transport: this.#transport,
      cert: certificate.certPem,
      key: certificate.keyPem,
      signatureHash: SIGNATURE,
      srtpProfiles: [profileId(profile)],
      extendedMasterSecret: true,
    });
    this.#client.onConnect.subscribe(() => events.connected());
  }

  /** Sends the first flight and repeats it; rejects when nobody ever answers. */
  connect(): Promise<void> {
    return this.#client.connect();
  }

  receive(datagram: Uint8Array): void {
    if (!this.#transport.closed) {
      this.#transport.onData(Buffer.from(datagram), ["127.0.0.1", 0]);
    }
  }

  /** What werift exports once connected; undefined when no profile was agreed. */
  get srtpKeys(): SrtpKeys | undefined {
    const id = this.#client.srtp.srtpProfile;
    const profile = SRTP_PROFILES.find((candidate) => candidate.id === id)?.profile;
    if (profile === undefined) return undefined;
    const keys = this.#client.extractSessionKeys(16, saltBytes(profile));
    return {
      profile,
      local: { key: keys.localKey, salt: keys.localSalt },
      remote: { key: keys.remoteKey, salt: keys.remoteSalt },
    };
  }

  /** May be called twice. */
  close(): void {
    this.#client.close();
  }
}

/** werift's SRTP and SRTCP of one side. Slow; for comparison only. Throws for what is not authentic. */
export interface WeriftSrtp {
  sealRtp(packet: Uint8Array): Uint8Array;
  openRtp(packet: Uint8Array): Uint8Array;
  sealRtcp(packet: Uint8Array): Uint8Array;
  openRtcp(packet: Uint8Array): Uint8Array;
}

export function createWeriftSrtp(keys: SrtpKeys): WeriftSrtp {
  const config = {
    profile: profileId(keys.profile),
    keys: {
      localMasterKey: Buffer.from(keys.local.key),
      localMasterSalt: Buffer.from(keys.local.salt),
      remoteMasterKey: Buffer.from(keys.remote.key),
      remoteMasterSalt: Buffer.from(keys.remote.salt),
    },
  };
  const rtp = new SrtpSession(config);
  const rtcp = new SrtcpSession(config);
  return {
    sealRtp(packet) {
      const { header, payload } = RtpPacket.deSerialize(Buffer.from(packet));
      return rtp.encrypt(payload, header);
    },
    openRtp: (packet) => rtp.decrypt(Buffer.from(packet)),
    sealRtcp: (packet) => rtcp.encrypt(Buffer.from(packet)),
    openRtcp: (packet) => rtcp.decrypt(Buffer.from(packet)),
  };
}

/** A check as werift writes it: Binding request with USERNAME, PRIORITY, ICE-CONTROLLING, USE-CANDIDATE. */
export function writeWeriftCheck(
  transactionId: Uint8Array,
  username: string,
  password: string,
): Uint8Array {
  const binding = 1;
  const request = 0;
  const message = new Message(binding, request, Buffer.from(transactionId));
  message.setAttribute("USERNAME", username);
  message.setAttribute("PRIORITY", 1_853_824_767);
  message.setAttribute("ICE-CONTROLLING", 0x0123456789abcdefn);
  message.setAttribute("USE-CANDIDATE", null);
  return message.addMessageIntegrity(Buffer.from(password)).addFingerprint().bytes;
}

/** What werift reads from an answer to a check: the mapped address; undefined unless it is authentic. */
export function readWeriftAnswer(
  bytes: Uint8Array,
  password: string,
): { readonly address: string; readonly port: number } | undefined {
  const message = parseMessage(Buffer.from(bytes), Buffer.from(password));
  const mapped = message?.getAttributeValue("XOR-MAPPED-ADDRESS");
  if (!Array.isArray(mapped)) return undefined;
  return { address: String(mapped[0]), port: Number(mapped[1]) };
}

function profileId(profile: SrtpProfile): 1 | 7 {
  return profile === "AEAD_AES_128_GCM" ? 7 : 1;
}
