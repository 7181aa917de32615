import { createHmac, randomBytes } from "node:crypto";
import { type ActivityObserver, RefusedError, randomId } from "../core/index.ts";
import type { AccessRequest, Clock, Grant, Timer } from "../core/ports.ts";
import { type SessionFigures, sessionFigures } from "./figures.ts";
import type { HookLimits } from "./limits.ts";
import type { HookQuestion, SessionEnding, SessionHook } from "./question.ts";

/** A hook that allowed a session, and what it was asked. */
export interface Allowed {
  readonly hook: SessionHook;
  readonly question: HookQuestion;
}

/** What hooks that are asked for each session decided. */
export interface SessionDecision {
  readonly grant: Grant;
  readonly allowed: readonly Allowed[];
}

interface Entry {
  readonly id: string;
  readonly key: string | undefined;
  readonly decision: Promise<SessionDecision>;
  allowed: readonly Allowed[];
  /** Publishers or viewers that it is at this moment: one, or none before it begins. */
  present: number;
  beganWallMs: number | undefined;
  /** When it was asked about last. */
  usedUs: number;
  /** Not asked anew until then. */
  refusedUntilUs: number | undefined;
  bytesSent: number;
  bytesReceived: number;
}

const sweepMs = 1000;

/**
 * Every session that hooks allowed, from their answer to its end: some ways to watch ask for every segment, and a hook
 * that counts sessions must be asked once and told once. What was allowed and never begins is told as ended too.
 */
export class SessionBook {
  readonly #clock: Clock;
  readonly #limits: HookLimits;
  readonly #entries = new Map<string, Entry>();
  readonly #byKey = new Map<string, Entry>();
  /** Sessions that have not begun, the one that was used least recently first. */
  readonly #unbegun = new Set<Entry>();
  /** Keys are digests, so that no token is kept. */
  readonly #secret = randomBytes(32);
  #timer: Timer | undefined;
  #closed = false;

  constructor(clock: Clock, limits: HookLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Sessions that are known, begun or not. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * What was decided of the session of this request; `decide` is called for its first one.
   * @throws what `decide` throws.
   */
  async enter(
    request: AccessRequest,
    before: Grant,
    decide: (id: string) => Promise<SessionDecision>,
  ): Promise<Grant> {
    const key = this.#keyOf(request);
    const present = key === undefined ? undefined : this.#byKey.get(key);
    if (present !== undefined && !this.#isForgotten(present)) {
      this.#use(present);
      await present.decision;
      return { ...before, session: present.id };
    }
    const id = request.id ?? randomId();
    const entry: Entry = {
      id,
      key,
      decision: decide(id),
      allowed: [],
      present: 0,
      beganWallMs: undefined,
      usedUs: this.#clock.nowUs(),
      refusedUntilUs: undefined,
      bytesSent: 0,
      bytesReceived: 0,
    };
    if (key !== undefined) this.#byKey.set(key, entry);
    try {
      const { grant, allowed } = await entry.decision;
      entry.allowed = allowed;
      // A connection that asks again has not begun what it was allowed before.
      const earlier = this.#entries.get(id);
      if (earlier !== undefined) this.#end(earlier, "NEVER_BEGAN");
      this.#entries.set(id, entry);
      this.#use(entry);
      if (this.#closed) this.#end(entry, "SERVER_CLOSING");
      return { ...grant, session: id };
    } catch (error) {
      this.#refused(entry, error);
      throw error;
    }
  }

  /** To be told what begins and ends. */
  get observer(): ActivityObserver {
    return {
      publishStarted: ({ info }) => this.#began(info.grant),
      publishEnded: ({ info }, reason) => this.#left(info.grant, sessionFigures(info), reason),
      playStarted: (_, { info }) => this.#began(info.grant),
      playEnded: (_, { info }, reason) => this.#left(info.grant, sessionFigures(info), reason),
    };
  }

  /** Ends all. May be called twice. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const entry of [...this.#entries.values()]) this.#end(entry, "SERVER_CLOSING");
    this.#byKey.clear();
    this.#unbegun.clear();
  }

  #keyOf(request: AccessRequest): string | undefined {
    const { action, address, session, stream, token = "", transport, userAgent = "" } = request;
    if (session === undefined) return undefined;
    return createHmac("sha256", this.#secret)
      .update(JSON.stringify([action, stream, session, token, address, transport, userAgent]))
      .digest("base64");
  }

  #isForgotten({ refusedUntilUs }: Entry): boolean {
    return refusedUntilUs !== undefined && refusedUntilUs <= this.#clock.nowUs();
  }

  #use(entry: Entry): void {
    entry.usedUs = this.#clock.nowUs();
    if (entry.present > 0) return;
    this.#unbegun.delete(entry);
    this.#unbegun.add(entry);
    if (this.#unbegun.size > this.#limits.maxCached) {
      const [oldest] = this.#unbegun;
      if (oldest !== undefined) this.#forget(oldest);
    }
    this.#timer ??= this.#clock.after(sweepMs, () => this.#sweep());
  }

  /** Whoever asks for every segment must not make a hook say no to each. */
  #refused(entry: Entry, error: unknown): void {
    const isAnswer = error instanceof RefusedError && error.code === "HOOK_DENIED";
    if (entry.key === undefined || !isAnswer || this.#closed) {
      this.#forget(entry);
      return;
    }
    entry.refusedUntilUs = this.#clock.nowUs() + this.#limits.refusalCacheMs * 1000;
    this.#use(entry);
  }

  #began(grant: Grant | undefined): void {
    const entry = this.#entries.get(grant?.session ?? "");
    if (entry === undefined) return;
    this.#unbegun.delete(entry);
    entry.present++;
    entry.beganWallMs ??= this.#clock.wallMs();
  }

  #left(grant: Grant | undefined, figures: SessionFigures, reason: string): void {
    const entry = this.#entries.get(grant?.session ?? "");
    if (entry === undefined) return;
    entry.bytesSent += figures.bytesSent ?? 0;
    entry.bytesReceived += figures.bytesReceived ?? 0;
    if (--entry.present <= 0) this.#end(entry, reason);
  }

  #sweep(): void {
    this.#timer = undefined;
    const nowUs = this.#clock.nowUs();
    for (const entry of [...this.#unbegun]) {
      const isOld = nowUs - entry.usedUs >= this.#limits.unbegunMs * 1000;
      if (isOld || this.#isForgotten(entry)) this.#forget(entry);
    }
    if (this.#unbegun.size > 0) this.#timer = this.#clock.after(sweepMs, () => this.#sweep());
  }

  #forget(entry: Entry): void {
    if (this.#entries.get(entry.id) === entry) this.#end(entry, "NEVER_BEGAN");
    else this.#drop(entry);
  }

  #end(entry: Entry, reason: string): void {
    this.#drop(entry);
    const { beganWallMs, bytesReceived, bytesSent } = entry;
    const ms = beganWallMs === undefined ? 0 : Math.max(0, this.#clock.wallMs() - beganWallMs);
    const began = beganWallMs !== undefined;
    const ending: SessionEnding = { reason, began, seconds: ms / 1000, bytesSent, bytesReceived };
    for (const { hook, question } of entry.allowed) hook.ended(question, ending);
  }

  #drop(entry: Entry): void {
    this.#unbegun.delete(entry);
    if (this.#entries.get(entry.id) === entry) this.#entries.delete(entry.id);
    const { key } = entry;
    if (key !== undefined && this.#byKey.get(key) === entry) this.#byKey.delete(key);
  }
}
