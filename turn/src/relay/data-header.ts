import { randomBytes } from "node:crypto";
import { attributes, type SocketAddress, writeAddress } from "../stun/index.ts";

/** Channel numbers: RFC 8656 section 12 has 0x4000 to 0x4fff, RFC 5766 section 11 up to 0x7ffe; older clients use all. */
export const firstChannel = 0x4000;
export const lastChannel = 0x7ffe;

/** ChannelData header, bytes. RFC 8656 section 12.4. */
export const channelHeaderBytes = 4;

const stunHeaderBytes = 20;
const attributeHeaderBytes = 4;
const transactionIdAt = 8;
const transactionIdBytes = 12;
const dataIndication = 0x0017;

/** RFC 8656 section 12.4. */
export function writeChannelHeader(channel: number, payloadBytes: number): Uint8Array {
  const header = Buffer.allocUnsafe(channelHeaderBytes);
  header[0] = channel >> 8;
  header[1] = channel & 0xff;
  header[2] = payloadBytes >> 8;
  header[3] = payloadBytes & 0xff;
  return header;
}

/** Bytes to the next multiple of four. */
export function paddingOf(bytes: number): number {
  return -bytes & 3;
}

/** Writes what stands before the payload in Data indications from one peer. RFC 8656 section 11.3. */
export class DataHeaders {
  readonly #peer: SocketAddress;
  readonly #template: Buffer;
  #count = 0;

  constructor(peer: SocketAddress) {
    this.#peer = peer;
    const peerBytes = 4 + (peer.family === 4 ? 4 : 16);
    const template = Buffer.alloc(stunHeaderBytes + 2 * attributeHeaderBytes + peerBytes);
    template.writeUInt16BE(dataIndication, 0);
    template.writeUInt32BE(0x2112a442, 4);
    randomBytes(transactionIdBytes).copy(template, transactionIdAt);
    template.writeUInt16BE(attributes.xorPeerAddress, stunHeaderBytes);
    template.writeUInt16BE(peerBytes, stunHeaderBytes + 2);
    template.set(this.#peerValue(template), stunHeaderBytes + attributeHeaderBytes);
    template.writeUInt16BE(attributes.data, template.length - attributeHeaderBytes);
    this.#template = template;
  }

  /** The payload follows, then its padding. */
  write(payloadBytes: number): Uint8Array {
    const template = this.#template;
    const header = Buffer.allocUnsafe(template.length);
    header.set(template, 0);
    const length = template.length - stunHeaderBytes + payloadBytes + paddingOf(payloadBytes);
    header.writeUInt16BE(length, 2);
    // An indication's id names no answer: random bytes and a count tell one from the other.
    header.writeUInt32BE(this.#count++ >>> 0, transactionIdAt + transactionIdBytes - 4);
    if (this.#peer.family === 6) {
      header.set(this.#peerValue(header), stunHeaderBytes + attributeHeaderBytes);
    }
    header.writeUInt16BE(payloadBytes, header.length - 2);
    return header;
  }

  /** An IPv6 address is mixed with the transaction id. RFC 8489 section 14.2. */
  #peerValue(header: Buffer): Uint8Array {
    const end = transactionIdAt + transactionIdBytes;
    return writeAddress(this.#peer, header.subarray(transactionIdAt, end));
  }
}
