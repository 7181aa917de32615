import { addressKey } from "@millrace/signaling/gate";
import type { FlvSeatLimits } from "./limits.ts";

/** What is to be known of who holds a seat. */
export interface Seated {
  /** IP address. */
  readonly address: string;
  /** Whether it publishes; who does not may be made to go. */
  readonly publishing: boolean;
  readonly pendingBytes: number;
  close(code: string): void;
}

/**
 * All publishers of one way in, as many as there may be. A new one costs the oldest one that has not begun, so that
 * silent connections keep nobody out; where all publish the new one has to go.
 */
export class Seats<Entry extends Seated> {
  readonly #limits: FlvSeatLimits;
  /** In the order in which they came. */
  readonly #all = new Set<Entry>();
  readonly #byAddress = new Map<string, Set<Entry>>();
  #pendingBytes = 0;

  constructor(limits: FlvSeatLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#all.size;
  }

  /** Bytes of incomplete tags, all together. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** All of them; a copy, so that they may close meanwhile. */
  list(): Entry[] {
    return [...this.#all];
  }

  /** Whether one more from this address fits, after making room if need be. */
  admit(address: string): boolean {
    const { maxConnections, maxConnectionsPerAddress } = this.#limits;
    const near = this.#byAddress.get(addressKey(address)) ?? new Set();
    return makeRoom(near, maxConnectionsPerAddress) && makeRoom(this.#all, maxConnections);
  }

  add(entry: Entry): void {
    const key = addressKey(entry.address);
    const near = this.#byAddress.get(key) ?? new Set();
    this.#byAddress.set(key, near);
    near.add(entry);
    this.#all.add(entry);
  }

  /** Takes out an entry that holds no bytes any more. */
  remove(entry: Entry): void {
    const key = addressKey(entry.address);
    const near = this.#byAddress.get(key);
    near?.delete(entry);
    if (near?.size === 0) this.#byAddress.delete(key);
    this.#all.delete(entry);
  }

  /** An entry's pending bytes changed by so many. When all hold too much, who holds most is closed. */
  held(changeBytes: number): void {
    this.#pendingBytes += changeBytes;
    while (this.#pendingBytes > this.#limits.maxPendingBytes) {
      let most: Entry | undefined;
      for (const entry of this.#all) {
        if (most === undefined || entry.pendingBytes > most.pendingBytes) most = entry;
      }
      if (most === undefined || most.pendingBytes === 0) return;
      most.close("FLV_PENDING_TOO_LARGE");
    }
  }
}

function makeRoom<Entry extends Seated>(group: ReadonlySet<Entry>, max: number): boolean {
  if (group.size < max) return true;
  for (const entry of group) {
    if (entry.publishing) continue;
    entry.close("FLV_EVICTED");
    return group.size < max;
  }
  return false;
}
