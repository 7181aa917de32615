import { classifyFailure } from "./failure.ts";
import { defaultRetryPolicy, type RetryPolicy, retryDelayMs } from "./retry-delay.ts";
import {
  defaultPlayerLimits,
  type IdleReason,
  type PlayerCommand,
  type PlayerInput,
  type PlayerLimits,
  type PlayerState,
} from "./state.ts";

/** The server tells when a stream comes; asking is only the safety net, so it is rare. */
export const offlineRetryPolicy: RetryPolicy = { firstMs: 2000, maxMs: 30_000 };

/** `joining`: asked for, no frame yet. `joined`: frames came. */
type Session = "none" | "joining" | "joined";

/**
 * Decides when to join, to wait, to try again and what the viewer is told. It owns no timer and no socket:
 * time goes in with each call, commands come out.
 */
export class PlayerMachine {
  readonly #limits: PlayerLimits;
  readonly #random: () => number;
  #state: PlayerState = { type: "idle", reason: "start" };
  #wanted = false;
  #linkUp = false;
  #stream: "unknown" | "live" | "waiting" | "offline" = "unknown";
  #session: Session = "none";
  #attached = false;
  #failures = 0;
  #joinByMs: number | undefined;
  #retryAtMs: number | undefined;
  #progressMs = Number.NEGATIVE_INFINITY;
  #playingSinceMs = 0;
  #commands: PlayerCommand[] = [];

  constructor(options: { random?: () => number; limits?: Partial<PlayerLimits> } = {}) {
    this.#random = options.random ?? Math.random;
    this.#limits = { ...defaultPlayerLimits, ...options.limits };
  }

  get state(): PlayerState {
    return this.#state;
  }

  /** When `{type: "time"}` is due at the latest; undefined when nothing is awaited. */
  get deadlineMs(): number | undefined {
    if (!this.#wanted) return undefined;
    const due = [this.#joinByMs, this.#retryAtMs, this.#frozenAtMs()].filter(
      (at) => at !== undefined,
    );
    return due.length === 0 ? undefined : Math.min(...due);
  }

  /** Takes one input at `nowMs` (monotonic) and gives what is to be done, in order. */
  handle(input: PlayerInput, nowMs: number): readonly PlayerCommand[] {
    this.#commands = [];
    if (input.type === "play") this.#play(nowMs);
    else if (input.type === "pause") this.#pause(input.reason);
    else if (this.#wanted && !this.#isStopped()) this.#react(input, nowMs);
    return this.#commands;
  }

  #react(input: Exclude<PlayerInput, { type: "play" | "pause" }>, nowMs: number): void {
    switch (input.type) {
      case "link":
        this.#link(input.up, nowMs);
        break;
      case "stream":
        this.#streamIs(input.state, nowMs);
        break;
      case "attached":
        this.#attached = true;
        break;
      case "attempt":
        if (this.#session === "joining" && this.#joinByMs !== undefined) {
          this.#joinByMs = nowMs + this.#joinSpanMs();
        }
        break;
      case "progress":
        this.#progress(nowMs);
        break;
      case "failed":
        this.#failed(input.code, input.message, nowMs);
        break;
      case "lost":
        if (this.#linkUp) this.#join(nowMs);
        else this.#forgetSession();
        break;
      case "time":
        this.#time(nowMs);
        break;
    }
  }

  #play(nowMs: number): void {
    const stopped = this.#state.type === "error" && !this.#state.retrying;
    if (this.#wanted && !stopped) return;
    if (stopped) this.#commands.push({ type: "close", reason: "retry" });
    this.#reset();
    this.#wanted = true;
    this.#joinByMs = nowMs + this.#limits.joinMs;
    this.#enter({ type: "connecting" });
    this.#commands.push({ type: "open" });
  }

  #pause(reason: IdleReason): void {
    const wasWanted = this.#wanted;
    this.#reset();
    if (wasWanted) this.#commands.push({ type: "close", reason });
    this.#enter({ type: "idle", reason });
  }

  #reset(): void {
    this.#wanted = false;
    this.#linkUp = false;
    this.#stream = "unknown";
    this.#failures = 0;
    this.#retryAtMs = undefined;
    this.#progressMs = Number.NEGATIVE_INFINITY;
    this.#forgetSession();
  }

  #forgetSession(): void {
    this.#session = "none";
    this.#attached = false;
    this.#joinByMs = undefined;
  }

  #join(nowMs: number): void {
    this.#retryAtMs = undefined;
    this.#session = "joining";
    this.#attached = false;
    // While nobody publishes there is no first frame to wait for.
    const silent = this.#stream === "waiting" || this.#stream === "offline";
    this.#joinByMs = silent ? undefined : nowMs + this.#joinSpanMs();
    this.#commands.push({ type: "join" });
  }

  #link(up: boolean, nowMs: number): void {
    if (up === this.#linkUp) return;
    this.#linkUp = up;
    if (up && this.#state.type === "error" && this.#state.code === "SERVER_UNREACHABLE") {
      this.#enter({ type: "connecting" });
    }
    if (up && this.#session === "none") this.#join(nowMs);
    // An attempt whose answer is lost with the link starts again when the link is back.
    if (!up && this.#session === "joining") {
      const waitedUntil = this.#joinByMs;
      this.#forgetSession();
      this.#joinByMs = waitedUntil;
    }
    if (!up) this.#awaitLink(nowMs);
  }

  /** The viewer is told that the server cannot be reached when it stays so. */
  #awaitLink(nowMs: number): void {
    if (this.#state.type === "connecting") this.#joinByMs ??= nowMs + this.#limits.joinMs;
  }

  #streamIs(state: "live" | "waiting" | "offline", nowMs: number): void {
    const before = this.#stream;
    this.#stream = state;
    if (state === before) return;
    if (state === "waiting") {
      this.#joinByMs = undefined;
      this.#enter({ type: "waiting" });
    } else if (state === "offline") {
      this.#joinByMs = undefined;
      this.#enter({ type: "offline" });
    } else {
      this.#streamIsLive(nowMs);
    }
  }

  #streamIsLive(nowMs: number): void {
    if (this.#session === "none") {
      if (!this.#linkUp) return;
      this.#failures = 0;
      this.#join(nowMs);
      if (this.#state.type === "offline") this.#enter({ type: "connecting" });
      return;
    }
    // The session outlived the publisher: its frames have the time of a join to come back.
    if (this.#session === "joined") {
      this.#progressMs = nowMs;
      if (this.#state.type === "offline") this.#enter({ type: "connecting" });
    } else {
      this.#joinByMs = nowMs + this.#joinSpanMs();
    }
  }

  /** Longer after each failure: a slow device or network must not lose every attempt just before its end. */
  #joinSpanMs(): number {
    const { joinMs } = this.#limits;
    return Math.min(joinMs + (joinMs / 2) * this.#failures, joinMs * 4);
  }

  #progress(nowMs: number): void {
    // Frames still in the jitter buffer say nothing about a publisher that has gone.
    if (this.#stream === "waiting" || this.#stream === "offline") return;
    this.#progressMs = nowMs;
    if (this.#attached && this.#session === "joining") {
      this.#session = "joined";
      this.#joinByMs = undefined;
    }
    if (this.#state.type !== "playing") {
      // Frames of the session before keep a picture on screen, but only a join ends an error.
      if (this.#session !== "joined") return;
      this.#playingSinceMs = nowMs;
      this.#retryAtMs = undefined;
      this.#enter({ type: "playing" });
    } else if (nowMs - this.#playingSinceMs >= this.#limits.stableMs) {
      this.#failures = 0;
    }
  }

  #failed(code: string, message: string, nowMs: number): void {
    this.#forgetSession();
    this.#commands.push({ type: "leave", reason: code });
    const kind = classifyFailure(code);
    if (kind === "fatal") {
      this.#retryAtMs = undefined;
      this.#commands.push({ type: "close", reason: code });
      this.#enter({ type: "error", code, message, retrying: false });
      return;
    }
    this.#failures++;
    const policy = kind === "offline" ? offlineRetryPolicy : defaultRetryPolicy;
    this.#retryAtMs = nowMs + retryDelayMs(this.#failures, this.#random, policy);
    if (kind === "offline") {
      this.#enter({ type: "offline" });
    } else if (!this.#linkUp) {
      // Whatever broke, it broke with the server: that is what the viewer is told.
      if (this.#state.type === "playing") this.#enter({ type: "connecting" });
      this.#awaitLink(nowMs);
    } else if (this.#failures > 1) {
      this.#enter({ type: "error", code, message, retrying: true });
    } else if (this.#state.type === "playing") {
      this.#enter({ type: "connecting" });
    }
  }

  #time(nowMs: number): void {
    if (this.#joinByMs !== undefined && nowMs >= this.#joinByMs) {
      this.#joinByMs = undefined;
      if (this.#linkUp) this.#failed("NO_FIRST_FRAME", "", nowMs);
      else this.#enter({ type: "error", code: "SERVER_UNREACHABLE", message: "", retrying: true });
    }
    if (this.#retryAtMs !== undefined && nowMs >= this.#retryAtMs) {
      this.#retryAtMs = undefined;
      if (this.#linkUp) this.#join(nowMs);
    }
    const frozenAtMs = this.#frozenAtMs();
    if (frozenAtMs !== undefined && nowMs >= frozenAtMs) this.#frozen(nowMs);
  }

  #frozen(nowMs: number): void {
    this.#failures++;
    this.#enter({ type: "connecting" });
    if (this.#linkUp) this.#join(nowMs);
    else {
      this.#forgetSession();
      this.#awaitLink(nowMs);
    }
  }

  /** Only a session that showed frames of a live stream can freeze. */
  #frozenAtMs(): number | undefined {
    if (this.#session === "joining" || this.#stream === "waiting" || this.#stream === "offline") {
      return undefined;
    }
    const shown = this.#state.type === "playing" || this.#session === "joined";
    return shown ? this.#progressMs + this.#limits.frozenMs : undefined;
  }

  #isStopped(): boolean {
    return this.#state.type === "error" && !this.#state.retrying;
  }

  #enter(to: PlayerState): void {
    const from = this.#state;
    if (sameState(from, to)) return;
    this.#state = to;
    this.#commands.push({ type: "state", from, to });
  }
}

function sameState(a: PlayerState, b: PlayerState): boolean {
  if (a.type === "idle" && b.type === "idle") return a.reason === b.reason;
  if (a.type === "error" && b.type === "error") {
    return a.code === b.code && a.retrying === b.retrying;
  }
  return a.type === b.type;
}
