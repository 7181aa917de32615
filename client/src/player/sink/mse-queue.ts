import type { InitRecord, PartRecord } from "@millrace/media/parts";

/** What a sink is fed with, in order. `gap`: the next part is independent. */
export type SinkItem = InitRecord | PartRecord | { readonly type: "gap" };

export interface QueueLimits {
  /** Media that waits for the source, bytes. */
  readonly maxBytes: number;
  readonly maxItems: number;
}

export const defaultQueueLimits: QueueLimits = { maxBytes: 32 * 1024 * 1024, maxItems: 1000 };

/**
 * What waits to be appended. A page in the background may open its source late: what is too much then is left
 * out up to the newest place where playing can start.
 */
export class MseQueue {
  readonly #limits: QueueLimits;
  #items: SinkItem[] = [];
  #bytes = 0;

  constructor(limits: Partial<QueueLimits> = {}) {
    this.#limits = { ...defaultQueueLimits, ...limits };
  }

  get length(): number {
    return this.#items.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get first(): SinkItem | undefined {
    return this.#items[0];
  }

  push(item: SinkItem): void {
    this.#items.push(item);
    this.#bytes += sizeOf(item);
    const { maxBytes, maxItems } = this.#limits;
    if (this.#bytes > maxBytes || this.#items.length > maxItems) this.skipToNewest();
  }

  shift(): SinkItem | undefined {
    const item = this.#items.shift();
    if (item !== undefined) this.#bytes -= sizeOf(item);
    return item;
  }

  /** Puts an item back that could not be used yet. */
  unshift(item: SinkItem): void {
    this.#items.unshift(item);
    this.#bytes += sizeOf(item);
  }

  /** Leaves out all parts before the newest independent one, or all of them; an init that is needed stays. */
  skipToNewest(): void {
    const items = this.#items;
    const newest = items.findLastIndex((item) => item.type === "part" && item.independent);
    const before = newest <= 0 ? items : items.slice(0, newest);
    // An independent part at the very front leaves nothing to skip but itself.
    const after = newest <= 0 ? [] : items.slice(newest);
    const init = before.findLast((item) => item.type === "init");
    this.#items = [...(init === undefined ? [] : [init]), { type: "gap" }, ...after];
    this.#bytes = this.#items.reduce((sum, item) => sum + sizeOf(item), 0);
  }

  clear(): void {
    this.#items = [];
    this.#bytes = 0;
  }
}

function sizeOf(item: SinkItem): number {
  return item.type === "gap" ? 0 : item.bytes.byteLength;
}
