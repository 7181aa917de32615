import { createHmac, randomBytes } from "node:crypto";
import { parseStreamName, RefusedError } from "../core/index.ts";
import type { Access, AccessRequest, Clock, Grant, Log, PlayPass } from "../core/ports.ts";
import { AnswerCache } from "./answer-cache.ts";
import { defaultHookLimits, type HookLimits } from "./limits.ts";
import type { HookObserver } from "./observer.ts";
import { type AskHook, type HookAnswer, questionOf, type SessionHook } from "./question.ts";
import type { Allowed, SessionBook, SessionDecision } from "./session-book.ts";

export interface HookedAccessOptions {
  /** Asked first; whom it refuses no hook is asked about. */
  readonly access: Access;
  /** All must allow; each sees what those before it changed. */
  readonly hooks: readonly AskHook[];
  /** Asked after those, once for each session; they need `book`. */
  readonly sessionHooks?: readonly SessionHook[];
  readonly book?: SessionBook;
  readonly observer?: Required<HookObserver> | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: Partial<HookLimits>;
}

/** What was decided about watching. */
type Decision = { readonly grant: Grant } | { readonly refused: RefusedError };

const maxReasonLength = 200;
const maxUserLength = 128;

/**
 * The access seam with hooks behind it. A hook that fails, is late or answers what nobody understands refuses. What it
 * said about watching is remembered for a while, for some ways to watch ask again for every segment.
 */
export class HookedAccess implements Access {
  readonly #options: HookedAccessOptions;
  readonly #limits: HookLimits;
  readonly #cache: AnswerCache<Decision>;
  readonly #asking = new Map<string, Promise<Grant>>();
  /** Keys of the cache are digests, so that no token is kept. */
  readonly #key = randomBytes(32);
  #running = 0;

  constructor(options: HookedAccessOptions) {
    this.#options = options;
    this.#limits = { ...defaultHookLimits, ...options.limits };
    this.#cache = new AnswerCache(options.clock, this.#limits.maxCached);
  }

  /** Questions that wait for an answer, and answers that are remembered. */
  get stats(): { readonly asking: number; readonly cached: number } {
    return { asking: this.#running, cached: this.#cache.size };
  }

  /** @throws RefusedError as the access before it, `HOOK_DENIED` 403, `HOOK_UNAVAILABLE` 503. */
  async authorize(request: AccessRequest): Promise<Grant | undefined> {
    const grant = await this.#options.access.authorize(request);
    // Nobody's session: whoever counts by hooks must not count it.
    if (request.look === true) return grant;
    const hooks = this.#options.hooks.filter((hook) => hook.asks(request.action));
    const sessionHooks = (this.#options.sessionHooks ?? []).filter((hook) =>
      hook.asks(request.action),
    );
    if (hooks.length + sessionHooks.length === 0) return grant;
    const before = grant ?? { stream: request.stream };
    const allowed = await this.#askOwn(hooks, request, before);
    const { book } = this.#options;
    if (sessionHooks.length === 0 || book === undefined) return allowed;
    return book.enter(request, allowed, (id) =>
      this.#askAboutSession(sessionHooks, { ...request, id }, allowed),
    );
  }

  logIn(request: AccessRequest, shown: string | undefined): Promise<PlayPass | undefined> {
    const { access } = this.#options;
    return access.logIn?.(request, shown) ?? Promise.resolve(undefined);
  }

  #askOwn(hooks: readonly AskHook[], request: AccessRequest, before: Grant): Promise<Grant> {
    if (hooks.length === 0) return Promise.resolve(before);
    if (request.action === "play") return this.#askAboutPlay(hooks, request, before);
    return this.#bounded(() => this.#ask(hooks, request, before));
  }

  async #askAboutPlay(
    hooks: readonly AskHook[],
    request: AccessRequest,
    before: Grant,
  ): Promise<Grant> {
    const { address, stream, token = "", transport, userAgent = "" } = request;
    const key = createHmac("sha256", this.#key)
      .update(JSON.stringify([stream, token, address, transport, userAgent]))
      .digest("base64");
    const known = this.#cache.get(key);
    if (known !== undefined) {
      if ("refused" in known) throw known.refused;
      return known.grant;
    }
    const running = this.#asking.get(key);
    if (running !== undefined) return running;
    const asked = this.#bounded(() => this.#ask(hooks, request, before));
    this.#asking.set(key, asked);
    try {
      const grant = await asked;
      this.#cache.set(key, { grant }, this.#msToRemember(grant));
      return grant;
    } catch (error) {
      // What failed may work the next time.
      if (error instanceof RefusedError && error.code === "HOOK_DENIED") {
        this.#cache.set(key, { refused: error }, this.#limits.refusalCacheMs);
      }
      throw error;
    } finally {
      this.#asking.delete(key);
    }
  }

  #msToRemember({ expiresWallMs = Number.POSITIVE_INFINITY }: Grant): number {
    return Math.min(this.#limits.playCacheMs, expiresWallMs - this.#options.clock.wallMs());
  }

  /** Asks one after the other, and tells those that allowed it when another refuses. */
  #askAboutSession(
    hooks: readonly SessionHook[],
    request: AccessRequest,
    before: Grant,
  ): Promise<SessionDecision> {
    return this.#bounded(async () => {
      const allowed: Allowed[] = [];
      let grant = before;
      try {
        for (const hook of hooks) {
          const question = questionOf(request, grant);
          grant = await this.#ask([hook], request, grant);
          allowed.push({ hook, question });
        }
      } catch (error) {
        const reason = error instanceof RefusedError ? error.code : "INTERNAL_ERROR";
        const ending = { reason, began: false, seconds: 0, bytesSent: 0, bytesReceived: 0 };
        for (const { hook, question } of allowed) hook.ended(question, ending);
        throw error;
      }
      return { grant, allowed };
    });
  }

  async #bounded<T>(ask: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#limits.maxAsking) {
      throw unavailable("There are as many questions as there may be.");
    }
    this.#running++;
    try {
      return await ask();
    } finally {
      this.#running--;
    }
  }

  async #ask(hooks: readonly AskHook[], request: AccessRequest, before: Grant): Promise<Grant> {
    let grant = before;
    for (const hook of hooks) {
      const answer = await this.#answerOf(hook, request, grant);
      if (!answer.allow) {
        const reason = answer.reason?.slice(0, maxReasonLength);
        throw new RefusedError("HOOK_DENIED", 403, reason || `You may not ${request.action}.`);
      }
      grant = this.#merged(grant, answer);
    }
    return grant;
  }

  async #answerOf(hook: AskHook, request: AccessRequest, grant: Grant): Promise<HookAnswer> {
    const { clock, log, observer } = this.#options;
    const late = new AbortController();
    const startUs = clock.nowUs();
    const name = `${hook.name}.${request.action}`;
    const took = (result: "allow" | "deny" | "timeout" | "error"): { ms: number } => {
      const us = clock.nowUs() - startUs;
      observer?.onCall({ hook: name, result, seconds: us / 1_000_000 });
      return { ms: Math.round(us / 1000) };
    };
    let timer: { cancel(): void } | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = clock.after(this.#limits.askTimeoutMs, () => {
        late.abort();
        reject(new Error(`no answer within ${this.#limits.askTimeoutMs} ms`));
      });
    });
    try {
      const asked = hook.ask(questionOf(request, grant), late.signal);
      const answer = checked(await Promise.race([asked, tooLate]));
      const { allow } = answer;
      log.debug({ hook: name, allow, ...took(allow ? "allow" : "deny") }, "hook answered");
      return answer;
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      const { ms } = took(late.signal.aborted ? "timeout" : "error");
      log.warn({ code: "HOOK_UNAVAILABLE", hook: name, detail, ms }, "a hook did not answer");
      throw unavailable("Nobody can tell now whether this is allowed.");
    } finally {
      timer?.cancel();
    }
  }

  #merged(grant: Grant, answer: HookAnswer & { allow: true }): Grant {
    const { maxBitrateBps, maxViewers, stream, ttlMs, user } = answer;
    const ends = ttlMs === undefined ? undefined : this.#options.clock.wallMs() + ttlMs;
    return {
      ...grant,
      stream: stream ?? grant.stream,
      user: user?.slice(0, maxUserLength) ?? grant.user,
      expiresWallMs: least(grant.expiresWallMs, ends),
      maxViewers: least(grant.maxViewers, maxViewers),
      maxBitrateBps: least(grant.maxBitrateBps, maxBitrateBps),
    };
  }
}

/** @throws Error when it is no answer. */
function checked(answer: HookAnswer): HookAnswer {
  if (answer.allow !== true) {
    if (answer.allow === false) return answer;
    throw new Error("the answer neither allows nor refuses");
  }
  if (answer.ttlMs !== undefined && !(answer.ttlMs > 0)) throw new Error("ttlMs is no time");
  const { maxBitrateBps, maxViewers } = answer;
  if (maxBitrateBps !== undefined && !(maxBitrateBps > 0)) {
    throw new Error("maxBitrateBps is no bit rate");
  }
  if (maxViewers !== undefined && !(Number.isSafeInteger(maxViewers) && maxViewers >= 0)) {
    throw new Error("maxViewers is no number of viewers");
  }
  if (answer.stream !== undefined) parseStreamName(answer.stream);
  return answer;
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}

function unavailable(message: string): RefusedError {
  return new RefusedError("HOOK_UNAVAILABLE", 503, message);
}
