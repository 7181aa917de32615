import { batchPackets, place, type WasmInstance } from "./wasm-module.ts";
import { lanes, stateWords } from "./wasm-sha1.ts";

const padsWords = 2 * stateWords;
const maxBlocks = 64;
const none = -1;

/** Packets that wait for their HMAC-SHA1: those with the same number of blocks are hashed together as far as there are four. */
export class TagQueue {
  readonly #wasm: WasmInstance;
  readonly #packets = new Int32Array(batchPackets);
  readonly #blocks = new Int32Array(batchPackets);
  readonly #padsAt = new Int32Array(batchPackets);
  readonly #tagsAt = new Int32Array(batchPackets);
  /** By number of blocks: the packet that came last, and for each packet the one before. */
  readonly #last = new Int16Array(maxBlocks).fill(none);
  readonly #before = new Int16Array(batchPackets);
  #count = 0;
  #pads = 0;
  #longest = 0;

  constructor(wasm: WasmInstance) {
    this.#wasm = wasm;
  }

  /** Copies pads to where packets added afterwards can have them from, until `flush`. Returns the place. */
  keep(pads: Int32Array): number {
    const at = place.allPads + this.#pads++ * padsWords * 4;
    this.#wasm.words.set(pads, at / 4);
    return at;
  }

  add(packet: number, blocks: number, padsAt: number, tagAt: number): void {
    const at = this.#count++;
    this.#packets[at] = packet;
    this.#blocks[at] = blocks;
    this.#padsAt[at] = padsAt;
    this.#tagsAt[at] = tagAt;
    this.#before[at] = this.#last[blocks] as number;
    this.#last[blocks] = at;
    if (blocks > this.#longest) this.#longest = blocks;
  }

  /** Writes all tags. */
  flush(): void {
    if (this.#count === 0) return;
    const { exports, words } = this.#wasm;
    let lane = 0;
    let longest = 0;
    // From long to short, so that the lanes end at about the same time.
    for (let blocks = this.#longest; blocks > 0; blocks--) {
      let at = this.#last[blocks] as number;
      this.#last[blocks] = none;
      for (; at !== none; at = this.#before[at] as number) {
        if (lane === 0) longest = blocks;
        this.#fillLane(lane++, at);
        if (lane < lanes) continue;
        exports.hmac(longest);
        lane = 0;
      }
    }
    if (lane > 0) {
      for (; lane < lanes; lane++) {
        words[place.counts / 4 + lane] = 0;
        // Nobody reads the tag of a lane that is left over.
        words[place.tags / 4 + lane] = place.counter;
      }
      exports.hmac(longest);
    }
    this.clear();
  }

  /** Forgets what waits. */
  clear(): void {
    if (this.#longest > 0) this.#last.fill(none);
    this.#count = 0;
    this.#pads = 0;
    this.#longest = 0;
  }

  #fillLane(lane: number, at: number): void {
    const { words } = this.#wasm;
    words[place.messages / 4 + lane] = this.#packets[at] as number;
    words[place.counts / 4 + lane] = this.#blocks[at] as number;
    words[place.pads / 4 + lane] = this.#padsAt[at] as number;
    words[place.tags / 4 + lane] = this.#tagsAt[at] as number;
  }
}
