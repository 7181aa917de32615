import type { ProbePlan } from "../bandwidth/index.ts";
import type { MediaSender } from "./media-sender.ts";

/** Packets sent last that a probe repeats, one after the other. */
const repeated = 64;

/**
 * Fills a probe of the bandwidth with packets that were sent already, as retransmissions, which the viewer drops. What
 * the stream sends meanwhile counts too.
 */
export class ProbeSender {
  readonly #sender: MediaSender;
  #plan: ProbePlan | undefined;
  #startUs = 0;
  #bytes = 0;
  #packets = 0;

  constructor(sender: MediaSender) {
    this.#sender = sender;
  }

  get running(): boolean {
    return this.#plan !== undefined;
  }

  /** Begins a probe, which replaces one that is not over. */
  start(plan: ProbePlan, nowUs: number): void {
    this.#plan = plan;
    this.#startUs = nowUs;
    this.#bytes = 0;
    this.#packets = 0;
    this.#sender.probe = plan.id;
  }

  /** Counts a packet of the stream that was sent within the probe. */
  count(bytes: number): void {
    if (this.#plan === undefined) return;
    this.#bytes += bytes;
    this.#packets++;
  }

  /** Sends what is due by now, at most `maxPackets`. */
  pace(nowUs: number, maxPackets: number): void {
    const plan = this.#plan;
    if (plan === undefined) return;
    const dueBytes = ((nowUs - this.#startUs) * plan.rateBps) / 8e6;
    for (let sent = 0; sent < maxPackets; sent++) {
      if (this.#isOver(plan, nowUs)) {
        this.stop();
        return;
      }
      // The first packet is due at once: it opens the interval that the rate is measured over.
      if (this.#packets > 0 && this.#bytes >= dueBytes) return;
      const bytes = this.#sender.repeat(this.#packets % repeated);
      if (bytes === 0) {
        this.stop();
        return;
      }
      this.count(bytes);
    }
  }

  /** May be called when none runs. */
  stop(): void {
    this.#plan = undefined;
    this.#sender.probe = 0;
  }

  #isOver(plan: ProbePlan, nowUs: number): boolean {
    const isEnough = this.#bytes >= plan.minBytes && this.#packets >= plan.minPackets;
    return isEnough || nowUs >= plan.expiresUs || !this.#sender.isProbeWanted(plan.id);
  }
}
