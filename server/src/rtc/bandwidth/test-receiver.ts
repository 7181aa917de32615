import type { TransportCcFeedback } from "@millrace/media/rtp";
import { referenceRangeUs } from "./arrival-clock.ts";
import { SeededRandom } from "./test-network.ts";

export interface ReceiverOptions {
  /** Between two reports; every other one comes after the half of it more. */
  readonly intervalUs?: number;
  /** Of the way back. */
  readonly delayUs?: number;
  /** The receiver's clock at the sender's 0. */
  readonly epochUs?: number;
  /** Share of reports lost. */
  readonly loss?: number;
  /** Share of reports that come 80 ms late, after the next one. */
  readonly late?: number;
  /** No report is sent while this is true. */
  readonly mute?: (nowUs: number) => boolean;
  readonly seed?: number;
}

interface Report {
  readonly atUs: number;
  readonly feedback: TransportCcFeedback;
}

/** The far end of a link: writes transport-cc feedback as browsers do. */
export class TestReceiver {
  readonly #options: ReceiverOptions;
  readonly #random: SeededRandom;
  readonly #arrivals = new Map<number, number>();
  readonly #reports: Report[] = [];
  #nextUs = 0;
  #base = -1;
  #highest = -1;
  #count = 0;
  #long = false;

  constructor(options: ReceiverOptions = {}) {
    this.#options = options;
    this.#random = new SeededRandom(options.seed ?? 7);
  }

  arrived(sequence: number, atUs: number): void {
    this.#arrivals.set(sequence, atUs);
    if (this.#base < 0) this.#base = sequence;
    // A packet that comes after its report is told again from there on.
    this.#base = Math.min(this.#base, sequence);
    this.#highest = Math.max(this.#highest, sequence);
  }

  /** Feedback that has reached the sender by now. */
  take(nowUs: number): TransportCcFeedback[] {
    if (nowUs >= this.#nextUs) {
      const intervalUs = this.#options.intervalUs ?? 50_000;
      this.#long = !this.#long;
      this.#nextUs = nowUs + (this.#long ? intervalUs * 1.5 : intervalUs);
      this.#report(nowUs);
    }
    const due = this.#reports.filter((report) => report.atUs <= nowUs);
    for (const report of due) this.#reports.splice(this.#reports.indexOf(report), 1);
    return due.sort((a, b) => a.atUs - b.atUs).map((report) => report.feedback);
  }

  #report(nowUs: number): void {
    const packets: { sequence: number; arrivalUs: number | undefined }[] = [];
    let end = this.#base;
    for (let i = this.#base; i >= 0 && i <= this.#highest; i++) {
      const atUs = this.#arrivals.get(i);
      // The link tells arrivals ahead of time.
      if (atUs !== undefined && atUs > nowUs) break;
      packets.push({ sequence: i & 0xffff, arrivalUs: this.#clock(atUs) });
      this.#arrivals.delete(i);
      end = i + 1;
    }
    while (packets.at(-1)?.arrivalUs === undefined && packets.length > 0) {
      packets.pop();
      end--;
    }
    this.#base = end;
    if (packets.length === 0 || this.#options.mute?.(nowUs)) return;
    const { loss = 0, late = 0, delayUs = 20_000 } = this.#options;
    if (this.#random.next() < loss) return;
    const atUs = nowUs + delayUs + (this.#random.next() < late ? 80_000 : 0);
    this.#reports.push({ atUs, feedback: { feedbackCount: this.#count++ & 0xff, packets } });
  }

  #clock(atUs: number | undefined): number | undefined {
    if (atUs === undefined) return undefined;
    const rounded = Math.round(atUs / 250) * 250;
    const half = referenceRangeUs / 2;
    return ((rounded + (this.#options.epochUs ?? 0) + half) % referenceRangeUs) - half;
  }
}
