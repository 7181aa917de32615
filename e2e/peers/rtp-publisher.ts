import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import {
  type PictureShape,
  paceStamped,
  parameterSets,
  usualPictures,
} from "./stamped-pictures.ts";

const headerBytes = 12;
/** As many bytes of payload as the gateway puts into a packet, so that both send as many packets. */
const maxPayloadBytes = 1142;
const fuA = 28;
const clockRate = 90_000;
const ssrc = 0x6d72_0001;

/** Sends the pictures of a StampedPublisher as plain RTP over UDP, as servers take it that speak no RTMP. RFC 6184. */
export class StampedRtpPublisher {
  readonly #socket: Socket;
  readonly #port: number;
  readonly #payloadType: number;
  #sequence = 0;
  #stop: () => void = () => {};

  private constructor(socket: Socket, port: number, payloadType: number) {
    this.#socket = socket;
    this.#port = port;
    this.#payloadType = payloadType;
  }

  /** To a port of loopback. */
  static async start(
    port: number,
    payloadType: number,
    pictures: PictureShape = usualPictures,
  ): Promise<StampedRtpPublisher> {
    const socket = createSocket("udp4");
    // Where nobody listens yet is no error of ours.
    socket.on("error", () => {});
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    const publisher = new StampedRtpPublisher(socket, port, payloadType);
    publisher.#stop = paceStamped(pictures, (number, key, slice) => {
      publisher.#picture(Math.round((number * clockRate) / pictures.fps), key, slice);
    });
    return publisher;
  }

  stop(): void {
    this.#stop();
    this.#socket.close();
  }

  #picture(time: number, key: boolean, slice: Buffer): void {
    if (key) {
      this.#packet(time, false, parameterSets.sps);
      this.#packet(time, false, parameterSets.pps);
    }
    // RFC 6184 section 5.8.
    const type = slice.readUInt8(0);
    const fragmentBytes = maxPayloadBytes - 2;
    for (let at = 1; at < slice.length; at += fragmentBytes) {
      const last = at + fragmentBytes >= slice.length;
      const head = (type & 0x1f) | (at === 1 ? 0x80 : 0) | (last ? 0x40 : 0);
      const fragment = slice.subarray(at, at + fragmentBytes);
      this.#packet(time, last, Buffer.from([(type & 0xe0) | fuA, head]), fragment);
    }
  }

  /** RFC 3550 section 5.1. */
  #packet(time: number, marker: boolean, ...payload: readonly Buffer[]): void {
    const header = Buffer.alloc(headerBytes);
    header[0] = 0x80;
    header[1] = this.#payloadType | (marker ? 0x80 : 0);
    header.writeUInt16BE(this.#sequence++ & 0xffff, 2);
    header.writeUInt32BE(time >>> 0, 4);
    header.writeUInt32BE(ssrc, 8);
    this.#socket.send([header, ...payload], this.#port, "127.0.0.1");
  }
}
