import type { TrackInfo } from "@millrace/media/frame";
import { Block } from "./block.ts";

export interface BlockChainLimits {
  /** Bytes of a group of pictures that is kept from its beginning. */
  readonly maxGroupBytes: number;
  readonly maxGroupMs: number;
}

/** The newest group of pictures, from its key frame on. */
export interface Group {
  /** Empty; what follows it begins with a key frame. */
  readonly start: Block;
  readonly index: number;
  readonly startUs: number;
  /** The tracks as they were configured when it began. */
  readonly infos: readonly TrackInfo[];
}

/**
 * The blocks of a stream, one linked to the next. Only the newest group and what viewers still have to be
 * sent are kept: whoever moves on lets go of what is behind.
 */
export class BlockChain {
  readonly #limits: BlockChainLimits;
  #tail: Block = new Block([], { endBytes: 0, endFrames: 0, endUs: 0 });
  #group: Group | undefined;
  #groups = 0;

  constructor(limits: BlockChainLimits) {
    this.#limits = limits;
  }

  /** The newest block. */
  get tail(): Block {
    return this.#tail;
  }

  /** Undefined before the first key frame, and once a group has grown over a limit. */
  get group(): Group | undefined {
    return this.#group;
  }

  append(tags: readonly Uint8Array[], frames: number, endUs: number): void {
    const { place } = this.#tail;
    let bytes = 0;
    for (const tag of tags) bytes += tag.length;
    this.#link(
      new Block(tags, {
        endBytes: place.endBytes + bytes,
        endFrames: place.endFrames + frames,
        endUs: Math.max(place.endUs, endUs),
      }),
    );
    const group = this.#group;
    if (group === undefined) return;
    const { maxGroupBytes, maxGroupMs } = this.#limits;
    if (
      this.#tail.place.endBytes - group.start.place.endBytes > maxGroupBytes ||
      endUs - group.startUs > maxGroupMs * 1000
    ) {
      this.#group = undefined;
    }
  }

  /** What is appended next begins with a key frame of that time. */
  beginGroup(startUs: number, infos: readonly TrackInfo[]): void {
    const index = this.#groups++;
    const { place } = this.#tail;
    const start = new Block([], { ...place, endUs: Math.max(place.endUs, startUs) }, index);
    this.#link(start);
    this.#group = { start, index, startUs, infos };
  }

  #link(block: Block): void {
    this.#tail.next = block;
    this.#tail = block;
  }
}
