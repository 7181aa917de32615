/**
 * A map that remembers what was used lately: at least the last `limit / 2` keys, at most `limit`. Two generations, of
 * which the older is forgotten at once: deleting the oldest key of one map again and again makes finding it slow.
 */
export class RecentMap<V extends object> {
  readonly #half: number;
  #young = new Map<string, V>();
  #old = new Map<string, V>();

  /** @throws RangeError when `limit` is below 2. */
  constructor(limit: number) {
    if (!(limit >= 2)) throw new RangeError("two keys are the least to remember");
    this.#half = Math.floor(limit / 2);
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** Finding a key is using it. */
  get(key: string): V | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old === undefined) return undefined;
    this.#old.delete(key);
    this.set(key, old);
    return old;
  }

  /** Remembers a key that `get` did not find. */
  set(key: string, value: V): void {
    if (this.#young.size >= this.#half) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }
}
