/** One viewer that is nothing but an open answer. */
export interface HeldViewer {
  /** Resolves when the server, or whoever holds it, ends it. */
  readonly ended: Promise<void>;
}

/** Viewers that read what comes and keep none of it. */
export class HeldViewers {
  readonly #open = new Set<AbortController>();

  /** Opens an address so many times, and waits until something comes on each. */
  watch(
    url: string,
    count = 1,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<readonly HeldViewer[]> {
    return Promise.all(Array.from({ length: count }, () => this.#one(url, headers)));
  }

  /** Asks for an address again and again, as players of playlists do. */
  repeat(url: string, everyMs = 500): void {
    const asking = new AbortController();
    this.#open.add(asking);
    const ask = async (): Promise<void> => {
      while (!asking.signal.aborted) {
        await fetch(url, { signal: asking.signal }).then((response) => response.arrayBuffer());
        await new Promise((resolve) => setTimeout(resolve, everyMs));
      }
    };
    ask().catch(() => {});
  }

  /** Sends all of them home. May be called twice. */
  async close(): Promise<void> {
    for (const viewer of this.#open) viewer.abort();
    this.#open.clear();
  }

  async #one(url: string, headers: Readonly<Record<string, string>>): Promise<HeldViewer> {
    const holding = new AbortController();
    this.#open.add(holding);
    const response = await fetch(url, { headers, signal: holding.signal });
    if (!response.ok || response.body === null) throw new Error(`${url}: ${response.status}`);
    const reader = response.body.getReader();
    await reader.read();
    const read = async (): Promise<void> => {
      try {
        while (!(await reader.read()).done);
      } catch {
        // Cut off, by either side.
      }
      this.#open.delete(holding);
    };
    return { ended: read() };
  }
}
