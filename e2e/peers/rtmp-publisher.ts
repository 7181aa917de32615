import { connect, type Socket } from "node:net";

/** Sixteen bytes that stand before the time in every picture of a StampedPublisher. */
export const stampMarker: Buffer = Buffer.from("6d696c6c726163652d7374616d702d31", "hex");

/** Announced before anything else, so that it holds for every message. */
const chunkSizeBytes = 65_536;

const sps = Buffer.from("6742c01fd9005005bb0110000003001000000303c8f1832480", "hex");
const pps = Buffer.from("68cb83cb20", "hex");

export interface StampedPublisherOptions {
  readonly port: number;
  /** Name of the stream below `live/`. */
  readonly name: string;
  readonly fps?: number;
  readonly gop?: number;
  readonly keyBytes?: number;
  readonly deltaBytes?: number;
}

/**
 * A minimal RTMP publisher whose pictures hold no picture but the time at which they were written to
 * the socket, so that the gateway's own delay can be measured without a decoder.
 */
export class StampedPublisher {
  readonly #socket: Socket;
  readonly #options: StampedPublisherOptions;
  #timer: NodeJS.Timeout | undefined;

  private constructor(socket: Socket, options: StampedPublisherOptions) {
    this.#socket = socket;
    this.#options = options;
  }

  static async start(options: StampedPublisherOptions): Promise<StampedPublisher> {
    const socket = connect({ port: options.port, host: "127.0.0.1", noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve).once("error", reject);
    });
    const publisher = new StampedPublisher(socket, options);
    await publisher.#open();
    publisher.#run();
    return publisher;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#socket.destroy();
  }

  /** Handshake (RTMP 1.0 section 5.2) and the commands up to publish, each answered before the next. */
  async #open(): Promise<void> {
    const c0c1 = Buffer.alloc(1537, 1);
    c0c1[0] = 3;
    c0c1.fill(0, 1, 9);
    this.#socket.write(c0c1);
    const s0s1s2 = await this.#read(3073);
    this.#socket.write(s0s1s2.subarray(1, 1537));
    const { port, name } = this.#options;
    this.#send(2, 1, 0, Buffer.from([0, 1, 0, 0]), 0);
    const tcUrl = `rtmp://127.0.0.1:${port}/live`;
    this.#command("connect", 1, { app: "live", tcUrl, type: "nonprivate" });
    await this.#said("NetConnection.Connect.Success");
    this.#command("createStream", 2, null);
    await this.#said("_result");
    this.#command("publish", 3, null, name, "live");
    await this.#said("NetStream.Publish.Start");
  }

  #run(): void {
    const { fps = 30, gop = 60, keyBytes = 60_000, deltaBytes = 9_000 } = this.#options;
    const config = Buffer.concat([
      ...[Buffer.from([1, 0x42, 0xc0, 0x1f, 0xff, 0xe1, 0, sps.length]), sps],
      ...[Buffer.from([1, 0, pps.length]), pps],
    ]);
    this.#send(6, 9, 0, Buffer.concat([Buffer.from([0x17, 0, 0, 0, 0]), config]), 1);
    const start = performance.now();
    let count = 0;
    this.#timer = setInterval(() => {
      while (((performance.now() - start) * fps) / 1000 >= count) {
        const key = count % gop === 0;
        this.#picture(key, key ? keyBytes : deltaBytes, Math.round((count * 1000) / fps));
        count++;
      }
    }, 1);
  }

  #picture(key: boolean, size: number, timestampMs: number): void {
    const body = Buffer.alloc(9 + size, 0x5a);
    body[0] = key ? 0x17 : 0x27;
    body[1] = 1;
    body.fill(0, 2, 5);
    body.writeUInt32BE(size, 5);
    body[9] = key ? 0x65 : 0x41;
    // first_mb_in_slice 0, slice_type I or P.
    body[10] = key ? 0x88 : 0x9a;
    stampMarker.copy(body, 11);
    body.writeBigUInt64BE(
      BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)),
      11 + stampMarker.length,
    );
    this.#send(6, 9, timestampMs, body, 1);
  }

  #command(...values: readonly unknown[]): void {
    this.#send(3, 20, 0, Buffer.concat(values.map(amf0)), values[0] === "publish" ? 1 : 0);
  }

  /** One message in chunks of 64 KiB, the chunk size that this publisher announces. */
  #send(chunkStream: number, type: number, timestamp: number, body: Buffer, stream: number): void {
    const header = Buffer.alloc(12);
    header[0] = chunkStream;
    header.writeUIntBE(timestamp, 1, 3);
    header.writeUIntBE(body.length, 4, 3);
    header[7] = type;
    header.writeUInt32LE(stream, 8);
    const parts: Buffer[] = [header];
    for (let at = 0; at < body.length; at += chunkSizeBytes) {
      if (at > 0) parts.push(Buffer.from([0xc0 | chunkStream]));
      parts.push(body.subarray(at, at + chunkSizeBytes));
    }
    this.#socket.write(Buffer.concat(parts));
  }

  async #read(length: number): Promise<Buffer> {
    for (;;) {
      const bytes = this.#socket.read(length) as Buffer | null;
      if (bytes !== null) return bytes;
      await new Promise<void>((resolve, reject) => {
        this.#socket.once("readable", resolve);
        this.#socket.once("close", () => reject(new Error("the gateway closed the connection")));
      });
    }
  }

  /** Waits until an answer contains that word. */
  async #said(word: string): Promise<void> {
    let heard = "";
    while (!heard.includes(word)) {
      const bytes = this.#socket.read() as Buffer | null;
      if (bytes !== null) heard += bytes.toString("latin1");
      else await new Promise((resolve) => this.#socket.once("readable", resolve));
    }
  }
}

/** AMF0 of what the commands above need. */
function amf0(value: unknown): Buffer {
  if (value === null) return Buffer.from([5]);
  if (typeof value === "number") {
    const bytes = Buffer.alloc(9);
    bytes.writeDoubleBE(value, 1);
    return bytes;
  }
  if (typeof value === "string") {
    return Buffer.concat([
      Buffer.from([2, value.length >> 8, value.length & 255]),
      Buffer.from(value),
    ]);
  }
  const entries = Object.entries(value as object).map(([key, entry]) =>
    Buffer.concat([
      Buffer.from([key.length >> 8, key.length & 255]),
      Buffer.from(key),
      amf0(entry),
    ]),
  );
  return Buffer.concat([Buffer.from([3]), ...entries, Buffer.from([0, 0, 9])]);
}
