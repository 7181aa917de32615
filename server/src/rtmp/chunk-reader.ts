import { type ByteQueue, MessageBuffer, readU24, readU32 } from "@millrace/media/flv";
import { ProtocolError } from "../core/errors.ts";
import { AggregateReader } from "./aggregate.ts";
import type { RtmpSessionLimits } from "./limits.ts";
import { MessageType, type RtmpMessage } from "./message.ts";

const initialChunkSize = 128;
const extendedMark = 0xff_ffff;
/** Message header lengths by chunk type. RTMP 1.0 section 5.3.1.2. */
const messageHeaderBytes = [11, 7, 3, 0] as const;
const maxHeaderBytes = 3 + 11;

/** What later chunks of a chunk stream take over from earlier ones. */
interface ChunkStream {
  timestampMs: number;
  /** What a type 3 chunk that begins a message adds. */
  deltaMs: number;
  /** The extended timestamp field as it stood on the wire; undefined when there was none. */
  extended: number | undefined;
  length: number;
  type: number;
  streamId: number;
  message: MessageBuffer | undefined;
}

/**
 * Puts messages together from chunks, RTMP 1.0 section 5.3. Obeys Set Chunk Size and Abort itself
 * and takes aggregates apart; everything else comes out of `next`.
 */
export class ChunkReader {
  /** Whether audio and video may have their full size: only of a peer that publishes. */
  mediaAllowed = false;
  readonly #limits: RtmpSessionLimits;
  readonly #input: ByteQueue;
  readonly #streams = new Map<number, ChunkStream>();
  readonly #head = new Uint8Array(maxHeaderBytes);
  #headFilled = 0;
  #chunkSize = initialChunkSize;
  #pendingBytes = 0;
  /** Set while inside a chunk. */
  #current: ChunkStream | undefined;
  #chunkRemaining = 0;
  /** Set between a chunk's header and its extended timestamp. */
  #awaitsExtended: { stream: ChunkStream; format: number; field: number } | undefined;
  /** Whether this peer repeats the extended timestamp in type 3 chunks; undefined until one told. */
  #repeatsExtended: boolean | undefined;
  #aggregate: AggregateReader | undefined;

  /** Reads from `input`, into which its owner pushes. */
  constructor(input: ByteQueue, limits: RtmpSessionLimits) {
    this.#input = input;
    this.#limits = limits;
  }

  /** Memory held for messages that are not complete. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /**
   * The next complete message; undefined when more bytes are needed. Payloads belong to the caller.
   * @throws ProtocolError `RTMP_CHUNK_TOO_LARGE`, `RTMP_CHUNK_SIZE_INVALID`, `RTMP_CHUNK_INVALID`, `RTMP_CHUNK_STREAMS_TOO_MANY`,
   * `RTMP_MESSAGE_TOO_LARGE`, `RTMP_PENDING_TOO_LARGE`, `RTMP_CONTROL_INVALID`, `RTMP_AGGREGATE_INVALID`.
   */
  next(): RtmpMessage | undefined {
    for (;;) {
      const part = this.#aggregate?.next();
      if (part !== undefined) return part;
      this.#aggregate = undefined;
      if (this.#current === undefined && !this.#readHeader()) return undefined;
      const message = this.#readPayload();
      if (message === undefined) {
        if (this.#current !== undefined) return undefined;
      } else if (message.type === MessageType.setChunkSize) this.#setChunkSize(message.payload);
      else if (message.type === MessageType.abort) this.#abort(message.payload);
      else if (message.type === MessageType.aggregate) {
        this.#aggregate = new AggregateReader(message);
      } else return message;
    }
  }

  /** Reads a chunk's headers; true when its payload may be read. Section 5.3.1. */
  #readHeader(): boolean {
    if (this.#awaitsExtended === undefined) {
      const basic = this.#fill(1) ? basicHeaderBytes(this.#head[0] ?? 0) : undefined;
      if (basic === undefined) return false;
      const format = (this.#head[0] ?? 0) >> 6;
      if (!this.#fill(basic + (messageHeaderBytes[format] ?? 0))) return false;
      this.#headFilled = 0;
      this.#messageHeader(format, basic);
    }
    return this.#awaitsExtended === undefined || this.#readExtended();
  }

  #fill(length: number): boolean {
    const missing = length - this.#headFilled;
    if (missing > 0) {
      this.#headFilled += this.#input.readInto(this.#head, this.#headFilled, missing);
    }
    return this.#headFilled >= length;
  }

  /** Section 5.3.1.2. */
  #messageHeader(format: number, at: number): void {
    const id = chunkStreamId(this.#head);
    let stream = this.#streams.get(id);
    if (stream === undefined) {
      if (format !== 0 && format !== 1) {
        // Type 1 lacks only the message stream, and librtmp opens chunk streams with it.
        throw new ProtocolError(
          "RTMP_CHUNK_INVALID",
          `chunk stream ${id} begins with type ${format}`,
        );
      }
      if (this.#streams.size >= this.#limits.maxChunkStreams) {
        throw new ProtocolError("RTMP_CHUNK_STREAMS_TOO_MANY", "too many chunk streams");
      }
      stream = {
        timestampMs: 0,
        deltaMs: 0,
        extended: undefined,
        length: 0,
        type: 0,
        streamId: 0,
        message: undefined,
      };
      this.#streams.set(id, stream);
    }
    if (format !== 3 && stream.message !== undefined) {
      throw new ProtocolError(
        "RTMP_CHUNK_INVALID",
        `chunk stream ${id} leaves a message unfinished`,
      );
    }
    if (format === 3) {
      if (stream.extended === undefined) this.#begin(stream, 3, stream.deltaMs);
      else this.#awaitsExtended = { stream, format, field: stream.deltaMs };
      return;
    }
    const field = readU24(this.#head, at);
    if (format <= 1) {
      stream.length = readU24(this.#head, at + 3);
      stream.type = this.#head[at + 6] ?? 0;
    }
    if (format === 0) stream.streamId = readU32LittleEndian(this.#head, at + 7);
    if (field === extendedMark) {
      this.#awaitsExtended = { stream, format, field };
    } else {
      stream.extended = undefined;
      this.#begin(stream, format, field);
    }
  }

  /**
   * Section 5.3.1.3. Type 3 chunks repeat the field, but not every peer does: there it is told by
   * its value.
   */
  #readExtended(): boolean {
    const awaited = this.#awaitsExtended;
    if (awaited === undefined) return true;
    const { stream, format } = awaited;
    if (format === 3) {
      const repeated = this.#isRepeated(stream);
      if (repeated === undefined) return false;
      if (repeated) this.#input.skip(4);
      this.#awaitsExtended = undefined;
      this.#begin(stream, 3, stream.deltaMs);
      return true;
    }
    if (!this.#fill(4)) return false;
    this.#headFilled = 0;
    this.#awaitsExtended = undefined;
    const field = readU32(this.#head, 0);
    stream.extended = field;
    this.#begin(stream, format, field);
    return true;
  }

  #isRepeated(stream: ChunkStream): boolean | undefined {
    // The tail of a message that is shorter than the field cannot be told from it: go by experience.
    const rest = stream.message?.remaining ?? stream.length;
    if (rest < 4 && this.#repeatsExtended === false) return false;
    let value = 0;
    for (let index = 0; index < 4; index++) {
      const byte = this.#input.peek(index);
      if (byte === undefined) return undefined;
      value = value * 256 + byte;
    }
    const repeated = value === stream.extended || value === stream.timestampMs;
    this.#repeatsExtended = repeated;
    return repeated;
  }

  /** Begins a chunk's payload, and a message where none is unfinished. */
  #begin(stream: ChunkStream, format: number, field: number): void {
    if (stream.message === undefined) {
      // Section 5.3.1.2.4: after type 0 a type 3 chunk adds the time that stood there.
      stream.deltaMs = field;
      stream.timestampMs = (format === 0 ? field : stream.timestampMs + field) >>> 0;
      const limit = this.#limitOf(stream.type);
      if (stream.length > limit) {
        throw new ProtocolError(
          "RTMP_MESSAGE_TOO_LARGE",
          `message of type ${stream.type} has ${stream.length} bytes, ${limit} allowed`,
        );
      }
      stream.message = new MessageBuffer(stream.length);
    }
    this.#current = stream;
    this.#chunkRemaining = Math.min(stream.message.remaining, this.#chunkSize);
  }

  #limitOf(type: number): number {
    const isMedia =
      type === MessageType.audio || type === MessageType.video || type === MessageType.aggregate;
    return isMedia && this.mediaAllowed
      ? this.#limits.maxMessageBytes
      : this.#limits.maxCommandBytes;
  }

  /** Undefined with `#current` set: more bytes are needed. Undefined without: the chunk ended, its message did not. */
  #readPayload(): RtmpMessage | undefined {
    const stream = this.#current;
    const message = stream?.message;
    if (stream === undefined || message === undefined) return undefined;
    const before = message.allocatedBytes;
    this.#chunkRemaining -= message.fill(this.#input, this.#chunkRemaining);
    this.#pendingBytes += message.allocatedBytes - before;
    if (this.#pendingBytes > this.#limits.maxPendingBytes) {
      throw new ProtocolError("RTMP_PENDING_TOO_LARGE", "too much in unfinished messages");
    }
    if (this.#chunkRemaining > 0) return undefined;
    this.#current = undefined;
    if (!message.done) return undefined;
    stream.message = undefined;
    this.#pendingBytes -= message.allocatedBytes;
    const { type, streamId, timestampMs } = stream;
    return { type, streamId, timestampMs, payload: message.bytes };
  }

  /** Section 5.4.1. */
  #setChunkSize(payload: Uint8Array): void {
    if (payload.length < 4) throw tooShort("Set Chunk Size");
    const size = readU32(payload, 0);
    if (size === 0 || size > 0x7fff_ffff) {
      throw new ProtocolError("RTMP_CHUNK_SIZE_INVALID", `chunk size ${size}`);
    }
    if (size > this.#limits.maxChunkSize) {
      throw new ProtocolError(
        "RTMP_CHUNK_TOO_LARGE",
        `chunk size ${size}, ${this.#limits.maxChunkSize} allowed`,
      );
    }
    this.#chunkSize = size;
  }

  /** Section 5.4.2. */
  #abort(payload: Uint8Array): void {
    if (payload.length < 4) throw tooShort("Abort");
    const stream = this.#streams.get(readU32(payload, 0));
    if (stream?.message === undefined) return;
    this.#pendingBytes -= stream.message.allocatedBytes;
    stream.message = undefined;
  }
}

/** Section 5.3.1.1. */
function basicHeaderBytes(first: number): number {
  const id = first & 0x3f;
  return id === 0 ? 2 : id === 1 ? 3 : 1;
}

/** Section 5.3.1.1; the three-byte form has its low byte first. */
function chunkStreamId(head: Uint8Array): number {
  const id = (head[0] ?? 0) & 0x3f;
  if (id === 0) return 64 + (head[1] ?? 0);
  if (id === 1) return 64 + (head[1] ?? 0) + (head[2] ?? 0) * 256;
  return id;
}

function readU32LittleEndian(bytes: Uint8Array, at: number): number {
  const high = readU24(
    Uint8Array.of(bytes[at + 3] ?? 0, bytes[at + 2] ?? 0, bytes[at + 1] ?? 0),
    0,
  );
  return high * 256 + (bytes[at] ?? 0);
}

function tooShort(name: string): ProtocolError {
  return new ProtocolError("RTMP_CONTROL_INVALID", `${name} is cut off`);
}
