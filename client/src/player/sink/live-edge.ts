/** Where an element stands, at one moment. Times on the media's axis are in seconds. */
export interface EdgeView {
  /** Monotonic milliseconds. */
  readonly nowMs: number;
  readonly position: number;
  /** What is buffered: start and end, in order, not touching. */
  readonly ranges: readonly (readonly [number, number])[];
  /** The element is to play; it may starve all the same. */
  readonly playing: boolean;
  readonly seeking: boolean;
  /** There is nothing to go on with. */
  readonly starved: boolean;
  /** The page cannot be seen: its timers are slow and its pictures are not decoded. */
  readonly hidden: boolean;
}

/** What to do with the element. */
export interface EdgeAction {
  readonly rate: number;
  /** Where to go on; undefined: nowhere else. */
  readonly seekTo: number | undefined;
}

export interface LiveEdgeLimits {
  /** How far behind the end of what is there to play, seconds. */
  readonly targetSeconds: number;
  /** What must be left when the next media comes late, seconds. */
  readonly reserveSeconds: number;
  /** Further than this behind the target, chasing takes too long: it jumps. Seconds. */
  readonly jumpSeconds: number;
  /** The same just after the start and after the page was hidden. Seconds. */
  readonly startJumpSeconds: number;
  /** The same while the page is hidden; it bounds what is kept. Seconds. */
  readonly hiddenJumpSeconds: number;
  readonly minRate: number;
  readonly maxRate: number;
  /** Over this span the arrival of media is looked at. Milliseconds. */
  readonly windowMs: number;
  /** How long the start takes, when what the server had kept arrives all at once. Milliseconds. */
  readonly startMs: number;
  /** The first picture is painted before anything jumps. Milliseconds. */
  readonly firstJumpMs: number;
  /** Between two jumps. Milliseconds. */
  readonly jumpRestMs: number;
  /** How much further behind to play after each time that media ran out, seconds. */
  readonly stallStepSeconds: number;
  /** All such steps together, seconds. */
  readonly maxStallSeconds: number;
  /** Without a stall for this long, one step is taken back. Milliseconds. */
  readonly calmMs: number;
}

export const defaultLiveEdgeLimits: LiveEdgeLimits = {
  targetSeconds: 0.5,
  reserveSeconds: 0.15,
  jumpSeconds: 3,
  startJumpSeconds: 0.5,
  hiddenJumpSeconds: 10,
  minRate: 0.95,
  maxRate: 1.1,
  windowMs: 3000,
  startMs: 2000,
  firstJumpMs: 250,
  jumpRestMs: 500,
  stallStepSeconds: 0.25,
  maxStallSeconds: 3,
  calmMs: 20_000,
};

/** Rate per second of distance from the target. */
const gain = 0.2;
const rateStep = 0.01;
/** Closer than this to the target is close enough, seconds. */
const closeEnough = 0.05;
/** Chasing begins at this distance, seconds. */
const worthChasing = 0.15;
/** Less than this before a hole is as good as nothing, seconds. */
const holeEdge = 0.05;
/** Into a range, so that rounding does not miss it. Seconds. */
const inside = 0.01;

/**
 * Keeps a live picture close to its newest media: a little faster or slower, so that nobody hears it, and by a
 * jump when that would take too long. Media arrives in lumps; what counts is how far behind the end the element
 * is just after one came, and that it does not run dry before the next.
 */
export class LiveEdge {
  readonly #limits: LiveEdgeLimits;
  readonly #canChase: boolean;
  /** Distances to the end of the media, as if the rate had always been 1. */
  readonly #window: { readonly atMs: number; readonly ahead: number }[] = [];
  /** What other rates than 1 have won so far, seconds. */
  #won = 0;
  #lastMs: number | undefined;
  #rate = 1;
  #startedMs: number | undefined;
  #eagerUntilMs = 0;
  #eagerJumps = 0;
  #jumpedMs = Number.NEGATIVE_INFINITY;
  #wasHidden = false;
  #wasStarved = true;
  #stallSeconds = 0;
  #calmSinceMs = 0;

  /** `canChase` false: the rate stays 1, as where a change of it can be heard or seen; it jumps sooner. */
  constructor(limits: Partial<LiveEdgeLimits> = {}, canChase = true) {
    this.#limits = { ...defaultLiveEdgeLimits, ...limits };
    this.#canChase = canChase;
  }

  /** How far behind the end it plays as things are, seconds. */
  get targetSeconds(): number {
    return this.#target();
  }

  /** Another timeline follows. What was learnt of the network stays. */
  reset(): void {
    this.#forget();
    this.#rate = 1;
    this.#startedMs = undefined;
    this.#wasStarved = true;
  }

  /** Call several times a second, and whenever media came. */
  update(view: EdgeView): EdgeAction {
    this.#pass(view);
    const last = view.ranges.at(-1);
    if (last === undefined) return this.#act(1);
    this.#start(view);
    this.#countStalls(view);
    if (view.seeking) {
      this.#forget();
      return this.#act(1);
    }
    const overHole = this.#overHole(view, last);
    if (overHole !== undefined) return this.#jump(view, overHole);
    this.#look(view, last[1] - view.position);
    const distance = this.#peak() - this.#target();
    const jumped = this.#jumpTarget(view, last, distance);
    if (jumped !== undefined) return this.#jump(view, jumped);
    return this.#act(this.#chase(view, distance));
  }

  /** Time passes at the rate of before. */
  #pass(view: EdgeView): void {
    const sinceMs = this.#lastMs === undefined ? 0 : view.nowMs - this.#lastMs;
    if (view.playing && !view.starved) this.#won += ((this.#rate - 1) * sinceMs) / 1000;
    this.#lastMs = view.nowMs;
  }

  #start(view: EdgeView): void {
    if (this.#startedMs === undefined) {
      this.#startedMs = view.nowMs;
      this.#calmSinceMs = view.nowMs;
      this.#beEager(view);
    }
    if (this.#wasHidden && !view.hidden) {
      this.#beEager(view);
      this.#forget();
    }
    this.#wasHidden = view.hidden;
  }

  #beEager(view: EdgeView): void {
    this.#eagerUntilMs = view.nowMs + this.#limits.startMs;
    this.#eagerJumps = 0;
  }

  #countStalls(view: EdgeView): void {
    const { stallStepSeconds, maxStallSeconds, calmMs } = this.#limits;
    const eager = view.nowMs < this.#eagerUntilMs;
    if (!view.playing || view.hidden || view.seeking || eager) {
      this.#wasStarved = true;
      return;
    }
    if (view.starved && !this.#wasStarved) {
      this.#stallSeconds = Math.min(maxStallSeconds, this.#stallSeconds + stallStepSeconds);
      this.#calmSinceMs = view.nowMs;
    } else if (this.#stallSeconds > 0 && view.nowMs - this.#calmSinceMs >= calmMs) {
      this.#stallSeconds = Math.max(0, this.#stallSeconds - stallStepSeconds);
      this.#calmSinceMs = view.nowMs;
    }
    this.#wasStarved = view.starved;
  }

  /** Where media goes on, when there is none at the position but some behind it. */
  #overHole(view: EdgeView, last: readonly [number, number]): number | undefined {
    const { position, ranges } = view;
    const around = ranges.find(([start, end]) => start <= position && position <= end);
    if (around !== undefined && (around === last || around[1] - position > holeEdge)) {
      return undefined;
    }
    const next = ranges.find(([start]) => start > position);
    if (next !== undefined) return next[0] + inside;
    // All media is before the position: the timeline was cut, or nothing has come since.
    const behind = position - last[1];
    return behind > 0.5 ? Math.max(last[0], last[1] - this.#target()) : undefined;
  }

  #look(view: EdgeView, ahead: number): void {
    const window = this.#window;
    window.push({ atMs: view.nowMs, ahead: ahead + this.#won });
    const eager = view.nowMs < this.#eagerUntilMs;
    // What comes at the start says nothing about how media arrives later.
    const keepMs = eager ? 0 : this.#limits.windowMs;
    let drop = 0;
    while (drop < window.length - 1 && (window[drop]?.atMs ?? 0) < view.nowMs - keepMs) drop++;
    if (drop > 0) window.splice(0, drop);
  }

  #peak(): number {
    return Math.max(...this.#window.map(({ ahead }) => ahead)) - this.#won;
  }

  #target(): number {
    const { targetSeconds, reserveSeconds } = this.#limits;
    const list = this.#window.map(({ ahead }) => ahead);
    const lump = list.length === 0 ? 0 : Math.max(...list) - Math.min(...list);
    return Math.max(targetSeconds, lump + reserveSeconds) + this.#stallSeconds;
  }

  #jumpTarget(
    view: EdgeView,
    last: readonly [number, number],
    distance: number,
  ): number | undefined {
    const limits = this.#limits;
    const { nowMs, position } = view;
    const firstMs = (this.#startedMs ?? nowMs) + limits.firstJumpMs;
    if (nowMs < firstMs || nowMs - this.#jumpedMs < limits.jumpRestMs) return undefined;
    if (distance <= this.#jumpAbove(view)) return undefined;
    const furthest = last[1] - limits.reserveSeconds;
    const target = Math.max(last[0] + inside, Math.min(position + distance, furthest));
    if (target <= position + closeEnough) return undefined;
    this.#eagerJumps++;
    return target;
  }

  #jumpAbove(view: EdgeView): number {
    const { hiddenJumpSeconds, jumpSeconds, startJumpSeconds } = this.#limits;
    if (view.hidden || !view.playing) return hiddenJumpSeconds;
    // Lumps look like a late start: each jump makes the next one less likely.
    if (view.nowMs < this.#eagerUntilMs) return startJumpSeconds * 2 ** this.#eagerJumps;
    return this.#canChase ? jumpSeconds : Math.min(jumpSeconds, 2 * startJumpSeconds);
  }

  #chase(view: EdgeView, distance: number): number {
    const { minRate, maxRate } = this.#limits;
    if (!this.#canChase || view.hidden || !view.playing || view.starved) return 1;
    const from = this.#rate === 1 ? worthChasing : closeEnough;
    if (Math.abs(distance) <= from) return 1;
    // Once on the way it does not turn round before it arrived.
    if (this.#rate !== 1 && Math.sign(distance) !== Math.sign(this.#rate - 1)) return 1;
    const rate = 1 + Math.round((distance * gain) / rateStep) * rateStep;
    const least = distance > 0 ? 1 + 2 * rateStep : 1 - 2 * rateStep;
    const brisk = distance > 0 ? Math.max(rate, least) : Math.min(rate, least);
    return Math.round(Math.min(maxRate, Math.max(minRate, brisk)) * 100) / 100;
  }

  #jump(view: EdgeView, seekTo: number): EdgeAction {
    this.#jumpedMs = view.nowMs;
    this.#forget();
    this.#rate = 1;
    return { rate: 1, seekTo };
  }

  #act(rate: number): EdgeAction {
    this.#rate = rate;
    return { rate, seekTo: undefined };
  }

  #forget(): void {
    this.#window.length = 0;
    this.#won = 0;
  }
}
