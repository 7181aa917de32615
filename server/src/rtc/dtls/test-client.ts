import {
  constants,
  createECDH,
  createHash,
  type ECDH,
  type KeyObject,
  randomBytes,
  sign,
} from "node:crypto";
import type { SrtpKeys, SrtpProfile } from "../peer.ts";
import { CIPHER_SUITE, CURVE_P256, Extension } from "./client-hello.ts";
import {
  HandshakeType,
  parseHandshakeFragments,
  writeHandshake,
  writeHandshakeFragment,
} from "./handshake.ts";
import { extendedMasterSecret, recordCiphers, verifyData } from "./key-schedule.ts";
import { Outbox } from "./outbox.ts";
import { Reassembler } from "./reassembler.ts";
import { ContentType, type DtlsRecord, parseRecord } from "./record.ts";
import type { RecordCipher } from "./record-cipher.ts";
import { exportSrtpKeys, SRTP_PROFILES } from "./srtp-export.ts";
import { TlsReader } from "./tls-reader.ts";
import { join, writeUint16, writeVector } from "./tls-writer.ts";

export interface TestClientOptions {
  readonly der: Uint8Array;
  readonly privateKey: KeyObject;
  /** `SignatureScheme` of CertificateVerify. Default ecdsa_secp256r1_sha256. */
  readonly scheme?: number;
  /** `use_srtp` numbers. Default both. */
  readonly profiles?: readonly number[];
  /** Longest piece of a handshake message. */
  readonly fragmentBytes?: number;
  /** One datagram for each record. */
  readonly scatter?: boolean;
  /** Extensions to leave out or to replace in ClientHello. */
  readonly extensions?: ReadonlyMap<number, Uint8Array | undefined>;
  /** Changes the body of a message before it is sent; `undefined` leaves the message out. */
  readonly tamper?: (type: number, body: Uint8Array) => Uint8Array | undefined;
}

const FIRST_TIMEOUT_US = 50_000;

/** A DTLS 1.2 client for tests: sans I/O like the server, able to do wrong. */
export class TestDtlsClient {
  readonly #options: TestClientOptions;
  readonly #random = new Uint8Array(randomBytes(32));
  readonly #reassembler = new Reassembler();
  readonly #ecdh: ECDH = createECDH("prime256v1");
  #outbox = new Outbox();
  #transcript: Uint8Array[] = [];
  #sequence = 0;
  #serverRandom = new Uint8Array();
  #serverPoint = new Uint8Array();
  #profile: SrtpProfile | undefined;
  #master = new Uint8Array();
  #ciphers: { client: RecordCipher; server: RecordCipher } | undefined;
  #flight: (() => void)[] = [];
  #timeoutUs = FIRST_TIMEOUT_US;
  nextTimeoutUs: number | undefined;
  connected = false;
  srtpKeys: SrtpKeys | undefined;
  /** Alerts received, in the clear or not: `[level, description]`. */
  readonly alerts: (readonly number[])[] = [];
  /** Application data received, one entry for each record. */
  readonly data: Uint8Array[] = [];

  constructor(options: TestClientOptions) {
    this.#options = options;
  }

  start(nowUs: number): void {
    this.#flight = [this.#message(HandshakeType.clientHello, this.#hello())];
    this.#send(nowUs);
  }

  shiftOutput(): Uint8Array | undefined {
    return this.#outbox.shift();
  }

  receive(datagram: Uint8Array, nowUs: number): void {
    for (let offset = 0; ; ) {
      const record = parseRecord(datagram, offset);
      if (record === undefined) return;
      offset += record.header.length + record.fragment.length;
      const content = record.epoch === 0 ? record.fragment : this.#ciphers?.server.open(record);
      if (content !== undefined) this.#receive(record, content, nowUs);
    }
  }

  onTimeout(nowUs: number): void {
    if (this.nextTimeoutUs === undefined || nowUs < this.nextTimeoutUs) return;
    this.#timeoutUs *= 2;
    this.#send(nowUs);
  }

  /** An encrypted record with any content. */
  sealed(type: number, content: Uint8Array): Uint8Array {
    if (this.#ciphers === undefined) throw new Error("no keys yet");
    this.#outbox.sealed(this.#ciphers.client, type, content);
    this.#outbox.flush();
    const datagram = this.#outbox.shift();
    if (datagram === undefined) throw new Error("no output");
    return datagram;
  }

  #receive(record: DtlsRecord, content: Uint8Array, nowUs: number): void {
    if (record.type === ContentType.alert) this.alerts.push([...content]);
    if (record.type === ContentType.applicationData) this.data.push(content);
    if (record.type !== ContentType.handshake) return;
    for (const fragment of parseHandshakeFragments(content) ?? []) this.#reassembler.push(fragment);
    for (;;) {
      const message = this.#reassembler.shift();
      if (message === undefined) return;
      this.#handle(message.type, message.sequence, message.body, nowUs);
    }
  }

  #handle(type: number, sequence: number, body: Uint8Array, nowUs: number): void {
    if (type === HandshakeType.finished) {
      const expected = verifyData(this.#master, "server", this.#hash());
      if (Buffer.compare(expected, body) !== 0) throw new Error("wrong Finished of the server");
      this.connected = true;
      this.nextTimeoutUs = undefined;
      return;
    }
    this.#transcript.push(writeHandshake(type, sequence, body));
    const reader = new TlsReader(body);
    if (type === HandshakeType.serverHello) this.#serverHello(reader);
    else if (type === HandshakeType.serverKeyExchange) {
      reader.bytes(3);
      this.#serverPoint = Uint8Array.from(reader.vector(1));
    } else if (type === HandshakeType.serverHelloDone) this.#answer(nowUs);
  }

  #serverHello(reader: TlsReader): void {
    reader.bytes(2);
    this.#serverRandom = Uint8Array.from(reader.bytes(32));
    reader.vector(1);
    reader.bytes(3);
    const list = new TlsReader(reader.vector(2));
    while (list.left > 0) {
      const type = list.uint16();
      const data = list.vector(2);
      if (type !== Extension.useSrtp) continue;
      const id = ((data[2] ?? 0) << 8) | (data[3] ?? 0);
      this.#profile = SRTP_PROFILES.find((candidate) => candidate.id === id)?.profile;
    }
  }

  #answer(nowUs: number): void {
    const point = this.#ecdh.generateKeys();
    const premaster = this.#ecdh.computeSecret(this.#serverPoint);
    const certificate = this.#message(
      HandshakeType.certificate,
      writeVector(3, writeVector(3, this.#options.der)),
    );
    const keyExchange = this.#message(HandshakeType.clientKeyExchange, writeVector(1, point));
    this.#master = Uint8Array.from(extendedMasterSecret(premaster, this.#hash()));
    this.#ciphers = recordCiphers(this.#master, this.#random, this.#serverRandom);
    const verify = this.#message(HandshakeType.certificateVerify, this.#certificateVerify());
    const finished = this.#message(
      HandshakeType.finished,
      verifyData(this.#master, "client", this.#hash()),
    );
    if (this.#profile !== undefined) {
      this.srtpKeys = exportSrtpKeys(
        this.#profile,
        this.#master,
        this.#random,
        this.#serverRandom,
        "client",
      );
    }
    const changeCipherSpec = (): void => {
      this.#outbox.plain(ContentType.changeCipherSpec, Uint8Array.of(1));
    };
    this.#flight = [certificate, keyExchange, verify, changeCipherSpec, finished];
    this.#timeoutUs = FIRST_TIMEOUT_US;
    this.#send(nowUs);
  }

  #certificateVerify(): Uint8Array {
    const scheme = this.#options.scheme ?? 0x0403;
    const pss = scheme >> 8 === 8;
    const hash = `sha${[256, 384, 512][pss ? (scheme & 0xff) - 4 : (scheme >> 8) - 4]}`;
    const key = pss
      ? {
          key: this.#options.privateKey,
          padding: constants.RSA_PKCS1_PSS_PADDING,
          saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
        }
      : this.#options.privateKey;
    return join([writeUint16(scheme), writeVector(2, sign(hash, join(this.#transcript), key))]);
  }

  /** Gives a function that sends the message, each time under new record numbers. */
  #message(type: number, original: Uint8Array): () => void {
    const body =
      this.#options.tamper === undefined ? original : this.#options.tamper(type, original);
    if (body === undefined) return () => {};
    const sequence = this.#sequence++;
    this.#transcript.push(writeHandshake(type, sequence, body));
    return () => {
      const size = this.#options.fragmentBytes ?? 1000;
      for (let offset = 0; offset === 0 || offset < body.length; offset += size) {
        const length = Math.min(size, body.length - offset);
        const bytes = writeHandshakeFragment(type, sequence, body, offset, length);
        if (type === HandshakeType.finished && this.#ciphers !== undefined) {
          this.#outbox.sealed(this.#ciphers.client, ContentType.handshake, bytes);
        } else {
          this.#outbox.plain(ContentType.handshake, bytes);
        }
        if (this.#options.scatter === true) this.#outbox.flush();
      }
    };
  }

  #send(nowUs: number): void {
    for (const send of this.#flight) send();
    this.#outbox.flush();
    this.nextTimeoutUs = nowUs + this.#timeoutUs;
  }

  #hash(): Uint8Array {
    return createHash("sha256").update(join(this.#transcript)).digest();
  }

  #hello(): Uint8Array {
    const extensions = new Map<number, Uint8Array | undefined>([
      [Extension.supportedGroups, writeVector(2, writeUint16(29, CURVE_P256))],
      [Extension.ecPointFormats, Uint8Array.of(1, 0)],
      [Extension.signatureAlgorithms, writeVector(2, writeUint16(0x0804, 0x0403))],
      [Extension.extendedMasterSecret, new Uint8Array()],
      [
        Extension.useSrtp,
        join([
          writeVector(2, writeUint16(...(this.#options.profiles ?? [1, 7]))),
          Uint8Array.of(0),
        ]),
      ],
      ...(this.#options.extensions ?? []),
    ]);
    const list = [...extensions].flatMap(([type, data]) =>
      data === undefined ? [] : [writeUint16(type), writeVector(2, data)],
    );
    return join([
      writeUint16(0xfefd),
      this.#random,
      Uint8Array.of(0, 0),
      writeVector(2, writeUint16(0xc02f, CIPHER_SUITE, 0x00ff)),
      Uint8Array.of(1, 0),
      writeVector(2, ...list),
    ]);
  }
}
