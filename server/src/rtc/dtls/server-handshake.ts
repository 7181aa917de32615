import { createECDH, type ECDH, type KeyObject, timingSafeEqual } from "node:crypto";
import { ProtocolError } from "@millrace/media/error";
import type { SrtpKeys } from "../peer.ts";
import type { LocalCertificate } from "./certificate.ts";
import { type ClientHello, type Negotiated, negotiate, parseClientHello } from "./client-hello.ts";
import {
  parseCertificate,
  parseCertificateVerify,
  parseClientKeyExchange,
} from "./client-messages.ts";
import { type Fingerprint, matchesFingerprint } from "./fingerprint.ts";
import { type HandshakeMessage, HandshakeType, writeHandshake } from "./handshake.ts";
import { extendedMasterSecret, recordCiphers, verifyData } from "./key-schedule.ts";
import type { FlightItem } from "./outbox.ts";
import { isSignedBy, readPublicKey } from "./peer-certificate.ts";
import type { RecordCipher } from "./record-cipher.ts";
import {
  CERTIFICATE_REQUEST,
  createServerRandom,
  writeCertificate,
  writeServerHello,
  writeServerKeyExchange,
} from "./server-messages.ts";
import { exportSrtpKeys } from "./srtp-export.ts";
import { Transcript } from "./transcript.ts";

/** An uncompressed P-256 point. RFC 8422 section 5.4.1. */
const POINT_BYTES = 65;

/**
 * The messages of a DTLS 1.2 handshake with a client that must show a certificate, in the only order
 * that is allowed: ClientHello, Certificate, ClientKeyExchange, CertificateVerify, Finished.
 * RFC 6347 section 4.2, RFC 5246 section 7.3. Knows neither records nor time.
 */
export class ServerHandshake {
  readonly #certificate: LocalCertificate;
  readonly #fingerprints: readonly Fingerprint[];
  #expected: number = HandshakeType.clientHello;
  #sequence = 0;
  readonly #transcript = new Transcript();
  #hello: ClientHello | undefined;
  #negotiated: Negotiated | undefined;
  #serverRandom = new Uint8Array();
  #ecdh: ECDH | undefined;
  #clientKey: KeyObject | undefined;
  #master: Uint8Array = new Uint8Array();

  /** The ciphers of epoch 1, from ClientKeyExchange on. */
  ciphers: { readonly client: RecordCipher; readonly server: RecordCipher } | undefined;
  /** Set when the handshake is complete. */
  srtpKeys: SrtpKeys | undefined;

  /** The client's certificate must match `fingerprints`. */
  constructor(certificate: LocalCertificate, fingerprints: readonly Fingerprint[]) {
    this.#certificate = certificate;
    this.#fingerprints = fingerprints;
  }

  /** Type of the message that must come next; undefined when the handshake is complete. */
  get expected(): number | undefined {
    return this.srtpKeys === undefined ? this.#expected : undefined;
  }

  /**
   * Takes the next message and gives the flight that answers it, if any.
   * @throws ProtocolError with a `DTLS_…` code; the handshake has failed then.
   */
  receive(message: HandshakeMessage): readonly FlightItem[] | undefined {
    if (message.type !== this.#expected) {
      throw new ProtocolError(
        "DTLS_UNEXPECTED_MESSAGE",
        `handshake message ${message.type} where ${this.#expected} belongs`,
      );
    }
    switch (message.type) {
      case HandshakeType.clientHello:
        return this.#clientHello(message);
      case HandshakeType.certificate:
        return this.#clientCertificate(message);
      case HandshakeType.clientKeyExchange:
        return this.#clientKeyExchange(message);
      case HandshakeType.certificateVerify:
        return this.#certificateVerify(message);
      default:
        return this.#finished(message);
    }
  }

  #clientHello(message: HandshakeMessage): readonly FlightItem[] {
    const hello = parseClientHello(message.body);
    const negotiated = negotiate(hello);
    this.#hello = hello;
    this.#negotiated = negotiated;
    this.#serverRandom = createServerRandom();
    const ecdh = createECDH("prime256v1");
    const publicPoint = ecdh.generateKeys();
    this.#ecdh = ecdh;
    this.#transcript.addMessage(message);
    this.#expected = HandshakeType.certificate;
    return [
      this.#write(HandshakeType.serverHello, writeServerHello(this.#serverRandom, negotiated)),
      this.#write(HandshakeType.certificate, writeCertificate(this.#certificate.der)),
      this.#write(
        HandshakeType.serverKeyExchange,
        writeServerKeyExchange(hello, this.#serverRandom, publicPoint, this.#certificate),
      ),
      this.#write(HandshakeType.certificateRequest, CERTIFICATE_REQUEST),
      this.#write(HandshakeType.serverHelloDone, new Uint8Array()),
    ];
  }

  #clientCertificate(message: HandshakeMessage): undefined {
    const certificate = parseCertificate(message.body);
    if (!matchesFingerprint(certificate, this.#fingerprints)) {
      throw new ProtocolError(
        "DTLS_FINGERPRINT_MISMATCH",
        "the client's certificate is not the one its description announced",
      );
    }
    this.#clientKey = readPublicKey(certificate);
    this.#transcript.addMessage(message);
    this.#expected = HandshakeType.clientKeyExchange;
  }

  #clientKeyExchange(message: HandshakeMessage): undefined {
    const hello = this.#hello;
    if (hello === undefined) throw new Error("no ClientHello");
    const premaster = this.#sharedSecret(parseClientKeyExchange(message.body));
    this.#transcript.addMessage(message);
    this.#master = extendedMasterSecret(premaster, this.#transcript.hash());
    premaster.fill(0);
    this.ciphers = recordCiphers(this.#master, hello.random, this.#serverRandom);
    this.#expected = HandshakeType.certificateVerify;
  }

  #certificateVerify(message: HandshakeMessage): undefined {
    const { scheme, signature } = parseCertificateVerify(message.body);
    const key = this.#clientKey;
    if (key === undefined || !isSignedBy(key, scheme, this.#transcript.bytes, signature)) {
      throw new ProtocolError(
        "DTLS_CERTIFICATE_VERIFY",
        "the client does not prove that the certificate is its own",
      );
    }
    this.#transcript.addMessage(message);
    this.#expected = HandshakeType.finished;
  }

  #finished(message: HandshakeMessage): readonly FlightItem[] {
    const expected = verifyData(this.#master, "client", this.#transcript.hash());
    if (message.body.length !== expected.length || !timingSafeEqual(message.body, expected)) {
      throw new ProtocolError("DTLS_FINISHED", "the client saw another handshake than we did");
    }
    this.#transcript.addMessage(message);
    const hello = this.#hello;
    const profile = this.#negotiated?.srtp.profile;
    if (hello === undefined || profile === undefined) throw new Error("no ClientHello");
    const master = this.#master;
    const body = verifyData(master, "server", this.#transcript.hash());
    const bytes = writeHandshake(HandshakeType.finished, this.#sequence++, body);
    this.srtpKeys = exportSrtpKeys(profile, master, hello.random, this.#serverRandom, "server");
    this.forget();
    return [{ type: "changeCipherSpec" }, { type: "handshake", bytes, sealed: true }];
  }

  /** Drops every secret that only the handshake needs. */
  forget(): void {
    this.#master.fill(0);
    this.#hello = undefined;
    this.#ecdh = undefined;
    this.#clientKey = undefined;
    this.#transcript.clear();
  }

  /** RFC 8422 section 5.10: the x coordinate with all its leading zeros. */
  #sharedSecret(point: Uint8Array): Uint8Array {
    if (point.length === POINT_BYTES && point[0] === 4 && this.#ecdh !== undefined) {
      try {
        const secret = this.#ecdh.computeSecret(point);
        this.#ecdh = undefined;
        return secret;
      } catch {
        // Not a point of the curve: told below.
      }
    }
    throw new ProtocolError("DTLS_KEY_EXCHANGE", "the client's key is no point of P-256");
  }

  #write(type: number, body: Uint8Array): FlightItem {
    const bytes = writeHandshake(type, this.#sequence++, body);
    this.#transcript.add(bytes);
    return { type: "handshake", bytes, sealed: false };
  }
}
