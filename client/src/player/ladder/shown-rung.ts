import type { TransportName } from "../transports/transport.ts";
import { FreezeWatch } from "./freeze-watch.ts";
import type { LadderLimits } from "./ladder-state.ts";
import { LossWatch } from "./loss-watch.ts";
import type { Failure } from "./rung-list.ts";

/** The rung on the screen, and how well it does. */
export class ShownRung {
  readonly #limits: LadderLimits;
  readonly #freeze: FreezeWatch;
  readonly #loss: LossWatch;
  #rung: TransportName | undefined;
  #sinceMs = 0;
  #broken: Failure | undefined;

  constructor(limits: LadderLimits) {
    this.#limits = limits;
    this.#freeze = new FreezeWatch(limits);
    this.#loss = new LossWatch(limits);
  }

  get rung(): TransportName | undefined {
    return this.#rung;
  }

  /** How it ended; its last picture stands. */
  get broken(): Failure | undefined {
    return this.#broken;
  }

  /** `held`: the first pictures may be old ones of a stream that stands. */
  show(rung: TransportName, nowMs: number, held: boolean): void {
    this.#rung = rung;
    this.#sinceMs = nowMs;
    this.#broken = undefined;
    this.#freeze.reset(nowMs, held);
    this.#loss.reset();
  }

  /** Nothing is on the screen any more. */
  clear(): void {
    this.#rung = undefined;
    this.#broken = undefined;
    this.#freeze.settled();
    this.#loss.reset();
  }

  breaks(failure: Failure): void {
    this.#broken = failure;
  }

  /** Nothing is concluded from the time before `nowMs`. */
  restart(nowMs: number): void {
    this.#freeze.restart(nowMs);
    this.#loss.reset();
  }

  /** Takes a frame; true when it has played for so long that its failures may be forgotten. */
  progress(nowMs: number, fine: boolean): boolean {
    this.#freeze.progress(nowMs, fine);
    const playedMs = nowMs - this.#sinceMs;
    if (playedMs >= this.#limits.settledMs) this.#freeze.settled();
    return playedMs >= this.#limits.stableMs;
  }

  /** `ratio` of the packets of the last second were lost, 0 to 1. */
  loses(ratio: number, nowMs: number): void {
    this.#loss.measured(ratio, nowMs);
  }

  /** Why another rung should be shown; undefined: it should not. */
  fallReason(nowMs: number): string | undefined {
    if (this.#broken !== undefined) return this.#broken.code;
    if (nowMs >= this.#freeze.switchAtMs) return "FROZEN";
    return this.#loss.isOver(nowMs) ? "LOSS" : undefined;
  }

  /** It stands for so long that the next rung is warmed up. */
  isStanding(nowMs: number): boolean {
    return nowMs >= this.#freeze.warmAtMs;
  }

  /** There is a picture, though it may stand. */
  isAlive(nowMs: number): boolean {
    return this.#broken === undefined && nowMs < this.#freeze.frozenAtMs;
  }

  /** It has moved for a while. */
  isSmooth(nowMs: number): boolean {
    return nowMs >= this.#freeze.smoothAtMs;
  }

  /** When each of these answers may change. */
  deadlinesMs(): readonly number[] {
    const { warmAtMs, switchAtMs, smoothAtMs } = this.#freeze;
    return [warmAtMs, switchAtMs, smoothAtMs, this.#loss.overAtMs];
  }
}
