/** An estimate that may be further off than this is none. Milliseconds. */
export const maxClockErrorMs = 600;
/** Clocks of computers drift against each other by less than this. */
const drift = 100e-6;

/**
 * The server's wall clock from the `Date` of its answers (RFC 9110 section 6.6.1), which is cut to whole seconds: each
 * answer bounds the offset, and many answers bound it well.
 */
export class ServerClock {
  #least = Number.NEGATIVE_INFINITY;
  #most = Number.POSITIVE_INFINITY;
  #atMs = 0;

  /** Takes the `Date` of an answer that was asked for at `sentMs` and came at `receivedMs`, monotonic milliseconds. */
  answered(date: string | null, sentMs: number, receivedMs: number): void {
    const secondMs = Date.parse(date ?? "");
    if (!Number.isFinite(secondMs) || receivedMs < sentMs) return;
    const slack = Math.max(0, receivedMs - this.#atMs) * drift;
    const least = secondMs - receivedMs;
    const most = secondMs + 1000 - sentMs;
    this.#least = Math.max(this.#least - slack, least);
    this.#most = Math.min(this.#most + slack, most);
    if (this.#least > this.#most) {
      // A clock was set, or a cache answered: the newest answer counts.
      this.#least = least;
      this.#most = most;
    }
    this.#atMs = receivedMs;
  }

  /** Milliseconds since 1970 at the local monotonic time `atMs`; undefined while it is known too badly. */
  wallMs(atMs: number): number | undefined {
    const errorMs = (this.#most - this.#least) / 2;
    if (!(errorMs <= maxClockErrorMs)) return undefined;
    return atMs + (this.#least + this.#most) / 2;
  }
}
