import type { Clock, Timer } from "./ports.ts";
import type { BufferState, StreamHealth } from "./stream-health.ts";

/** What is looked at now and then, so that frames cost nothing. */
export interface WatchedSource {
  /** Highest time of the encoder that came, on its present time line; undefined before the first. Microseconds. */
  readonly newestUs: number | undefined;
  /** Another number: another time line, whose times do not go with those before. */
  readonly reanchored: number;
}

export interface BufferLimits {
  /** How often a publisher is looked at. Milliseconds. */
  readonly bufferCheckMs: number;
  /** A publisher is dry when its media is so far behind, beyond the pauses that it usually makes. Milliseconds. */
  readonly bufferDryMs: number;
  /** How long `RECOVER` is told before `FULL`. Milliseconds. */
  readonly bufferRecoverMs: number;
}

export interface BufferWatchOptions {
  readonly clock: Clock;
  readonly source: WatchedSource;
  readonly limits: BufferLimits;
  /** Whether a late viewer finds a whole group of pictures; called until it is so. */
  isGroupWhole(): boolean;
  onChange(health: StreamHealth): void;
  /** Told after each look, for whatever else is to be looked at now and then while media comes. */
  onCheck?(): void;
}

interface Sample {
  readonly nowUs: number;
  readonly newestUs: number;
}

/** Samples that the speed is taken from. */
const maxSamples = 11;
/** An encoder's clock may go this much slower than ours, for ever. */
const driftPerSecond = 0.005;
/** Until an encoder has come forward so often, or for so long, its pauses are not known. */
const minSteps = 4;
const maxWarmUpUs = 3_000_000;
const minWarmUpUs = 1_000_000;
/** Checks in a row without lag that end a dry time. */
const steadyChecks = 2;
/** A delay that grows less than this within half of the samples does not grow. */
const steadyUs = 30_000;
/** Whoever has sent nothing for so long is not looked at until something comes. */
const sleepUs = 2_500_000;

/**
 * Tells how well a publisher feeds its stream, from how its time line comes forward against our clock: a delay that
 * grows is a publisher that delivers slower than real time. Whoever makes it closes it.
 */
export class BufferWatch {
  readonly #options: BufferWatchOptions;
  #timer: Timer | undefined;
  #state: BufferState = "EMPTY";
  #sinceMs: number;
  #sinceUs: number;
  #checkedUs: number;
  #line = -1;
  #beganUs = 0;
  #samples: Sample[] = [];
  #steps = 0;
  #steppedUs = 0;
  #closed = false;
  /** How much longer than a check its usual pauses are. */
  #pauseUs = 0;
  /** The least delay, which is taken for what the way here takes. */
  #baseUs = Number.POSITIVE_INFINITY;
  #lagUs = 0;
  #steady = 0;

  constructor(options: BufferWatchOptions) {
    this.#options = options;
    this.#checkedUs = options.clock.nowUs();
    this.#sinceUs = this.#checkedUs;
    this.#sinceMs = Math.round(options.clock.wallMs());
  }

  /** Whether nothing is looked at, because nothing came for a while: `wake` is due as soon as something comes. */
  get sleeps(): boolean {
    return this.#timer === undefined;
  }

  get health(): StreamHealth {
    return {
      buffer: this.#state,
      sinceMs: this.#sinceMs,
      lagMs: Math.max(0, Math.round(this.#lagUs / 1000)),
      speed: this.#speed,
    };
  }

  wake(): void {
    if (this.#timer !== undefined || this.#closed) return;
    this.#checkedUs = this.#options.clock.nowUs();
    this.#steppedUs = this.#checkedUs;
    this.#samples = [];
    this.#arm();
  }

  /** May be called twice. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  get #speed(): number {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || first === last) return 0;
    const speed = (last.newestUs - first.newestUs) / (last.nowUs - first.nowUs);
    return Math.round(speed * 100) / 100;
  }

  #arm(): void {
    const { clock, limits } = this.#options;
    this.#timer = clock.after(limits.bufferCheckMs, () => {
      this.#timer = undefined;
      this.#check();
      if (!this.#closed) this.#options.onCheck?.();
      // Whoever is told of a change may have closed the watch.
      if (!this.#closed && !this.#isIdle) this.#arm();
    });
  }

  get #isIdle(): boolean {
    const isTold = this.#state === "DRY" || this.#state === "EMPTY";
    return isTold && this.#checkedUs - this.#steppedUs >= sleepUs;
  }

  #check(): void {
    const { clock, source, limits } = this.#options;
    const nowUs = clock.nowUs();
    const elapsedUs = nowUs - this.#checkedUs;
    this.#checkedUs = nowUs;
    const { newestUs } = source;
    // After a standstill of our own, what came meanwhile waits in the sockets and says nothing yet.
    if (newestUs === undefined || elapsedUs > 2 * limits.bufferCheckMs * 1000) return;
    if (source.reanchored !== this.#line) this.#begin(nowUs, source.reanchored);
    this.#learn(newestUs, elapsedUs);
    this.#samples.push({ nowUs, newestUs });
    if (this.#samples.length > maxSamples) this.#samples.shift();
    const delayUs = nowUs - newestUs;
    this.#baseUs = Math.min(delayUs, this.#baseUs + elapsedUs * driftPerSecond);
    if (this.#state === "DRY" && this.#isLevel()) this.#baseUs = delayUs;
    this.#lagUs = delayUs - this.#baseUs;
    this.#steady = this.#lagUs <= this.#dryUs / 2 ? this.#steady + 1 : 0;
    const next = this.#next(nowUs);
    if (next !== this.#state) this.#change(next, nowUs);
  }

  /** Another time line: nothing of the old one counts but what the usual pauses are. */
  #begin(nowUs: number, line: number): void {
    if (this.#line < 0) this.#beganUs = nowUs;
    this.#line = line;
    this.#samples = [];
    this.#baseUs = Number.POSITIVE_INFINITY;
  }

  #learn(newestUs: number, elapsedUs: number): void {
    const before = this.#samples.at(-1);
    if (before === undefined) this.#steppedUs = this.#checkedUs;
    if (before === undefined || newestUs <= before.newestUs) return;
    this.#steppedUs = this.#checkedUs;
    this.#steps++;
    const beyondUs = Math.max(0, newestUs - before.newestUs - elapsedUs);
    this.#pauseUs += (beyondUs - this.#pauseUs) / 4;
  }

  get #dryUs(): number {
    return this.#options.limits.bufferDryMs * 1000 + 2 * this.#pauseUs;
  }

  /** Whether media comes in real time, however late: it does when the least delay does not grow. */
  #isLevel(): boolean {
    const samples = this.#samples;
    // Those from before it became dry would tell of better times.
    if (samples.length < maxSamples || (samples[0]?.nowUs ?? 0) < this.#sinceUs) return false;
    const half = maxSamples >> 1;
    const growthUs = leastDelay(samples.slice(half + 1)) - leastDelay(samples.slice(0, half));
    return growthUs <= steadyUs + this.#pauseUs;
  }

  #next(nowUs: number): BufferState {
    const state = this.#state;
    if (state === "DRY") return this.#steady >= steadyChecks ? "RECOVER" : "DRY";
    if (this.#knowsPauses(nowUs) && this.#lagUs > this.#dryUs) return "DRY";
    if (state === "EMPTY") return this.#options.isGroupWhole() ? "FULL" : "EMPTY";
    const isOver = nowUs - this.#sinceUs >= this.#options.limits.bufferRecoverMs * 1000;
    return state === "RECOVER" && !isOver ? "RECOVER" : "FULL";
  }

  #knowsPauses(nowUs: number): boolean {
    const elapsedUs = nowUs - this.#beganUs;
    return elapsedUs >= maxWarmUpUs || (elapsedUs >= minWarmUpUs && this.#steps >= minSteps);
  }

  #change(state: BufferState, nowUs: number): void {
    this.#state = state;
    this.#sinceUs = nowUs;
    this.#sinceMs = Math.round(this.#options.clock.wallMs());
    this.#options.onChange(this.health);
  }
}

function leastDelay(samples: readonly Sample[]): number {
  let least = Number.POSITIVE_INFINITY;
  for (const { nowUs, newestUs } of samples) least = Math.min(least, nowUs - newestUs);
  return least;
}
