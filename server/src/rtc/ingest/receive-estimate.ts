import type { IngestLimits } from "./limits.ts";

/** The estimate is brought up to date this often, microseconds. */
const intervalUs = 500_000;
/** Of fewer packets a share lost says nothing, unless more do not come within this time. */
const minPackets = 200;
const maxWindowUs = 4_000_000;
/** Below this loss the estimate grows, above the other one it falls. */
const growLoss = 0.02;
const fallLoss = 0.1;
const growth = 1.1;
/** A fall is told at once when it is at least this. */
const urgentFall = 0.97;

/**
 * What the path from the publisher seems to carry, for publishers that take only REMB
 * (draft-alvestrand-rmcat-remb-03). Such a sender takes it as a ceiling beside its own view of loss, so it begins
 * generously, which ends a start-up at once. It grows by a tenth with each window of half a second and 200 packets of
 * which fewer than 2 % are lost, stays up to 10 %, and above falls to what came through, less half the loss.
 */
export class ReceiveEstimate {
  readonly #limits: IngestLimits;
  #bps: number;
  /** When the packets that are judged next began to come. */
  #startedUs: number | undefined;
  #checkedUs = 0;
  #bytes = 0;
  #expected = 0;
  #arrived = 0;
  /** What was told last. */
  #toldBps = 0;

  constructor(limits: IngestLimits) {
    this.#limits = limits;
    this.#bps = limits.startEstimateBps;
  }

  get bps(): number {
    return this.#bps;
  }

  /** When to call `update`; Infinity: before the first packet. */
  get dueUs(): number {
    return this.#startedUs === undefined ? Number.POSITIVE_INFINITY : this.#checkedUs + intervalUs;
  }

  /** A packet of any kind came. Returns true for the first: the estimate is told at once. */
  packet(bytes: number, nowUs: number): boolean {
    this.#bytes += bytes;
    if (this.#startedUs !== undefined) return false;
    this.#startedUs = nowUs;
    this.#checkedUs = nowUs;
    return true;
  }

  /**
   * Takes how many packets were sent and how many came, both since the start and without those sent again. Returns whether
   * the estimate fell so that it is told before its time.
   */
  update(expected: number, arrived: number, nowUs: number): boolean {
    this.#checkedUs = nowUs;
    const elapsedUs = nowUs - (this.#startedUs ?? nowUs);
    const sent = expected - this.#expected;
    if (sent < minPackets && elapsedUs < maxWindowUs) return false;
    const lost = Math.max(0, sent - (arrived - this.#arrived));
    const receivedBps = elapsedUs > 0 ? (this.#bytes * 8e6) / elapsedUs : 0;
    this.#startedUs = nowUs;
    this.#bytes = 0;
    this.#expected = expected;
    this.#arrived = arrived;
    const loss = sent <= 0 ? 0 : lost / sent;
    const { minEstimateBps, maxEstimateBps } = this.#limits;
    if (loss > fallLoss) this.#bps = Math.min(this.#bps, receivedBps * (1 - loss / 2));
    else if (loss < growLoss) this.#bps *= growth;
    this.#bps = Math.round(Math.min(Math.max(this.#bps, minEstimateBps), maxEstimateBps));
    return this.#bps < this.#toldBps * urgentFall;
  }

  told(): void {
    this.#toldBps = this.#bps;
  }
}
