import type { TransportCcFeedback } from "@millrace/media/rtp";
import { ArrivalClock } from "./arrival-clock.ts";
import type { BandwidthLimits } from "./limits.ts";
import type { LossRate } from "./loss-rate.ts";
import { type LinkUsage, OveruseDetector } from "./overuse-detector.ts";
import { PacketGroups } from "./packet-groups.ts";
import { PathDelay } from "./path-delay.ts";
import type { ProbeSchedule } from "./probe-schedule.ts";
import { PacketState, SentHistory } from "./sent-history.ts";
import { Throughput } from "./throughput.ts";

/** A probe may leave a queue behind; packets sent within this time after it are not compared with those before it. */
const probeShadowUs = 100_000;

/** Matches feedback with the packets that were sent, and hands each packet's fate to those who measure. */
export class FeedbackReader {
  readonly history: SentHistory;
  readonly throughput: Throughput;
  readonly delay: PathDelay;
  readonly #detector: OveruseDetector;
  readonly #groups: PacketGroups;
  readonly #loss: LossRate;
  readonly #probes: ProbeSchedule;
  readonly #clock = new ArrivalClock();
  /** Newest extended sequence number that feedback has reached. */
  #reached = -1;
  /** Bytes of packets whose feedback was lost, to be counted with the next arrival. */
  #assumedBytes = 0;
  #shadowUs = Number.NEGATIVE_INFINITY;

  constructor(limits: BandwidthLimits, loss: LossRate, probes: ProbeSchedule) {
    this.history = new SentHistory(limits.historyUs, limits.maxHistoryPackets);
    this.throughput = new Throughput(limits);
    this.delay = new PathDelay(limits.standingQueueUs);
    this.#detector = new OveruseDetector(limits);
    this.#groups = new PacketGroups(limits.burstUs);
    this.#loss = loss;
    this.#probes = probes;
  }

  get jitterMs(): number {
    return this.#detector.jitterMs;
  }

  /** Returns false when none of the packets is known: the feedback says nothing. */
  read(feedback: TransportCcFeedback, nowUs: number): boolean {
    const { history } = this;
    let known = false;
    for (const packet of feedback.packets) {
      const sequence = history.extend(packet.sequence);
      const slot = history.find(sequence);
      if (slot < 0) continue;
      if (!known) this.#skipped(sequence);
      known = true;
      if (sequence > this.#reached) this.#reached = sequence;
      if (packet.arrivalUs === undefined) this.#missing(sequence, slot);
      else this.#arrived(sequence, slot, this.#clock.unwrap(packet.arrivalUs), nowUs);
    }
    if (known) this.delay.feedback(nowUs);
    return known;
  }

  /** What the delay says after the latest feedback; a sudden rise is told once. */
  usage(): LinkUsage {
    if (!this.#detector.sudden) return this.#detector.usage;
    this.#detector.settle();
    return "over";
  }

  /** Packets before this one that no feedback has named: theirs was lost on its way, while they most likely arrived. */
  #skipped(sequence: number): void {
    const { history } = this;
    const from = Math.max(this.#reached + 1, history.first, sequence - history.capacity);
    for (let i = from; i < sequence; i++) {
      const slot = history.find(i);
      if (slot < 0 || history.state(slot) !== PacketState.pending) continue;
      history.setState(slot, PacketState.assumed);
      this.#assumedBytes += history.bytes(slot);
    }
  }

  #missing(sequence: number, slot: number): void {
    const { history } = this;
    if (history.state(slot) !== PacketState.pending) return;
    history.setState(slot, PacketState.lost);
    this.#loss.count(sequence, false);
    this.#probes.find(history.probe(slot))?.lost();
  }

  #arrived(sequence: number, slot: number, arrivalUs: number, nowUs: number): void {
    const { history } = this;
    const state = history.state(slot);
    if (state === PacketState.received) return;
    history.setState(slot, PacketState.received);
    if (state === PacketState.lost) this.#loss.recovered(sequence);
    else this.#loss.count(sequence, true);
    const sentUs = history.sentUs(slot);
    const bytes = history.bytes(slot);
    const counted = state === PacketState.assumed ? 0 : bytes;
    this.throughput.add(sentUs, arrivalUs, counted + this.#assumedBytes);
    this.#assumedBytes = 0;
    this.delay.packet(sentUs, arrivalUs, nowUs);
    const probe = history.probe(slot);
    if (probe !== 0) {
      this.#shadowUs = Math.max(this.#shadowUs, sentUs + probeShadowUs);
      if (state !== PacketState.lost) this.#probes.find(probe)?.received(sentUs, arrivalUs, bytes);
    }
    this.#compare(sentUs, arrivalUs);
  }

  #compare(sentUs: number, arrivalUs: number): void {
    if (sentUs <= this.#shadowUs) {
      this.#groups.reset();
      return;
    }
    const groups = this.#groups;
    if (!groups.add(sentUs, arrivalUs)) return;
    this.#detector.update(groups.sentDeltaUs, groups.arrivalDeltaUs, groups.groupArrivalUs);
  }
}
