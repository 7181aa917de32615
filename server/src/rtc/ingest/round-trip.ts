import { type NtpTime, roundTripMs, wallMsToNtp } from "@millrace/media/rtp";

/** Until the first measurement. */
const assumedUs = 100_000;
const smoothing = 8;
/** Longer ones are no measurements. */
const maxUs = 5_000_000;

/**
 * The time to the publisher and back. Publishers that answer reference times (RFC 3611 sections 4.4 and 4.5) tell it;
 * of others it is known how long retransmissions take, which is a little more.
 */
export class RoundTrip {
  #us: number | undefined;
  #answered = false;

  /** Integer microseconds; an assumption until something was measured. */
  get us(): number {
    return this.#us ?? assumedUs;
  }

  /** Undefined until something was measured. */
  get measuredUs(): number | undefined {
    return this.#us;
  }

  /** The reference time to send now. Its clock is the monotonic one, which never steps. */
  reference(nowUs: number): NtpTime {
    return wallMsToNtp(nowUs / 1000);
  }

  /** The publisher answered a reference time. */
  answered(lastReceiverReport: number, delay: number, nowUs: number): void {
    const ms = roundTripMs(nowUs / 1000, lastReceiverReport, delay);
    if (ms === undefined) return;
    const us = ms * 1000;
    if (us > maxUs) return;
    if (!this.#answered) this.#us = undefined;
    this.#answered = true;
    this.#add(us);
  }

  /** A packet that was asked for once came this much later. */
  recovered(us: number): void {
    if (!this.#answered) this.#add(us);
  }

  #add(us: number): void {
    const before = this.#us;
    this.#us = Math.round(before === undefined ? us : before + (us - before) / smoothing);
  }
}
