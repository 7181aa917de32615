import { writeModule } from "./wasm-assembler.ts";
import {
  ghashFunction,
  hashBlocks,
  hashTableBytes,
  tableFunction,
  tablesFunction,
} from "./wasm-ghash.ts";
import { counterModeFunction, countersFunction, gcmFunction } from "./wasm-seal.ts";
import {
  blockFunction,
  compressFunction,
  type HmacMemory,
  hmacFunction,
  lanes,
  stateWords,
} from "./wasm-sha1.ts";
import { webAssembly } from "./web-assembly.ts";

/** Header and prefix of a packet that is sealed here, bytes. */
export const maxHeadBytes: number = 128;
/** Header, prefix and payload of a packet that is sealed here, bytes. */
export const maxPlainBytes: number = 2048 - 16;
/** Packets that are gathered at most. */
export const batchPackets: number = 64;
/** Room of one packet: itself and 96 bytes that padding, tag and whole blocks reach beyond. */
export const slotBytes: number = 2048 + 80;
/** Rooms of `batchPackets` packets each, which the kernel may read from; there is one more. */
export const packetAreas: number = 4;
/** Key stream, and counter blocks, that are made at once. */
export const streamBytes: number = 32 * 1024;
/** Payloads of a frame, which many viewers are sent. */
export const textBytes: number = 128 * 1024;

const blockBytes = 16;
const vectorBytes = 16;
const padsBytes = 2 * stateWords * 4;

let used = 64;
function room(bytes: number): number {
  const at = used;
  used += (bytes + 63) & ~63;
  return at;
}

/** Where everything stands in the memory of the module, bytes from its beginning. */
interface WasmPlaces extends HmacMemory {
  /** Four blocks: powers of a hash key, the highest first. */
  readonly powers: number;
  /** The first counter block of a packet. */
  readonly counter: number;
  /** State and schedule of four hashes, a vector for each word. */
  readonly state: number;
  readonly schedule: number;
  /** What `hmac` works on: four words each. */
  readonly messages: number;
  readonly counts: number;
  readonly pads: number;
  readonly tags: number;
  /** Pads of the packets that are gathered: the states after the inner and the outer pad. */
  readonly allPads: number;
  readonly tables: number;
  /** What one GHASH is made of: zeros, header, text, lengths. */
  readonly hashed: number;
  readonly hashedText: number;
  readonly counters: number;
  readonly stream: number;
  readonly texts: number;
  /** A short packet is read on as far as a long one that is hashed beside it. */
  readonly packets: number;
}

export const place: WasmPlaces = {
  powers: room(hashBlocks * blockBytes),
  counter: room(blockBytes),
  state: room(stateWords * vectorBytes),
  schedule: room(16 * vectorBytes),
  messages: room(4 * lanes),
  counts: room(4 * lanes),
  pads: room(4 * lanes),
  tags: room(4 * lanes),
  allPads: room(batchPackets * padsBytes),
  tables: room(hashTableBytes),
  hashed: room(maxHeadBytes + 4 * blockBytes) + maxHeadBytes + 4 * blockBytes,
  hashedText: room(maxPlainBytes + 4 * blockBytes),
  counters: room(streamBytes),
  stream: room(streamBytes + 2 * blockBytes),
  texts: room(textBytes + 2 * blockBytes),
  packets: room(((packetAreas + 1) * batchPackets + 1) * slotBytes),
};

const pages = Math.ceil(used / 65_536);

/** What the module exports. Addresses are bytes from the beginning of the memory. */
export interface WasmExports {
  /** Makes the tables of `ghash` from four blocks. */
  tables(powers: number): void;
  /** GHASH of `groups` × 64 bytes, which are overwritten. */
  ghash(at: number, groups: number, result: number): void;
  counters(to: number, blocks: number, first: number): void;
  gcm(packet: number, header: number, text: number, bytes: number, stream: number): void;
  /** Returns how many blocks the HMAC has to take in. */
  counterMode(
    packet: number,
    header: number,
    text: number,
    bytes: number,
    stream: number,
    rollover: number,
  ): number;
  /** Compresses the schedule into the state. */
  block(): void;
  hmac(blocks: number): void;
}

/** The module with its memory, which never grows. */
export interface WasmInstance {
  readonly exports: WasmExports;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly words: Int32Array<ArrayBuffer>;
}

/** The module that seals packets, as bytes. It needs 128-bit SIMD. */
export function writeSealer(): Uint8Array<ArrayBuffer> {
  const functions = [
    tableFunction(),
    tablesFunction(0, place.tables),
    ghashFunction(place.tables),
    countersFunction(),
    gcmFunction(2, place.hashed),
    compressFunction(place),
    blockFunction(5),
    hmacFunction(place, 5),
    counterModeFunction(),
  ];
  return writeModule(functions, pages);
}

/** Compiles and instantiates it. Undefined where the machine or Node has no WebAssembly SIMD. */
export function loadSealer(): WasmInstance | undefined {
  if (webAssembly === undefined) return undefined;
  const module = writeSealer();
  if (!webAssembly.validate(module)) return undefined;
  const memory = new webAssembly.Memory({ initial: pages, maximum: pages });
  const compiled = new webAssembly.Module(module);
  const { exports } = new webAssembly.Instance(compiled, { env: { memory } });
  return {
    exports: exports as WasmExports,
    bytes: new Uint8Array(memory.buffer),
    words: new Int32Array(memory.buffer),
  };
}
