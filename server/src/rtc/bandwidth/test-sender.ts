import { BandwidthEstimator } from "./bandwidth-estimator.ts";
import type { BandwidthLimits } from "./limits.ts";
import type { ProbePlan } from "./probe-cluster.ts";
import type { TestNetwork } from "./test-network.ts";
import { type ReceiverOptions, TestReceiver } from "./test-receiver.ts";

const packetBytes = 1_200;
const stepUs = 1_000;
const tickUs = 100_000;

/** Bytes of media that are ready to be sent at this time. */
export interface TestSource {
  media(nowUs: number, estimator: BandwidthEstimator): number;
  /** For `nextProbe`. */
  wantedBps(nowUs: number, estimator: BandwidthEstimator): number;
}

export interface SenderOptions {
  readonly network: TestNetwork;
  readonly source: TestSource;
  readonly receiver?: ReceiverOptions;
  readonly limits?: Partial<BandwidthLimits>;
  readonly firstSequence?: number;
  readonly startUs?: number;
  /** Packets leave only at multiples of this. */
  readonly timerUs?: number;
}

/** One viewer's sending side: a pacer with probes and an estimator, on a network of the test. */
export class TestSender {
  readonly estimator: BandwidthEstimator;
  readonly receiver: TestReceiver;
  readonly #network: TestNetwork;
  readonly #source: TestSource;
  readonly #startUs: number;
  readonly #timerUs: number;
  #sequence: number;
  #waitingBytes = 0;
  #budgetBytes = 0;
  #probe: ProbePlan | undefined;
  #probeBudget = 0;
  #probePackets = 0;
  #probeBytes = 0;
  #tickUs = 0;
  sentBytes = 0;
  arrivedBytes = 0;
  probes = 0;
  /** Latest arrival's delay. */
  delayUs = 0;
  readonly #sentAt = new Map<number, number>();

  constructor(options: SenderOptions) {
    this.estimator = new BandwidthEstimator(options.limits);
    this.receiver = new TestReceiver(options.receiver);
    this.#network = options.network;
    this.#source = options.source;
    this.#sequence = options.firstSequence ?? 0;
    this.#startUs = options.startUs ?? 0;
    this.#timerUs = options.timerUs ?? stepUs;
  }

  arrived(sequence: number, sizeBytes: number, atUs: number): void {
    this.arrivedBytes += sizeBytes;
    this.delayUs = atUs - (this.#sentAt.get(sequence) ?? atUs);
    this.#sentAt.delete(sequence);
    this.receiver.arrived(sequence, atUs);
  }

  step(nowUs: number): void {
    if (nowUs < this.#startUs) return;
    for (const feedback of this.receiver.take(nowUs)) this.estimator.feedback(feedback, nowUs);
    if (nowUs >= this.#tickUs) {
      this.#tickUs = nowUs + tickUs;
      this.estimator.tick(nowUs);
    }
    this.#waitingBytes += this.#source.media(nowUs, this.estimator);
    if (nowUs % this.#timerUs !== 0) return;
    this.#startProbe(nowUs);
    if (this.#probe !== undefined && !this.estimator.probing(this.#probe.id)) {
      this.#probe = undefined;
    }
    if (this.#probe === undefined) this.#pace(nowUs);
    else this.#sendProbe(this.#probe, nowUs);
  }

  #startProbe(nowUs: number): void {
    if (this.#probe !== undefined) return;
    const wantedBps = this.#source.wantedBps(nowUs, this.estimator);
    this.#probe = this.estimator.nextProbe(nowUs, wantedBps);
    if (this.#probe === undefined) return;
    this.probes++;
    this.#probeBudget = packetBytes;
    this.#probePackets = 0;
    this.#probeBytes = 0;
  }

  #sendProbe(probe: ProbePlan, nowUs: number): void {
    this.#probeBudget += (probe.rateBps * this.#timerUs) / 8e6;
    while (this.#probeBudget >= packetBytes) {
      this.#probeBudget -= packetBytes;
      this.#waitingBytes = Math.max(0, this.#waitingBytes - packetBytes);
      this.#send(packetBytes, nowUs, probe.id);
      this.#probePackets++;
      this.#probeBytes += packetBytes;
      if (this.#probePackets < probe.minPackets || this.#probeBytes < probe.minBytes) continue;
      this.#probe = undefined;
      return;
    }
  }

  #pace(nowUs: number): void {
    const rate = this.estimator.pacingBps;
    this.#budgetBytes = Math.min(this.#budgetBytes, 3 * packetBytes) + (rate * this.#timerUs) / 8e6;
    while (this.#waitingBytes > 0 && this.#budgetBytes > 0) {
      const bytes = Math.min(this.#waitingBytes, packetBytes);
      this.#waitingBytes -= bytes;
      this.#budgetBytes -= bytes;
      this.#send(bytes, nowUs, 0);
    }
  }

  #send(bytes: number, nowUs: number, probe: number): void {
    const sequence = this.#sequence++;
    this.sentBytes += bytes;
    this.#sentAt.set(sequence, nowUs);
    this.estimator.sent(sequence, bytes, nowUs, probe);
    this.#network.send(this, sequence, bytes, nowUs);
  }
}

/** Sends as much as the estimate allows. */
export class GreedySource implements TestSource {
  readonly #wantedBps: number;
  #bytes = 0;

  constructor(wantedBps = 0) {
    this.#wantedBps = wantedBps;
  }

  media(_nowUs: number, estimator: BandwidthEstimator): number {
    this.#bytes += (estimator.estimateBps * stepUs) / 8e6;
    const ready = Math.floor(this.#bytes / packetBytes) * packetBytes;
    this.#bytes -= ready;
    return ready;
  }

  wantedBps(): number {
    return this.#wantedBps;
  }
}

/** Moves several senders and their network through simulated time. `each` is called every 10 ms. */
export function simulate(
  network: TestNetwork,
  senders: readonly TestSender[],
  fromUs: number,
  untilUs: number,
  each?: (nowUs: number) => void,
): void {
  for (let nowUs = fromUs; nowUs < untilUs; nowUs += stepUs) {
    network.advance(nowUs);
    for (const sender of senders) sender.step(nowUs);
    if (each !== undefined && nowUs % 10_000 === 0) each(nowUs);
  }
}
