import { createHash, randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import {
  attributes,
  hasIntegrity,
  readAddress,
  readStunMessage,
  type SocketAddress,
  type StunMessage,
  writeAddress,
  writeStunMessage,
} from "../stun/index.ts";
import type { Attribute } from "./answer.ts";
import { Inbox } from "./test-inbox.ts";

export { attributes, methods } from "../stun/index.ts";

export const requestedUdp: Attribute = [attributes.requestedTransport, Buffer.from([17, 0, 0, 0])];

export interface RequestOptions {
  readonly transactionId?: Uint8Array;
  readonly fingerprint?: boolean;
  /** False: without USERNAME, REALM, NONCE and MESSAGE-INTEGRITY. */
  readonly signed?: boolean;
}

/** The error code of an answer; 0 for a success. */
export function codeOf(message: StunMessage): number {
  const value = message.first(attributes.errorCode);
  return value === undefined ? 0 : (value[2] ?? 0) * 100 + (value[3] ?? 0);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export interface TestClientParts {
  readonly protocol: "udp" | "tcp" | "tls";
  readonly user: { readonly username: string; readonly password: string };
  readonly write: (bytes: Uint8Array) => void;
  readonly close: () => Promise<void>;
  readonly localPort: number;
  readonly socket?: Socket;
}

/** A small TURN client. Requests of `request` are answered or the test fails. */
export class TestClient {
  readonly protocol: "udp" | "tcp" | "tls";
  readonly username: string;
  readonly password: string;
  /** STUN messages that came. */
  readonly messages: Inbox<StunMessage> = new Inbox();
  /** ChannelData messages that came, without padding. */
  readonly channelData: Inbox<{ readonly channel: number; readonly data: Buffer }> = new Inbox();
  /** Bytes that came, in all. */
  receivedBytes = 0;
  realm: string = "";
  nonce: string = "";
  closed = false;
  /** Sends raw bytes. */
  readonly write: (bytes: Uint8Array) => void;
  readonly localPort: number;
  readonly socket: Socket | undefined;
  readonly #close: () => Promise<void>;

  /** Made of its parts; see `open`. */
  constructor(parts: TestClientParts) {
    this.protocol = parts.protocol;
    this.username = parts.user.username;
    this.password = parts.user.password;
    this.write = parts.write;
    this.localPort = parts.localPort;
    this.socket = parts.socket;
    this.#close = parts.close;
  }

  static async open(
    server: {
      readonly protocol: "udp" | "tcp" | "tls";
      readonly host: string;
      readonly port: number;
    },
    user: { readonly username: string; readonly password: string } = testUser,
  ): Promise<TestClient> {
    return server.protocol === "udp" ? openUdp(server, user) : openStream(server, user);
  }

  /** Takes one whole message. */
  take(message: Buffer): void {
    this.receivedBytes += message.length;
    if ((message[0] ?? 0) < 0x40) {
      this.messages.put(readStunMessage(message));
      return;
    }
    const channel = message.readUInt16BE(0);
    this.channelData.put({ channel, data: message.subarray(4, 4 + message.readUInt16BE(2)) });
  }

  get key(): Uint8Array {
    return createHash("md5").update(`${this.username}:${this.realm}:${this.password}`).digest();
  }

  /** The bytes of a request. */
  build(method: number, list: readonly Attribute[], options: RequestOptions = {}): Uint8Array {
    const { transactionId = randomBytes(12), fingerprint = false, signed = true } = options;
    const own: readonly Attribute[] = [
      [attributes.username, Buffer.from(this.username)],
      [attributes.realm, Buffer.from(this.realm)],
      [attributes.nonce, Buffer.from(this.nonce)],
    ];
    return writeStunMessage(
      {
        messageClass: "request",
        method,
        transactionId,
        attributes: signed ? [...list, ...own] : list,
      },
      signed ? { key: this.key, fingerprint } : { fingerprint },
    );
  }

  /** Sends and waits for the answer of the same transaction. */
  async exchange(request: Uint8Array): Promise<StunMessage> {
    this.write(request);
    const id = Buffer.from(request.subarray(8, 20));
    return await this.messages.next((message) => id.equals(message.transactionId));
  }

  async request(
    method: number,
    list: readonly Attribute[] = [],
    options: RequestOptions = {},
  ): Promise<StunMessage> {
    const signed = options.signed ?? this.nonce !== "";
    return await this.exchange(this.build(method, list, { ...options, signed }));
  }

  /** Asks for realm and nonce. */
  async greet(): Promise<StunMessage> {
    const challenge = await this.request(3, [requestedUdp], { signed: false });
    this.learn(challenge);
    return challenge;
  }

  /** Takes realm and nonce of an answer. */
  learn(challenge: StunMessage): void {
    this.realm = Buffer.from(challenge.first(attributes.realm) ?? []).toString();
    this.nonce = Buffer.from(challenge.first(attributes.nonce) ?? []).toString();
  }

  /** Allocates; the answer may be an error. */
  async allocate(...list: readonly Attribute[]): Promise<StunMessage> {
    if (this.nonce === "") await this.greet();
    return await this.request(3, [requestedUdp, ...list]);
  }

  /** Allocates and tells the relayed address. */
  async relayed(...list: readonly Attribute[]): Promise<SocketAddress> {
    return relayedOf(await this.allocate(...list));
  }

  async permit(...peers: readonly SocketAddress[]): Promise<number> {
    const transactionId = randomBytes(12);
    const list = peers.map((peer) => this.#peer(peer, transactionId));
    return codeOf(await this.request(8, list, { transactionId }));
  }

  async bind(channel: number, peer: SocketAddress): Promise<number> {
    const transactionId = randomBytes(12);
    const list: readonly Attribute[] = [
      [attributes.channelNumber, Buffer.from([channel >> 8, channel & 0xff, 0, 0])],
      this.#peer(peer, transactionId),
    ];
    return codeOf(await this.request(9, list, { transactionId }));
  }

  #peer(peer: SocketAddress, transactionId: Uint8Array): Attribute {
    return [attributes.xorPeerAddress, writeAddress(peer, transactionId)];
  }

  /** `seconds` undefined: without LIFETIME. */
  async refresh(seconds?: number): Promise<StunMessage> {
    const list: Attribute[] = seconds === undefined ? [] : [[attributes.lifetime, uint32(seconds)]];
    return await this.request(4, list);
  }

  /** A Send indication. */
  send(peer: SocketAddress, data: Uint8Array): void {
    const transactionId = randomBytes(12);
    this.write(
      writeStunMessage({
        messageClass: "indication",
        method: 6,
        transactionId,
        attributes: [this.#peer(peer, transactionId), [attributes.data, data]],
      }),
    );
  }

  sendChannel(channel: number, data: Uint8Array): void {
    const padding = this.protocol === "udp" ? 0 : -data.length & 3;
    const message = Buffer.alloc(4 + data.length + padding);
    message.writeUInt16BE(channel, 0);
    message.writeUInt16BE(data.length, 2);
    message.set(data, 4);
    this.write(message);
  }

  /** The next Data indication. */
  async data(): Promise<{ readonly peer: SocketAddress; readonly data: Buffer }> {
    const message = await this.messages.next(
      ({ messageClass, method }) => messageClass === "indication" && method === 7,
    );
    const peer = message.first(attributes.xorPeerAddress) ?? new Uint8Array();
    return {
      peer: readAddress(peer, message.transactionId),
      data: Buffer.from(message.first(attributes.data) ?? []),
    };
  }

  isSigned(message: StunMessage): boolean {
    return hasIntegrity(message, this.key);
  }

  /** May be called twice. */
  close(): Promise<void> {
    return this.#close();
  }
}

export const testUser = { username: "user", password: "pass" } as const;

export function relayedOf(message: StunMessage): SocketAddress {
  const value = message.first(attributes.xorRelayedAddress);
  if (value === undefined) throw new Error(`no relayed address, error ${codeOf(message)}`);
  return readAddress(value, message.transactionId);
}

type Server = Parameters<typeof TestClient.open>[0];
type User = { readonly username: string; readonly password: string };

async function openUdp(server: Server, user: User): Promise<TestClient> {
  const family = server.host.includes(":") ? 6 : 4;
  const socket = createSocket({ type: `udp${family}`, recvBufferSize: 1 << 20 });
  socket.bind(0, family === 4 ? "127.0.0.1" : "::1");
  await once(socket, "listening");
  let closing: Promise<void> | undefined;
  const client = new TestClient({
    protocol: "udp",
    user,
    write: (bytes) => socket.send(bytes, server.port, server.host),
    localPort: socket.address().port,
    close: () => {
      closing ??= new Promise((resolve) => socket.close(() => resolve()));
      return closing;
    },
  });
  socket.on("message", (data) => client.take(data));
  return client;
}

async function openStream(server: Server, user: User): Promise<TestClient> {
  const { host, port } = server;
  const socket =
    server.protocol === "tcp"
      ? connect({ host, port, noDelay: true })
      : connectTls({ host, port, rejectUnauthorized: false });
  await once(socket, server.protocol === "tcp" ? "connect" : "secureConnect");
  const client = new TestClient({
    protocol: server.protocol,
    user,
    write: (bytes) => void socket.write(bytes),
    localPort: socket.localPort ?? 0,
    socket,
    close: () =>
      new Promise<void>((resolve) => {
        if (client.closed) resolve();
        socket.once("close", () => resolve());
        socket.destroy();
      }),
  });
  let waiting: Buffer = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    waiting = Buffer.concat([waiting, chunk]);
    for (;;) {
      if (waiting.length < 4) return;
      const length = waiting.readUInt16BE(2);
      const size = (waiting[0] ?? 0) < 0x40 ? 20 + length : 4 + ((length + 3) & ~3);
      if (waiting.length < size) return;
      client.take(waiting.subarray(0, size));
      waiting = waiting.subarray(size);
    }
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    client.closed = true;
  });
  return client;
}
