import { unchangedBlock } from "./metadata-block.ts";

/** Takes bytes in order and keeps them; they are not to be changed. */
export interface ByteTaker {
  take(bytes: Uint8Array): void;
}

/**
 * Puts metadata blocks into the audio of one listener, one after each `interval` bytes of audio
 * (`icy-metaint`). It holds no bytes: what comes in goes out, cut where a block is due.
 */
export class MetadataInterleaver {
  readonly #interval: number;
  #untilBlock: number;
  #told: Uint8Array | undefined;

  /** `interval`: bytes of audio between two blocks, at least 1. */
  constructor(interval: number) {
    if (!Number.isInteger(interval) || interval < 1) throw new RangeError("interval below 1");
    this.#interval = interval;
    this.#untilBlock = interval;
  }

  /** Bytes of audio before the next block. */
  get untilBlock(): number {
    return this.#untilBlock;
  }

  /**
   * Hands on audio with the blocks that are due in it or right after it. `block` is the present
   * metadata with its length byte: it goes out once for as long as it is the same object, and other
   * places say that nothing changed.
   */
  write(audio: Uint8Array, block: Uint8Array, out: ByteTaker): void {
    let start = 0;
    while (audio.byteLength - start >= this.#untilBlock) {
      const end = start + this.#untilBlock;
      out.take(start === 0 && end === audio.byteLength ? audio : audio.subarray(start, end));
      out.take(block === this.#told ? unchangedBlock : block);
      this.#told = block;
      this.#untilBlock = this.#interval;
      start = end;
    }
    if (start === audio.byteLength) return;
    out.take(start === 0 ? audio : audio.subarray(start));
    this.#untilBlock -= audio.byteLength - start;
  }
}
