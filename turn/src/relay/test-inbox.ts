const waitMs = 10_000;

/** What came in and was not looked at yet. */
export class Inbox<T> {
  readonly #items: T[] = [];
  readonly #waiting = new Set<() => void>();

  get size(): number {
    return this.#items.length;
  }

  put(item: T): void {
    this.#items.push(item);
    for (const look of this.#waiting) look();
  }

  /** Takes out the first item that fits, now or when it comes. */
  next(fits: (item: T) => boolean = () => true): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        reject(new Error("nothing came"));
      }, waitMs);
      const look = (): void => {
        const at = this.#items.findIndex(fits);
        if (at < 0) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve(this.#items.splice(at, 1)[0] as T);
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** Takes out everything. */
  drain(): readonly T[] {
    return this.#items.splice(0);
  }
}
