import type { TransportName } from "../transports/transport.ts";

/** Wait before a rung that failed is tried again while another one plays; doubled at each failure. */
export const firstBackOffMs = 5000;
/** Longest such wait. */
export const maxBackOffMs = 300_000;
/** Shortest time between two tries of a rung that something called for, for instance a page that is shown again. */
export const hurryGapMs = 5000;

interface Record {
  failures: number;
  triedMs: number;
  dueMs: number;
}

/** What is remembered of each rung: how often it failed since it last played well, and when it is due again. */
export class BackOff {
  readonly #records = new Map<TransportName, Record>();

  /** Failures since the rung last played for long. */
  failures(rung: TransportName): number {
    return this.#records.get(rung)?.failures ?? 0;
  }

  /** When the rung may be tried again beside one that plays; minus infinity for at once. */
  dueMs(rung: TransportName): number {
    return this.#records.get(rung)?.dueMs ?? Number.NEGATIVE_INFINITY;
  }

  tried(rung: TransportName, nowMs: number): void {
    this.#of(rung).triedMs = nowMs;
  }

  failed(rung: TransportName, nowMs: number): void {
    const record = this.#of(rung);
    record.failures++;
    // The exponent is bounded, so that an endless outage never reaches Infinity.
    const doubled = firstBackOffMs * 2 ** Math.min(record.failures - 1, 30);
    record.dueMs = nowMs + Math.min(doubled, maxBackOffMs);
  }

  /** It was given up for another reason than its own. */
  postponed(rung: TransportName, nowMs: number): void {
    this.#of(rung).dueMs = nowMs + firstBackOffMs;
  }

  /** It played for long. */
  settled(rung: TransportName): void {
    this.#records.delete(rung);
  }

  /** Something speaks for trying `rung` now; its failures stay remembered. */
  hurry(rung: TransportName, nowMs: number): void {
    const record = this.#records.get(rung);
    if (record === undefined) return;
    record.dueMs = Math.min(record.dueMs, Math.max(nowMs, record.triedMs + hurryGapMs));
  }

  hurryAll(nowMs: number): void {
    for (const rung of this.#records.keys()) this.hurry(rung, nowMs);
  }

  /** What was learned does not hold any more: another network. */
  forget(): void {
    this.#records.clear();
  }

  #of(rung: TransportName): Record {
    let record = this.#records.get(rung);
    if (record === undefined) {
      record = { failures: 0, triedMs: Number.NEGATIVE_INFINITY, dueMs: Number.NEGATIVE_INFINITY };
      this.#records.set(rung, record);
    }
    return record;
  }
}
