/** What the table must know of a connection. */
export interface TableEntry {
  /** IP address. */
  readonly address: string;
  /** Undefined while it neither publishes nor plays. */
  readonly role: unknown;
  close(code: string): void;
}

interface Group<Entry> {
  readonly all: Set<Entry>;
  /** In the order in which they became idle. */
  readonly idle: Set<Entry>;
}

/**
 * All connections, as many as there may be. A new one costs the oldest one that does nothing, so that
 * idle connections cannot keep others out; where all are at work the new one has to go.
 */
export class ConnectionTable<Entry extends TableEntry> {
  readonly #max: number;
  readonly #maxPerAddress: number;
  readonly #everybody: Group<Entry> = { all: new Set(), idle: new Set() };
  readonly #addresses = new Map<string, Group<Entry>>();

  constructor(limits: {
    readonly maxConnections: number;
    readonly maxConnectionsPerAddress: number;
  }) {
    this.#max = limits.maxConnections;
    this.#maxPerAddress = limits.maxConnectionsPerAddress;
  }

  get size(): number {
    return this.#everybody.all.size;
  }

  /** All entries; a copy, so that they may close meanwhile. */
  list(): Entry[] {
    return [...this.#everybody.all];
  }

  /** Whether one more from this address fits, after making room if need be. */
  admit(address: string): boolean {
    const group = this.#addresses.get(address);
    return (
      this.#maxPerAddress > 0 &&
      makeRoom(group, this.#maxPerAddress) &&
      makeRoom(this.#everybody, this.#max)
    );
  }

  add(entry: Entry): void {
    const group = this.#addresses.get(entry.address) ?? { all: new Set(), idle: new Set() };
    this.#addresses.set(entry.address, group);
    for (const { all, idle } of [group, this.#everybody]) {
      all.add(entry);
      idle.add(entry);
    }
  }

  /** The entry's role began or ended. */
  update(entry: Entry): void {
    if (!this.#everybody.all.has(entry)) return;
    for (const { idle } of this.#groupsOf(entry)) {
      if (entry.role === undefined) idle.add(entry);
      else idle.delete(entry);
    }
  }

  remove(entry: Entry): void {
    const groups = this.#groupsOf(entry);
    for (const { all, idle } of groups) {
      all.delete(entry);
      idle.delete(entry);
    }
    if (this.#addresses.get(entry.address)?.all.size === 0) this.#addresses.delete(entry.address);
  }

  #groupsOf(entry: Entry): readonly Group<Entry>[] {
    const group = this.#addresses.get(entry.address);
    return group === undefined ? [this.#everybody] : [group, this.#everybody];
  }
}

function makeRoom<Entry extends TableEntry>(group: Group<Entry> | undefined, max: number): boolean {
  if (group === undefined || group.all.size < max) return true;
  const [oldest] = group.idle;
  if (oldest === undefined) return false;
  oldest.close("RTMP_IDLE_EVICTED");
  return group.all.size < max;
}
