import type { Clock } from "../../core/index.ts";
import type { DatagramPath } from "../peer.ts";
import { PacketAreas } from "./packet-areas.ts";
import { TextCache } from "./text-cache.ts";
import type { WasmKeys } from "./wasm-keys.ts";
import { batchPackets, place, slotBytes, type WasmInstance } from "./wasm-module.ts";
import { TagQueue } from "./wasm-tags.ts";

const blockShift = 4;
const sequences = 0x10000;

/**
 * Packets that are gathered, sealed together and sent in the order they came: those of one peer that follow each other share their
 * key stream and tables, those of all peers the lanes of HMAC-SHA1.
 */
export class WasmBatch {
  readonly #wasm: WasmInstance;
  readonly #areas: PacketAreas;
  readonly #texts: TextCache;
  readonly #tags: TagQueue;
  readonly #keys: (WasmKeys | undefined)[] = new Array(batchPackets).fill(undefined);
  readonly #paths: (DatagramPath | undefined)[] = new Array(batchPackets).fill(undefined);
  readonly #headerBytes = new Int32Array(batchPackets);
  readonly #textAt = new Int32Array(batchPackets);
  readonly #textBytes = new Int32Array(batchPackets);
  readonly #ssrcs = new Float64Array(batchPackets);
  readonly #indexes = new Float64Array(batchPackets);
  #count = 0;
  /** Whose tables the module has. */
  #powers: Uint8Array | undefined;

  constructor(wasm: WasmInstance, clock: Clock) {
    this.#wasm = wasm;
    this.#areas = new PacketAreas(wasm, clock);
    this.#texts = new TextCache(wasm);
    this.#tags = new TagQueue(wasm);
  }

  /** Takes a packet that fits (`maxHeadBytes`, `maxPlainBytes`) and goes to where `path` is. */
  add(
    keys: WasmKeys,
    path: DatagramPath,
    header: Uint8Array,
    prefix: Uint8Array | undefined,
    payload: Uint8Array,
    ssrc: number,
    index: number,
  ): void {
    const { bytes } = this.#wasm;
    let textAt = prefix === undefined ? this.#textOf(payload) : 0;
    const at = this.#count;
    const packet = this.#areas.at + at * slotBytes;
    bytes.set(header, packet);
    let textBytes = payload.length;
    if (prefix !== undefined) {
      textAt = packet + header.length;
      bytes.set(prefix, textAt);
      bytes.set(payload, textAt + prefix.length);
      textBytes += prefix.length;
    }
    this.#textAt[at] = textAt;
    this.#keys[at] = keys;
    this.#paths[at] = path;
    this.#headerBytes[at] = header.length;
    this.#textBytes[at] = textBytes;
    this.#ssrcs[at] = ssrc;
    this.#indexes[at] = index;
    this.#count = at + 1;
    if (this.#count === batchPackets) this.#work();
  }

  /** Seals and sends what was gathered. Payloads may be other bytes afterwards. */
  flush(): void {
    if (this.#count > 0) this.#work();
    this.#texts.clear();
  }

  /** Other tables were made in the module. */
  forgetTables(): void {
    this.#powers = undefined;
  }

  #textOf(payload: Uint8Array): number {
    const place = this.#texts.place(payload);
    if (place !== undefined) return place;
    this.flush();
    return this.#texts.place(payload) as number;
  }

  #work(): void {
    try {
      for (let at = 0; at < this.#count; ) at = this.#sealRun(at, this.#runFrom(at));
      this.#tags.flush();
      this.#send();
    } finally {
      // Whatever fails, nothing is sealed twice: that would undo it.
      this.#count = 0;
      this.#tags.clear();
    }
  }

  /** End of the packets from `at` on that follow each other. */
  #runFrom(at: number): number {
    const keys = this.#keys[at];
    const ssrc = this.#ssrcs[at];
    let end = at + 1;
    while (
      end < this.#count &&
      this.#keys[end] === keys &&
      this.#ssrcs[end] === ssrc &&
      this.#indexes[end] === (this.#indexes[end - 1] as number) + 1
    ) {
      end++;
    }
    return end;
  }

  /** Seals packets of one line as far as there is key stream at once. Returns the end of those. */
  #sealRun(at: number, end: number): number {
    const { stream, powers, pads } = this.#keys[at] as WasmKeys;
    const index = this.#indexes[at] as number;
    let longest = 0;
    for (let i = at; i < end; i++) longest = Math.max(longest, this.#textBytes[i] as number);
    const blocks = ((longest + 15) >> blockShift) + 1;
    const until = at + stream.take(this.#ssrcs[at] as number, index, end - at, blocks);
    const step = stream.blocks << blockShift;
    if (powers !== undefined) this.#sealGcm(at, until, step, powers);
    else if (pads !== undefined) this.#sealCounterMode(at, until, step, pads);
    return until;
  }

  #sealGcm(from: number, until: number, step: number, powers: Uint8Array): void {
    const { exports, bytes } = this.#wasm;
    if (powers !== this.#powers) {
      bytes.set(powers, place.powers);
      exports.tables(place.powers);
      this.#powers = powers;
    }
    let stream = place.stream;
    for (let at = from; at < until; at++, stream += step) {
      exports.gcm(
        this.#areas.at + at * slotBytes,
        this.#headerBytes[at] as number,
        this.#textAt[at] as number,
        this.#textBytes[at] as number,
        stream,
      );
    }
  }

  #sealCounterMode(from: number, until: number, step: number, pads: Int32Array): void {
    const { exports } = this.#wasm;
    let stream = place.stream;
    const padsAt = this.#tags.keep(pads);
    for (let at = from; at < until; at++, stream += step) {
      const packet = this.#areas.at + at * slotBytes;
      const headerBytes = this.#headerBytes[at] as number;
      const textBytes = this.#textBytes[at] as number;
      const rollover = Math.floor((this.#indexes[at] as number) / sequences);
      const blocks = exports.counterMode(
        ...([
          packet,
          headerBytes,
          this.#textAt[at] as number,
          textBytes,
          stream,
          rollover,
        ] as const),
      );
      this.#tags.add(packet, blocks, padsAt, packet + headerBytes + textBytes);
    }
  }

  #send(): void {
    const areas = this.#areas;
    let socket: DatagramPath["socket"] | undefined;
    let busy = false;
    for (let at = 0; at < this.#count; at++) {
      const { tagBytes } = this.#keys[at] as WasmKeys;
      const path = this.#paths[at] as DatagramPath;
      const length = (this.#headerBytes[at] as number) + (this.#textBytes[at] as number) + tagBytes;
      this.#keys[at] = undefined;
      this.#paths[at] = undefined;
      if (path.socket !== socket) {
        busy ||= isBusy(socket);
        socket = path.socket;
      }
      path.socket.send(areas.datagram(at, length), path.port, path.address);
    }
    areas.next(busy || isBusy(socket));
  }
}

function isBusy(socket: DatagramPath["socket"] | undefined): boolean {
  return (socket?.waitingBytes ?? 0) > 0;
}
