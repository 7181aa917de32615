import type { FakeClock } from "../../core/fake-clock.ts";
import type { DatagramPort } from "./core.ts";

export interface LinkOptions {
  /** Infinite when absent. */
  readonly rateBps?: number;
  /** Drop-tail queue. */
  readonly queueBytes?: number;
  /** One way. */
  readonly delayMs: number;
  /** Share of datagrams lost at random, 0 to 1. */
  readonly loss?: number;
}

/** A link for tests on the fake clock: rate, drop-tail queue, delay and random loss that is the same in every run. */
export class TestLink implements DatagramPort {
  readonly #clock: FakeClock;
  readonly #options: LinkOptions;
  readonly #far: DatagramPort;
  #freeUs = 0;
  #seed = 1;
  sent = 0;
  lost = 0;

  constructor(clock: FakeClock, options: LinkOptions, far: DatagramPort) {
    this.#clock = clock;
    this.#options = options;
    this.#far = far;
  }

  send(datagram: Uint8Array): void {
    const {
      rateBps = Number.POSITIVE_INFINITY,
      queueBytes = 1e9,
      delayMs,
      loss = 0,
    } = this.#options;
    this.sent++;
    const nowUs = this.#clock.nowUs();
    const startUs = Math.max(nowUs, this.#freeUs);
    const queued = Number.isFinite(rateBps) ? ((startUs - nowUs) * rateBps) / 8e6 : 0;
    if (this.#random() < loss || queued + datagram.length > queueBytes) {
      this.lost++;
      return;
    }
    this.#freeUs = startUs + (datagram.length * 8e6) / rateBps;
    const copy = Uint8Array.from(datagram);
    this.#clock.after((this.#freeUs - nowUs) / 1000 + delayMs, () => this.#far.send(copy));
  }

  /** Numerical Recipes' linear congruential generator. */
  #random(): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#seed / 2 ** 32;
  }
}

const pollMs = 20;
const retryMs = 80;

/** Asks for what is missing as a browser does: at once in rounds of 20 ms, and again after a while. */
export class TestNacker {
  readonly #clock: FakeClock;
  readonly #ask: (sequences: number[]) => void;
  readonly #has = new Set<number>();
  readonly #askedMs = new Map<number, number>();
  #first = -1;
  #highest = -1;
  /** Requests made, sequence numbers counted each time. */
  asked = 0;

  constructor(clock: FakeClock, ask: (sequences: number[]) => void) {
    this.#clock = clock;
    this.#ask = ask;
    this.#poll();
  }

  /** Sequence numbers that are still missing. */
  get missing(): number[] {
    const list: number[] = [];
    for (let i = this.#first; i < this.#highest; i++) if (!this.#has.has(i)) list.push(i);
    return list;
  }

  /** This packet is there, the first time or sent again. */
  received(sequence: number): void {
    if (this.#first < 0) this.#first = sequence;
    this.#has.add(sequence);
    this.#highest = Math.max(this.#highest, sequence);
  }

  #poll(): void {
    const nowMs = this.#clock.nowUs() / 1000;
    const due = this.missing.filter((s) => nowMs - (this.#askedMs.get(s) ?? -1e9) >= retryMs);
    for (const sequence of due) this.#askedMs.set(sequence, nowMs);
    this.asked += due.length;
    if (due.length > 0) this.#ask(due);
    this.#clock.after(pollMs, () => this.#poll());
  }
}
