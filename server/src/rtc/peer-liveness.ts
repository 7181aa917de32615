import type { RtcLimits } from "./limits.ts";

/** What a peer's silence means now. */
export type Silence = "join-timeout" | "peer-timeout" | "disconnected";

/** Follows whether a peer is there: it has to connect in time, and to be heard of after that. */
export class PeerLiveness {
  readonly #limits: RtcLimits;
  readonly #joinDeadlineUs: number;
  #connected = false;
  #disconnected = false;
  #lastSeenUs: number;

  constructor(limits: RtcLimits, nowUs: number) {
    this.#limits = limits;
    this.#lastSeenUs = nowUs;
    this.#joinDeadlineUs = nowUs + limits.joinTimeoutMs * 1000;
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** When `check` has something to tell, if the peer is not heard of before. */
  get deadlineUs(): number {
    if (!this.#connected) return this.#joinDeadlineUs;
    const { peerTimeoutMs, disconnectedMs } = this.#limits;
    const silenceMs = this.#disconnected ? peerTimeoutMs : disconnectedMs;
    return this.#lastSeenUs + Math.min(silenceMs, peerTimeoutMs) * 1000;
  }

  connect(): void {
    this.#connected = true;
  }

  /** Something authentic came. Returns whether the peer had been told as disconnected. */
  seen(nowUs: number): boolean {
    this.#lastSeenUs = nowUs;
    const returned = this.#disconnected;
    this.#disconnected = false;
    return returned;
  }

  /** `disconnected` is told once for each silence, the others each time. */
  check(nowUs: number): Silence | undefined {
    const { peerTimeoutMs, disconnectedMs } = this.#limits;
    if (!this.#connected) return nowUs >= this.#joinDeadlineUs ? "join-timeout" : undefined;
    const silenceUs = nowUs - this.#lastSeenUs;
    if (silenceUs >= peerTimeoutMs * 1000) return "peer-timeout";
    if (this.#disconnected || silenceUs < disconnectedMs * 1000) return undefined;
    this.#disconnected = true;
    return "disconnected";
  }
}
