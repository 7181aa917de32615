import type { TransportName } from "../transports/transport.ts";
import { Attempts } from "./attempts.ts";
import { BackOff } from "./back-off.ts";
import {
  defaultLadderLimits,
  type LadderCommand,
  type LadderInput,
  type LadderLimits,
} from "./ladder-state.ts";
import { type Failure, RungList } from "./rung-list.ts";
import { SearchClock } from "./search-clock.ts";
import { ShownRung } from "./shown-rung.ts";
import { Surroundings } from "./surroundings.ts";
import { verdictOf } from "./verdicts.ts";

/** Most rungs that run at one time, the shown one included: there are two places to show something. */
const maxRunning = 2;

/**
 * Decides by which transport to play: which one next, when to fall and when to climb back. It owns no timer, no socket
 * and no element: inputs and the time go in, commands come out. Whether the viewer wants a picture, and when to begin
 * anew after everything failed, is its owner's decision; only while no server answers it begins anew by itself.
 */
export class Ladder {
  readonly #sleptMs: number;
  readonly #searches: SearchClock;
  readonly #rungs = new RungList();
  readonly #backOff = new BackOff();
  readonly #attempts: Attempts;
  readonly #shown: ShownRung;
  readonly #around = new Surroundings();
  #wanted = false;
  /** Rungs are tried one after the other until one shows something. */
  #searching = false;
  /** The owner was told that nothing helps. */
  #givenUp = false;
  #nowMs = 0;
  #commands: LadderCommand[] = [];

  constructor(options: { random?: () => number; limits?: Partial<LadderLimits> } = {}) {
    this.#searches = new SearchClock(options.random ?? Math.random);
    const limits = { ...defaultLadderLimits, ...options.limits };
    this.#sleptMs = limits.sleptMs;
    this.#attempts = new Attempts(limits, this.#backOff);
    this.#shown = new ShownRung(limits);
  }

  /** The rung on the screen. */
  get shown(): TransportName | undefined {
    return this.#shown.rung;
  }

  /** Whether the server answers by any rung. */
  get linkUp(): boolean {
    return this.#around.linkUp;
  }

  /** When `{type: "time"}` is due at the latest; always after the last input. Undefined when nothing is awaited. */
  get deadlineMs(): number | undefined {
    if (!this.#wanted || this.#givenUp) return undefined;
    const due = this.#deadlines().filter((at) => at > this.#nowMs && Number.isFinite(at));
    return due.length === 0 ? undefined : Math.min(...due);
  }

  /** Takes one input at `nowMs` (monotonic) and gives what is to be done, in order. */
  handle(input: LadderInput, nowMs: number): readonly LadderCommand[] {
    this.#commands = [];
    const lateMs = input.type === "time" ? nowMs - (this.deadlineMs ?? nowMs) : 0;
    this.#nowMs = nowMs;
    if (lateMs >= this.#sleptMs) this.#restartClocks();
    this.#take(input);
    if (this.#wanted) this.#drive();
    return this.#commands;
  }

  #take(input: LadderInput): void {
    switch (input.type) {
      case "open":
        this.#wanted = true;
        this.#search();
        break;
      case "join":
        this.#join();
        break;
      case "leave":
        this.#leave(input.reason);
        break;
      case "close":
        this.#leave(input.reason);
        this.#wanted = false;
        this.#around.forget();
        break;
      case "forget":
        this.#backOff.forget();
        break;
      case "rungs":
        this.#rungs.set(input.rungs);
        for (const rung of this.#attempts.rungs)
          if (!this.#rungs.has(rung)) this.#stop(rung, "unfit");
        break;
      case "link":
        if (this.#around.link(input.rung, input.up)) this.#backOff.hurry(input.rung, this.#nowMs);
        break;
      case "stream":
        if (this.#around.stream(input.state)) this.#restartClocks();
        break;
      case "progress":
        this.#progress(input.rung, input.fine);
        break;
      case "failed":
        this.#failed(input.rung, { code: input.code, message: input.message });
        break;
      case "loss":
        if (input.rung === this.shown) this.#shown.loses(input.ratio, this.#nowMs);
        break;
      case "network":
        if (!this.#around.network(input.online)) break;
        this.#backOff.forget();
        this.#searches.hurry(this.#nowMs);
        break;
      case "visible":
        if (this.#around.page(input.visible)) this.#backOff.hurryAll(this.#nowMs);
        break;
    }
  }

  #search(): void {
    this.#givenUp = false;
    this.#searching = true;
    this.#searches.cancel();
    this.#rungs.forgetTurns();
  }

  #join(): void {
    if (!this.#wanted || this.#attempts.size > 0) return;
    if (this.shown === undefined) this.#search();
    else if (this.#shown.broken === undefined) {
      this.#shown.restart(this.#nowMs);
      this.#commands.push({ type: "rejoin", rung: this.shown });
    }
  }

  #leave(reason: string): void {
    for (const rung of this.#attempts.rungs) {
      // An owner that lost its patience speaks for the rung that it waited for.
      if (this.#attempts.isOver(rung, this.#nowMs)) this.#backOff.failed(rung, this.#nowMs);
      this.#stop(rung, reason);
    }
    if (this.shown !== undefined) this.#stop(this.shown, reason);
    this.#shown.clear();
    this.#searching = false;
    this.#givenUp = false;
    this.#searches.cancel();
  }

  /** Frames were not to be had until now. */
  #restartClocks(): void {
    this.#shown.restart(this.#nowMs);
    this.#attempts.restart(this.#nowMs);
  }

  #progress(rung: TransportName, fine: boolean): void {
    this.#attempts.framed(rung);
    if (rung !== this.shown) return;
    if (this.#shown.progress(this.#nowMs, fine)) this.#backOff.settled(rung);
  }

  #failed(rung: TransportName, failure: Failure): void {
    const attempted = this.#attempts.has(rung);
    if (!attempted && (rung !== this.shown || this.#shown.broken !== undefined)) return;
    if (verdictOf(failure.code) === "whole" && !this.#playsWithout(rung)) {
      this.#giveUp(failure);
      return;
    }
    if (this.#rungs.failed(rung, failure)) this.#backOff.failed(rung, this.#nowMs);
    if (attempted) this.#stop(rung, failure.code);
    else this.#shown.breaks(failure);
  }

  #playsWithout(rung: TransportName): boolean {
    if (this.shown === undefined || this.shown === rung) return false;
    return (
      this.#shown.broken === undefined &&
      (this.#around.isSilent || this.#shown.isAlive(this.#nowMs))
    );
  }

  #giveUp(failure: Failure): void {
    this.#givenUp = true;
    this.#searching = false;
    this.#commands.push({ type: "failed", ...failure });
  }

  #drive(): void {
    if (!this.#givenUp && !this.#around.isSilent) this.#expire();
    if (this.#givenUp) return;
    if (this.shown === undefined) this.#driveSearch();
    else if (!this.#around.isSilent || this.#shown.broken !== undefined)
      this.#driveShown(this.shown);
  }

  /** Ends attempts that had their time, as long as something else is left: the last one has the owner's patience. */
  #expire(): void {
    for (const rung of this.#attempts.rungs) {
      if (!this.#attempts.isOver(rung, this.#nowMs) || this.#isLast()) continue;
      this.#failed(rung, { code: "NO_FIRST_FRAME", message: "" });
    }
  }

  #isLast(): boolean {
    if (this.shown !== undefined || this.#attempts.size > 1 || this.#rungs.untried()) return false;
    return this.linkUp || this.#rungs.all.length === 1;
  }

  #driveSearch(): void {
    const ready = this.#readyRungs()[0];
    if (ready !== undefined) {
      this.#show(ready, "first-frame");
      return;
    }
    if (!this.#searching && !this.#searchIsDue()) return;
    for (let next = this.#rungs.untried(); next !== undefined; next = this.#rungs.untried()) {
      const alone = this.#attempts.size === 0;
      if (this.#attempts.size >= maxRunning) return;
      if (!alone && (this.#around.isSilent || this.#nowMs < this.#attempts.raceAtMs())) return;
      this.#start(next, true);
    }
    if (this.#attempts.size === 0) this.#exhausted();
  }

  /** While no server answers, the owner waits for a way; meanwhile the ladder asks by all rungs now and then. */
  #searchIsDue(): boolean {
    if (this.linkUp || this.#attempts.size > 0) return false;
    if (!this.#searches.isDue(this.#nowMs)) return false;
    this.#search();
    return true;
  }

  #exhausted(): void {
    this.#searching = false;
    this.#searches.failed();
    const { failure, hopeless } = this.#rungs.verdict();
    if (this.linkUp || hopeless) this.#giveUp(failure);
    else this.#searchIsDue();
  }

  #driveShown(shown: TransportName): void {
    const ready = this.#readyRungs();
    const better = ready.find((rung) => this.#rungs.isBetter(rung, shown));
    if (better !== undefined) {
      this.#show(better, "climb");
      return;
    }
    const reason = this.#shown.fallReason(this.#nowMs);
    const lower = ready[0];
    if (reason !== undefined && lower !== undefined) {
      if (this.#shown.broken === undefined) this.#backOff.failed(shown, this.#nowMs);
      this.#show(lower, reason);
    } else if (reason !== undefined || this.#shown.isStanding(this.#nowMs)) {
      this.#warm(shown, reason !== undefined);
    } else {
      if (this.#shown.isSmooth(this.#nowMs)) this.#cool(shown);
      this.#climb(shown);
    }
  }

  /** Starts the next rung below the shown one, which is in trouble. */
  #warm(shown: TransportName, waits: boolean): void {
    if (this.#attempts.rungs.some((rung) => this.#rungs.isBetter(shown, rung))) return;
    const next = this.#rungs.untried(shown);
    if (next !== undefined) {
      // There is no third place: a probe of a better rung gives way.
      for (const rung of this.#attempts.rungs) {
        this.#backOff.postponed(rung, this.#nowMs);
        this.#stop(rung, "postponed");
      }
      this.#start(next, waits);
      return;
    }
    this.#climb(shown);
    const { broken } = this.#shown;
    if (broken !== undefined && this.#attempts.size === 0) this.#giveUp(broken);
  }

  /** The picture moves again: what was warmed up is not needed. */
  #cool(shown: TransportName): void {
    this.#rungs.forgetTurns();
    for (const rung of this.#attempts.rungs) {
      if (this.#rungs.isBetter(shown, rung)) this.#stop(rung, "recovered");
    }
  }

  get #mayClimb(): boolean {
    return this.#attempts.size === 0 && this.#around.invites;
  }

  /** Starts the best rung above the shown one whose back-off is over. */
  #climb(shown: TransportName): void {
    if (!this.#mayClimb) return;
    const due = this.#rungs
      .order()
      .find(
        (rung) => this.#rungs.isBetter(rung, shown) && this.#backOff.dueMs(rung) <= this.#nowMs,
      );
    if (due !== undefined) this.#start(due, false);
  }

  #start(rung: TransportName, waits: boolean): void {
    this.#rungs.started(rung);
    this.#attempts.start(rung, this.#nowMs);
    this.#commands.push({ type: "start", rung, waits });
  }

  #stop(rung: TransportName, reason: string): void {
    this.#attempts.end(rung);
    this.#commands.push({ type: "stop", rung, reason });
  }

  #show(rung: TransportName, reason: string): void {
    const from = this.shown;
    this.#attempts.end(rung);
    this.#shown.show(rung, this.#nowMs, reason === "FROZEN");
    this.#searching = false;
    this.#searches.succeeded();
    this.#rungs.forgetTurns();
    this.#commands.push({ type: "show", rung, from, reason });
    if (from !== undefined) this.#stop(from, reason);
    for (const other of this.#attempts.rungs) {
      if (this.#rungs.isBetter(rung, other)) this.#stop(other, reason);
    }
  }

  /** Rungs that have a frame and are not shown, best first. */
  #readyRungs(): readonly TransportName[] {
    return this.#rungs.all.filter((rung) => this.#attempts.isReady(rung));
  }

  #deadlines(): readonly number[] {
    const due: number[] = [this.#searches.atMs ?? 0];
    if (this.#around.isSilent) return due;
    due.push(...this.#attempts.limitsMs());
    if (this.shown === undefined) due.push(this.#attempts.raceAtMs());
    else {
      due.push(...this.#shown.deadlinesMs());
      if (this.#mayClimb) for (const rung of this.#rungs.all) due.push(this.#backOff.dueMs(rung));
    }
    return due;
  }
}
