import { connect, type Socket } from "node:net";
import {
  type PictureShape,
  paceStamped,
  parameterSets,
  usualPictures,
} from "./stamped-pictures.ts";

export { stampMarker } from "./stamped-pictures.ts";

/** Announced before anything else, so that it holds for every message. */
const chunkSizeBytes = 65_536;

export interface StampedPublisherOptions extends Partial<PictureShape> {
  readonly port: number;
  /** Name of the stream below `live/`. */
  readonly name: string;
}

/**
 * A minimal RTMP publisher whose pictures hold no picture but the time at which they were written to
 * the socket, so that the gateway's own delay can be measured without a decoder.
 */
export class StampedPublisher {
  readonly #socket: Socket;
  readonly #options: StampedPublisherOptions;
  #stop: () => void = () => {};

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
    this.#stop();
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
    const pictures = { ...usualPictures, ...this.#options };
    const { sps, pps } = parameterSets;
    const config = Buffer.concat([
      ...[Buffer.from([1, 0x42, 0xc0, 0x1f, 0xff, 0xe1, 0, sps.length]), sps],
      ...[Buffer.from([1, 0, pps.length]), pps],
    ]);
    this.#send(6, 9, 0, Buffer.concat([Buffer.from([0x17, 0, 0, 0, 0]), config]), 1);
    this.#stop = paceStamped(pictures, (number, key, slice) => {
      const head = Buffer.from([key ? 0x17 : 0x27, 1, 0, 0, 0, 0, 0, 0, 0]);
      head.writeUInt32BE(slice.length, 5);
      const timestampMs = Math.round((number * 1000) / pictures.fps);
      this.#send(6, 9, timestampMs, Buffer.concat([head, slice]), 1);
    });
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
