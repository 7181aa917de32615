/** Why no further allocation is given. */
export type QuotaRefusal = "total" | "user" | "address";

export interface QuotaLimits {
  readonly maxAllocations: number;
  readonly maxAllocationsPerUser: number;
  readonly maxAllocationsPerAddress: number;
}

/** A counted place; `release` may be called twice. */
export interface QuotaPlace {
  release(): void;
}

/** Counts allocations, and ports held for one, in all, by user and by client address. Keeps no entry at zero. */
export class Quotas {
  readonly #limits: QuotaLimits;
  readonly #users = new Map<string, number>();
  readonly #addresses = new Map<string, number>();
  #total = 0;

  constructor(limits: QuotaLimits) {
    this.#limits = limits;
  }

  get total(): number {
    return this.#total;
  }

  /** Names that are remembered now. */
  get entries(): number {
    return this.#users.size + this.#addresses.size;
  }

  take(user: string, address: string): QuotaPlace | QuotaRefusal {
    const { maxAllocations, maxAllocationsPerUser, maxAllocationsPerAddress } = this.#limits;
    if (this.#total >= maxAllocations) return "total";
    if ((this.#users.get(user) ?? 0) >= maxAllocationsPerUser) return "user";
    if ((this.#addresses.get(address) ?? 0) >= maxAllocationsPerAddress) return "address";
    this.#total++;
    add(this.#users, user, 1);
    add(this.#addresses, address, 1);
    let taken = true;
    return {
      release: () => {
        if (!taken) return;
        taken = false;
        this.#total--;
        add(this.#users, user, -1);
        add(this.#addresses, address, -1);
      },
    };
  }
}

function add(counts: Map<string, number>, name: string, change: number): void {
  const count = (counts.get(name) ?? 0) + change;
  if (count === 0) counts.delete(name);
  else counts.set(name, count);
}
