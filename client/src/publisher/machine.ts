import { type RetryPolicy, retryDelayMs } from "../player/retry-delay.ts";
import { isFatal } from "./failure.ts";
import {
  defaultPublisherLimits,
  type PublisherCommand,
  type PublisherInput,
  type PublisherLimits,
  type PublisherState,
} from "./state.ts";

/** Viewers wait: a publisher comes back quickly. */
export const publishRetryPolicy: RetryPolicy = { firstMs: 500, maxMs: 5000 };

/** `begun`: asked for, no media connection yet. `broken`: it stood, and another way is looked for. */
type Session = "none" | "begun" | "connected" | "broken";

/**
 * Decides when to ask for a session, to try again and what the person is told. It owns no timer and no socket:
 * time goes in with each call, commands come out. Restarts of ICE within a session are the session's own.
 */
export class PublisherMachine {
  readonly #limits: PublisherLimits;
  readonly #random: () => number;
  #state: PublisherState = { type: "idle" };
  #wanted = false;
  #linkUp = false;
  #session: Session = "none";
  #takeOver = false;
  #failures = 0;
  #retryAtMs: number | undefined;
  #connectByMs: number | undefined;
  #reachByMs: number | undefined;
  #liveSinceMs = 0;
  #lastLiveMs = Number.NEGATIVE_INFINITY;
  #commands: PublisherCommand[] = [];

  constructor(options: { random?: () => number; limits?: Partial<PublisherLimits> } = {}) {
    this.#random = options.random ?? Math.random;
    this.#limits = { ...defaultPublisherLimits, ...options.limits };
  }

  get state(): PublisherState {
    return this.#state;
  }

  /** When `{type: "time"}` is due at the latest; undefined when nothing is awaited. */
  get deadlineMs(): number | undefined {
    const due = [this.#retryAtMs, this.#connectByMs, this.#reachByMs].filter(
      (at) => at !== undefined,
    );
    return due.length === 0 ? undefined : Math.min(...due);
  }

  /** Takes one input at `nowMs` (monotonic) and gives what is to be done, in order. */
  handle(input: PublisherInput, nowMs: number): readonly PublisherCommand[] {
    this.#commands = [];
    if (input.type === "publish") this.#publish(input.takeOver, nowMs);
    else if (input.type === "stop") this.#stop();
    else if (this.#wanted) this.#react(input, nowMs);
    return this.#commands;
  }

  #react(input: Exclude<PublisherInput, { type: "publish" | "stop" }>, nowMs: number): void {
    switch (input.type) {
      case "link":
        this.#link(input.up, nowMs);
        break;
      case "connected":
        this.#connected(nowMs);
        break;
      case "interrupted":
        this.#interrupted(nowMs);
        break;
      case "failed":
        this.#failed(input.code, input.message, nowMs);
        break;
      case "lost":
        this.#lost(nowMs);
        break;
      case "time":
        this.#time(nowMs);
        break;
    }
  }

  #publish(takeOver: boolean, nowMs: number): void {
    if (this.#wanted) return;
    this.#reset();
    this.#lastLiveMs = Number.NEGATIVE_INFINITY;
    this.#wanted = true;
    this.#takeOver = takeOver;
    this.#reachByMs = nowMs + this.#limits.reachMs;
    this.#enter({ type: "connecting" });
    this.#commands.push({ type: "open" });
  }

  #stop(): void {
    if (this.#wanted) this.#commands.push({ type: "close" });
    this.#reset();
    this.#enter({ type: "idle" });
  }

  #reset(): void {
    this.#wanted = false;
    this.#linkUp = false;
    this.#takeOver = false;
    this.#failures = 0;
    this.#forgetSession();
    this.#retryAtMs = undefined;
    this.#reachByMs = undefined;
  }

  #forgetSession(): void {
    this.#session = "none";
    this.#connectByMs = undefined;
  }

  #begin(nowMs: number): void {
    this.#retryAtMs = undefined;
    this.#session = "begun";
    this.#connectByMs = nowMs + this.#limits.connectMs;
    this.#commands.push({ type: "begin", takeOver: this.#takeOver });
  }

  #link(up: boolean, nowMs: number): void {
    if (up === this.#linkUp) return;
    this.#linkUp = up;
    if (up) {
      this.#reachByMs = undefined;
      // Without a wait: the back-off of the connection has spread the publishers already.
      if (this.#session === "none") this.#begin(nowMs);
      return;
    }
    // A request whose answer is lost with the link is made anew when the link is back.
    if (this.#session === "begun") {
      this.#forgetSession();
      this.#commands.push({ type: "leave" });
    }
    if (this.#session === "none") this.#awaitLink(nowMs);
  }

  #awaitLink(nowMs: number): void {
    this.#reachByMs ??= nowMs + this.#limits.reachMs;
  }

  #connected(nowMs: number): void {
    if (this.#session === "none") return;
    this.#session = "connected";
    this.#connectByMs = undefined;
    this.#reachByMs = undefined;
    // Whoever took over once need not do so again: the stream is his.
    this.#takeOver = false;
    if (this.#state.type !== "live") this.#liveSinceMs = nowMs;
    this.#lastLiveMs = nowMs;
    this.#enter({ type: "live" });
  }

  #interrupted(nowMs: number): void {
    if (this.#session !== "connected") return;
    this.#settleFailures(nowMs);
    this.#session = "broken";
    this.#enter({ type: "reconnecting", code: "INTERRUPTED", message: "" });
  }

  #lost(nowMs: number): void {
    if (this.#session === "none") return;
    this.#settleFailures(nowMs);
    this.#forgetSession();
    this.#commands.push({ type: "leave" });
    if (this.#state.type !== "connecting") {
      this.#enter({ type: "reconnecting", code: "SESSION_LOST", message: "" });
    }
    if (this.#linkUp) this.#begin(nowMs);
    else this.#awaitLink(nowMs);
  }

  #failed(code: string, message: string, nowMs: number): void {
    const ghost = code === "STREAM_BUSY" && this.#maybeGhost(nowMs);
    this.#settleFailures(nowMs);
    this.#forgetSession();
    if (isFatal(code) && !ghost) {
      this.#commands.push({ type: "close" });
      this.#reset();
      this.#enter({ type: "error", code, message });
      return;
    }
    this.#commands.push({ type: "leave" });
    this.#failures++;
    this.#retryAtMs = nowMs + retryDelayMs(this.#failures, this.#random, publishRetryPolicy);
    if (!this.#linkUp) this.#awaitLink(nowMs);
    const known = ghost ? "SESSION_LOST" : code;
    this.#enter({ type: "reconnecting", code: known, message: ghost ? "" : message });
  }

  /** The server may not have noticed yet that the session before is gone. */
  #maybeGhost(nowMs: number): boolean {
    return nowMs - this.#lastLiveMs < this.#limits.ghostMs;
  }

  #settleFailures(nowMs: number): void {
    if (this.#session !== "connected") return;
    this.#lastLiveMs = nowMs;
    if (nowMs - this.#liveSinceMs >= this.#limits.stableMs) this.#failures = 0;
  }

  #time(nowMs: number): void {
    if (this.#reachByMs !== undefined && nowMs >= this.#reachByMs) {
      this.#reachByMs = undefined;
      if (!this.#linkUp && this.#session === "none") {
        this.#enter({ type: "reconnecting", code: "SERVER_UNREACHABLE", message: "" });
      }
    }
    if (this.#connectByMs !== undefined && nowMs >= this.#connectByMs) {
      this.#failed("CONNECT_TIMEOUT", "", nowMs);
    }
    if (this.#retryAtMs !== undefined && nowMs >= this.#retryAtMs) {
      this.#retryAtMs = undefined;
      if (this.#linkUp && this.#session === "none") this.#begin(nowMs);
    }
  }

  #enter(to: PublisherState): void {
    const from = this.#state;
    if (sameState(from, to)) return;
    this.#state = to;
    this.#commands.push({ type: "state", from, to });
  }
}

function sameState(a: PublisherState, b: PublisherState): boolean {
  if (a.type !== b.type) return false;
  return "code" in a && "code" in b ? a.code === b.code && a.message === b.message : true;
}
