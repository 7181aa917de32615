import { randomInt } from "node:crypto";
import type { BandwidthEstimator } from "../bandwidth/index.ts";

/** Numbers the packets of one viewer, whatever line they belong to, and tells the estimator when each left. */
export class TransportSequence {
  readonly #estimator: BandwidthEstimator;
  /** Extended; begins low, so that the first wrap is far away. */
  #next: number = randomInt(0x8000);
  /** Set before packets are sent: the present moment. */
  nowUs = 0;
  /** Set while packets of a probe are sent: its id; otherwise 0. */
  probe = 0;

  constructor(estimator: BandwidthEstimator) {
    this.#estimator = estimator;
  }

  /** The number of the next packet. */
  get next(): number {
    return this.#next;
  }

  /** Whether the probe is still of use; false once it is known to queue. */
  isWanted(probe: number): boolean {
    return this.#estimator.probing(probe);
  }

  /** The packet with that number left. */
  sent(sizeBytes: number): void {
    this.#estimator.sent(this.#next++, sizeBytes, this.nowUs, this.probe);
  }
}
