import type { Duplex } from "node:stream";
import type { RefusedError } from "../../core/index.ts";
import type { Block, Wire } from "./block.ts";
import type { BlockChain, Group } from "./block-chain.ts";
import type { DirectTaker, FanOut } from "./fan-out.ts";
import type { Heading } from "./heading.ts";

/** A viewer's connection: HTTP or a WebSocket. */
export interface Carrier {
  readonly socket: Duplex;
  readonly wire: Wire;
  /** Writes what has to stand before the first FLV byte. Called once, unless `refuse` is. */
  begin(): void;
  /** There is nothing to watch. */
  refuse(error: RefusedError): void;
  /** Ends the stream in order, and the connection with it soon. */
  end(code: string): void;
  /** Cuts the connection. */
  abort(): void;
  /** Called about once a second; gives why the connection is no use any more. */
  tick?(nowUs: number): string | undefined;
}

/** Where the bytes come from. */
export interface ViewerSource {
  readonly chain: BlockChain;
  /** What stands in front of a group, or of whatever comes next. */
  heading(group: Group | undefined): Heading;
}

/** Figures of one viewer; bytes are those that its socket's own counter does not tell. */
export interface FlvViewerStats {
  /** Sent past the socket's stream. */
  readonly directBytes: number;
  /** Written to the stream and cut off with the connection. */
  readonly lostBytes: number;
  readonly waitingBytes: number;
  readonly framesSent: number;
  readonly framesDropped: number;
}

export interface ViewerLimits {
  readonly maxWaitingBytes: number;
  readonly maxBehindBytes: number;
  readonly maxBehindMs: number;
  readonly stallMs: number;
}

/**
 * One viewer: a place in the chain of blocks and a socket. It is written to as far as the socket takes it,
 * and jumps to the newest key frame when it has fallen too far behind.
 */
export class FlvViewer implements DirectTaker {
  readonly carrier: Carrier;
  readonly #limits: ViewerLimits;
  #source: ViewerSource | undefined;
  /** The last block that was written; undefined while it waits for a group. */
  #place: Block | undefined;
  #group = -1;
  #version = -1;
  /** It missed blocks after so many frames. */
  #missingFrom: number | undefined;
  #droppedFrames = 0;
  /** Frames of the chain before those that it is sent without a gap. */
  #framesBefore = 0;
  #sentFrames = 0;
  #sentBytes = 0;
  /** As `FanOut` counts. */
  directBytes = 0;
  /** Called once, when the first frames were written. */
  onMedia: (() => void) | undefined;
  /** What its stream held when it was written to last. */
  #waitingBytes = 0;
  #takenBytes = 0;
  #takenUs = 0;

  constructor(carrier: Carrier, limits: ViewerLimits) {
    this.carrier = carrier;
    this.#limits = limits;
  }

  get isOpen(): boolean {
    return this.#source !== undefined;
  }

  get socket(): Duplex {
    return this.carrier.socket;
  }

  get stats(): FlvViewerStats {
    const missing = this.#missingFrom;
    const tail = this.#source?.chain.tail.place.endFrames ?? 0;
    const { socket } = this.carrier;
    return {
      directBytes: this.directBytes,
      lostBytes: socket.destroyed ? this.#waitingBytes : 0,
      waitingBytes: socket.writableLength,
      framesSent: this.#sentFrames + this.#framesSince(),
      framesDropped: this.#droppedFrames + (missing === undefined ? 0 : tail - missing),
    };
  }

  /** Sends the beginning and what there is. Call once. */
  open(source: ViewerSource): void {
    this.#source = source;
    const { socket } = this.carrier;
    socket.cork();
    this.carrier.begin();
    const { group } = source.chain;
    const { opening, version } = source.heading(group);
    this.#write(opening);
    this.#version = version;
    this.pump();
    socket.uncork();
  }

  /**
   * Writes what is new, as far as the socket takes it. Without effect before `open`. With a `fanOut` that takes the
   * next block it is left at that: pump once more after `FanOut.flush`.
   */
  pump(fanOut?: FanOut): void {
    const source = this.#source;
    if (source === undefined) return;
    const { socket, wire } = this.carrier;
    while (socket.writableLength < this.#limits.maxWaitingBytes) {
      const place = this.#place ?? this.#enter(source);
      const next = place?.next;
      if (next === undefined) break;
      this.#place = next;
      if (next.group !== undefined) this.#group = next.group;
      else if (fanOut?.take(this, next.bytes(wire)) === true) {
        this.#sentBytes += next.bytes(wire).length;
        return;
      } else this.#write(next);
    }
    this.#waitingBytes = socket.writableLength;
    if (this.onMedia !== undefined && this.#framesSince() > 0) this.#mediaStarted(this.onMedia);
    if (this.#place !== undefined && this.#isLate(this.#place, source.chain)) {
      this.#missingFrom = this.#place.place.endFrames;
      this.#leavePlace();
    }
  }

  /** Whether the viewer has taken nothing for too long although there was something. Ask about once a second. */
  isStalled(nowUs: number): boolean {
    const waiting = this.carrier.socket.writableLength;
    const taken = this.#sentBytes - waiting;
    if (waiting === 0 || taken > this.#takenBytes || this.#takenUs === 0) {
      this.#takenBytes = Math.max(taken, this.#takenBytes);
      this.#takenUs = nowUs;
    }
    return nowUs - this.#takenUs >= this.#limits.stallMs * 1000;
  }

  /** Lets go of the blocks. May be called twice. */
  close(): void {
    this.#droppedFrames = this.stats.framesDropped;
    this.#missingFrom = undefined;
    this.#source = undefined;
    this.#leavePlace();
  }

  #mediaStarted(tell: () => void): void {
    this.onMedia = undefined;
    tell();
  }

  #framesSince(): number {
    return this.#place === undefined ? 0 : this.#place.place.endFrames - this.#framesBefore;
  }

  #leavePlace(): void {
    this.#sentFrames += this.#framesSince();
    this.#place = undefined;
  }

  /** Takes its place in front of the newest group, if it was not there already. */
  #enter(source: ViewerSource): Block | undefined {
    const { group } = source.chain;
    if (group === undefined || group.index <= this.#group) return undefined;
    const heading = source.heading(group);
    const missing = this.#missingFrom;
    if (missing !== undefined || heading.version !== this.#version) this.#write(heading.resumption);
    this.#version = heading.version;
    if (missing !== undefined) this.#droppedFrames += group.start.place.endFrames - missing;
    this.#missingFrom = undefined;
    this.#group = group.index;
    this.#place = group.start;
    this.#framesBefore = group.start.place.endFrames;
    return group.start;
  }

  /**
   * Whether too much was left because the socket is full. Within the newest group there is nowhere to jump
   * to, and nothing is kept for this viewer alone.
   */
  #isLate({ next }: Block, { group, tail }: BlockChain): boolean {
    if (next === undefined || (group !== undefined && group.index <= this.#group)) return false;
    const { maxBehindBytes, maxBehindMs } = this.#limits;
    return (
      tail.place.endBytes - next.place.endBytes > maxBehindBytes ||
      tail.place.endUs - next.place.endUs > maxBehindMs * 1000
    );
  }

  #write(block: Block): void {
    const bytes = block.bytes(this.carrier.wire);
    this.#sentBytes += bytes.length;
    this.carrier.socket.write(bytes);
  }
}
