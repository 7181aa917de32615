import { writeU24, writeU32 } from "@millrace/media/flv";

const initialChunkSize = 128;
const extendedMark = 0xff_ffff;
const fullHeaderBytes = 12;
const deltaHeaderBytes = 8;

interface SentHeader {
  timestampMs: number;
  streamId: number;
}

/**
 * Cuts messages into chunks, RTMP 1.0 section 5.3. Bodies are not copied: what is written is a list
 * of header bytes and parts of the body, so that many peers can share one body.
 */
export class ChunkWriter {
  #chunkSize = initialChunkSize;
  readonly #sent = new Map<number, SentHeader>();

  /** Of the messages written from now on. The caller announces it before. */
  setChunkSize(size: number): void {
    this.#chunkSize = size;
  }

  /**
   * Adds a message to `out`. `chunkStream` is 2 … 63. `timestampMs` wraps at 2^32. Keeps `payload`.
   * Uses type 0 and type 1 headers only: what a new message of type 3 means after type 0, clients disagree on.
   */
  write(
    out: Uint8Array[],
    chunkStream: number,
    type: number,
    streamId: number,
    timestampMs: number,
    payload: Uint8Array,
  ): void {
    const time = timestampMs >>> 0;
    const sent = this.#sent.get(chunkStream);
    const deltaMs = sent === undefined ? 0 : (time - sent.timestampMs) >>> 0;
    // Backwards in time needs an absolute time; so does a step that a delta would need the extended field for.
    const isDelta = sent !== undefined && sent.streamId === streamId && deltaMs < extendedMark;
    const field = isDelta ? deltaMs : time;
    if (sent === undefined) this.#sent.set(chunkStream, { timestampMs: time, streamId });
    else {
      sent.timestampMs = time;
      sent.streamId = streamId;
    }
    const isExtended = field >= extendedMark;
    const headerBytes = isDelta ? deltaHeaderBytes : fullHeaderBytes;
    const header = new Uint8Array(headerBytes + (isExtended ? 4 : 0));
    header[0] = ((isDelta ? 1 : 0) << 6) | chunkStream;
    writeU24(header, 1, isExtended ? extendedMark : field);
    writeU24(header, 4, payload.length);
    header[7] = type;
    if (!isDelta) {
      header[8] = streamId;
      header[9] = streamId >>> 8;
      header[10] = streamId >>> 16;
      header[11] = streamId >>> 24;
    }
    if (isExtended) writeU32(header, headerBytes, field);
    out.push(header);
    this.#writeBody(out, chunkStream, isExtended ? field : undefined, payload);
  }

  #writeBody(
    out: Uint8Array[],
    chunkStream: number,
    extended: number | undefined,
    payload: Uint8Array,
  ): void {
    const size = this.#chunkSize;
    if (payload.length <= size) {
      if (payload.length > 0) out.push(payload);
      return;
    }
    const next = new Uint8Array(extended === undefined ? 1 : 5);
    next[0] = (3 << 6) | chunkStream;
    if (extended !== undefined) writeU32(next, 1, extended);
    for (let at = 0; at < payload.length; at += size) {
      if (at > 0) out.push(next);
      out.push(payload.subarray(at, at + size));
    }
  }
}
