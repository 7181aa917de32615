import type { Clock } from "../../core/index.ts";
import { batchPackets, packetAreas, place, slotBytes, type WasmInstance } from "./wasm-module.ts";

const areaBytes = batchPackets * slotBytes;
/** The kernel has sent, or the socket's queue dropped, what was handed over so long ago. */
const holdUs = 250_000;

/** Where packets are sealed. The same room serves again at once, unless the kernel did not take all packets out of it. */
export class PacketAreas {
  readonly #wasm: WasmInstance;
  readonly #clock: Clock;
  readonly #views: (Uint8Array | undefined)[] = new Array(packetAreas * batchPackets);
  readonly #heldUs = new Float64Array(packetAreas).fill(Number.NEGATIVE_INFINITY);
  #area = 0;
  /** The kernel may still read out of every area, so that datagrams are copies. */
  #copies = false;
  /** Where the packets of the present batch begin. */
  at: number = place.packets;

  constructor(wasm: WasmInstance, clock: Clock) {
    this.#wasm = wasm;
    this.#clock = clock;
  }

  /** The first `length` bytes of packet `number`, for a socket. */
  datagram(number: number, length: number): Uint8Array {
    if (this.#copies) return this.copy(number, length);
    const slot = this.#area * batchPackets + number;
    const view = this.#views[slot];
    if (view?.length === length) return view;
    const at = this.at + number * slotBytes;
    const made = this.#wasm.bytes.subarray(at, at + length);
    this.#views[slot] = made;
    return made;
  }

  /** The same in memory of its own. */
  copy(number: number, length: number): Uint8Array {
    const at = this.at + number * slotBytes;
    return this.#wasm.bytes.slice(at, at + length);
  }

  /** The batch was sent. `busy`: not all of it was taken by the kernel. */
  next(busy: boolean): void {
    if (!busy && !this.#copies) return;
    const nowUs = this.#clock.nowUs();
    if (busy && !this.#copies) this.#heldUs[this.#area] = nowUs;
    const free = this.#heldUs.findIndex((heldUs) => nowUs - heldUs >= holdUs);
    this.#copies = free < 0;
    // Copies are made out of one more area, which nobody but us reads.
    this.#area = free < 0 ? packetAreas : free;
    this.at = place.packets + this.#area * areaBytes;
  }
}
