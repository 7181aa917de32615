import { place, textBytes, type WasmInstance } from "./wasm-module.ts";

/** So far back a payload is looked for. */
const nearTexts = 16;
const alignment = 16;

/** Payloads in the memory of the module: copied once for all viewers that are sent them. */
export class TextCache {
  readonly #wasm: WasmInstance;
  readonly #payloads: Uint8Array[] = [];
  readonly #places: number[] = [];
  #end: number = place.texts;
  /** Where the next payload probably is: viewers are sent the same ones in the same order. */
  #guess = 0;
  /** Where the present run of new payloads began. */
  #start = 0;

  constructor(wasm: WasmInstance) {
    this.#wasm = wasm;
  }

  /** Where the payload is. It stays there until `clear`; undefined: there is no room for it. */
  place(payload: Uint8Array): number | undefined {
    let at = this.#guess;
    if (this.#payloads[at] !== payload) {
      at = this.#find(payload);
      if (at < 0) return undefined;
    }
    this.#guess = at + 1;
    return this.#places[at];
  }

  /** Lets go of all payloads. */
  clear(): void {
    this.#payloads.length = 0;
    this.#places.length = 0;
    this.#end = place.texts;
    this.#guess = 0;
    this.#start = 0;
  }

  #find(payload: Uint8Array): number {
    const payloads = this.#payloads;
    const end = payloads.length;
    // The next viewer begins where the one before did.
    if (payloads[this.#start] === payload) return this.#start;
    for (let at = end - 1; at >= Math.max(0, end - nearTexts); at--) {
      if (payloads[at] === payload) return at;
    }
    const after = this.#end + payload.length;
    if (after > place.texts + textBytes) return -1;
    if (this.#guess !== end) this.#start = end;
    this.#wasm.bytes.set(payload, this.#end);
    payloads.push(payload);
    this.#places.push(this.#end);
    this.#end = (after + alignment - 1) & -alignment;
    return end;
  }
}
