import type { AmfValue } from "@millrace/media/amf";
import { AmfObject, object } from "@millrace/media/amf";
import { ByteQueue, writeU32 } from "@millrace/media/flv";
import { ChunkReader } from "./chunk-reader.ts";
import { ChunkWriter } from "./chunk-writer.ts";
import { type Command, parseCommand, writeCommand } from "./commands.ts";
import {
  clientFullKey,
  clientKey,
  type DigestScheme,
  findDigest,
  handshakeBytes,
  imprintDigest,
  serverKey,
  signEcho,
} from "./digest.ts";
import { defaultSessionLimits } from "./limits.ts";
import { MessageType, type RtmpMessage } from "./message.ts";

/** A small RTMP client without I/O, for tests: what it wants to say comes out of `take`. */
export class TestClient {
  readonly #scheme: DigestScheme | undefined;
  readonly #input = new ByteQueue();
  readonly #reader = new ChunkReader(this.#input, {
    ...defaultSessionLimits,
    maxCommandBytes: defaultSessionLimits.maxMessageBytes,
  });
  readonly #writer = new ChunkWriter();
  #out: Uint8Array[] = [];
  #greeted = false;
  /** Every message received after the handshake. */
  readonly messages: RtmpMessage[] = [];
  /** S0, S1 and S2 as they came. */
  hello: Uint8Array | undefined;

  /** With a scheme, the handshake has digests as Flash Player's has. */
  constructor(scheme?: DigestScheme) {
    this.#scheme = scheme;
    this.#reader.mediaAllowed = true;
  }

  /** C0 and C1. */
  greet(): this {
    const hello = new Uint8Array(1 + handshakeBytes).fill(7, 9);
    hello[0] = 3;
    if (this.#scheme !== undefined) {
      hello.set([9, 0, 124, 2], 5);
      imprintDigest(hello.subarray(1), this.#scheme, clientKey);
    }
    this.#out.push(hello);
    return this;
  }

  /** Takes bytes from the server; answers the handshake by itself. */
  receive(bytes: Uint8Array): void {
    this.#input.push(bytes);
    if (!this.#greeted) this.#answer();
    if (!this.#greeted) return;
    for (let message = this.#reader.next(); message !== undefined; message = this.#reader.next()) {
      this.messages.push(message);
    }
  }

  /** What is to be sent, as one piece. */
  take(): Uint8Array {
    const bytes = Buffer.concat(this.#out);
    this.#out = [];
    return bytes;
  }

  /** Bytes that are no chunks. */
  raw(bytes: Uint8Array): this {
    this.#out.push(bytes);
    return this;
  }

  send(type: number, payload: Uint8Array, streamId = 0, timestampMs = 0, lane = 3): this {
    this.#writer.write(this.#out, lane, type, streamId, timestampMs, payload);
    return this;
  }

  command(name: string, transaction: number, ...args: readonly AmfValue[]): this {
    return this.send(MessageType.command, writeCommand(name, transaction, ...args));
  }

  /** A command on message stream 1. */
  streamCommand(name: string, transaction: number, ...args: readonly AmfValue[]): this {
    return this.send(MessageType.command, writeCommand(name, transaction, ...args), 1);
  }

  connect(fields: Readonly<Record<string, AmfValue>> = {}): this {
    const all = { app: "live", tcUrl: "rtmp://127.0.0.1/live", flashVer: "Test", ...fields };
    return this.command("connect", 1, object(all));
  }

  publish(key: string): this {
    return this.command("releaseStream", 2, null, key)
      .command("FCPublish", 3, null, key)
      .command("createStream", 4, null)
      .streamCommand("publish", 5, null, key, "live");
  }

  play(key: string): this {
    return this.command("createStream", 2, null).streamCommand("play", 3, null, key);
  }

  tag(tagType: number, timestampMs: number, body: Uint8Array): this {
    return this.send(tagType, body, 1, timestampMs, tagType === 8 ? 4 : 6);
  }

  setChunkSize(size: number): this {
    this.send(MessageType.setChunkSize, u32(size), 0, 0, 2);
    this.#writer.setChunkSize(size);
    return this;
  }

  /** Commands received so far. */
  get commands(): Command[] {
    return this.messages.filter(({ type }) => type === MessageType.command).map(parseCommand);
  }

  /** Codes of the statuses received so far, with their descriptions. */
  get statuses(): { code: string; description: string }[] {
    return this.commands.flatMap(({ args }) =>
      args.flatMap((value) =>
        value instanceof AmfObject && value.text("code") !== undefined
          ? [{ code: value.text("code") ?? "", description: value.text("description") ?? "" }]
          : [],
      ),
    );
  }

  /** Tags received so far. */
  get tags(): RtmpMessage[] {
    return this.messages.filter(({ type }) => type === 8 || type === 9 || type === 18);
  }

  #answer(): void {
    if (this.#input.length < 1 + 2 * handshakeBytes) return;
    const hello = new Uint8Array(1 + 2 * handshakeBytes);
    this.#input.readInto(hello, 0, hello.length);
    this.hello = hello;
    this.#greeted = true;
    const s1 = hello.subarray(1, 1 + handshakeBytes);
    const c2 = s1.slice();
    const server = this.#scheme === undefined ? undefined : findDigest(s1, serverKey);
    if (server !== undefined) signEcho(c2, server.digest, clientFullKey);
    this.#out.unshift(c2);
  }
}

export function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  writeU32(bytes, 0, value);
  return bytes;
}
