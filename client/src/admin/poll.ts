import type { Scheduler } from "../player/scheduler.ts";
import { ApiProblem } from "./problem.ts";

/** `lost`: the server does not answer. `refused`: it wants to know first who asks. */
export type Contact = "waiting" | "ok" | "lost" | "refused";

export interface PollOptions {
  readonly scheduler: Scheduler;
  /** Milliseconds from the beginning of one question to the next. */
  readonly everyMs: number;
  /** A question that takes longer than this counts as lost. Milliseconds. */
  readonly timeoutMs: number;
  /** Asks for everything that is shown now, and shows it. */
  ask(signal: AbortSignal): Promise<void>;
  /** Called when it changes, and with each refusal. */
  onContact(contact: Contact, problem: ApiProblem | undefined): void;
}

/** A server that takes long to answer is asked less: at most a fifth of the time. */
const restPerAnswer = 4;
const maxRestMs = 30_000;

/** Asks again and again while the page is seen, and comes back by itself when the server does. */
export class Poll {
  readonly #options: PollOptions;
  #contact: Contact = "waiting";
  #visible = false;
  #closed = false;
  #asking: AbortController | undefined;
  #cancel: (() => void) | undefined;

  /** Asks nothing before `setVisible(true)`. */
  constructor(options: PollOptions) {
    this.#options = options;
  }

  get contact(): Contact {
    return this.#contact;
  }

  setVisible(visible: boolean): void {
    if (visible === this.#visible) return;
    this.#visible = visible;
    if (visible) this.now();
    else this.#stop();
  }

  /** Something else is shown: asks at once, and forgets what it was asking. */
  now(): void {
    this.#stop();
    if (!this.#visible || this.#closed) return;
    void this.#ask();
  }

  /** May be called twice. */
  close(): void {
    this.#closed = true;
    this.#stop();
  }

  #stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#asking?.abort();
    this.#asking = undefined;
  }

  async #ask(): Promise<void> {
    const { ask, everyMs, scheduler, timeoutMs } = this.#options;
    const asking = new AbortController();
    this.#asking = asking;
    const startedMs = scheduler.nowMs();
    const stopWaiting = scheduler.after(timeoutMs, () => asking.abort("timeout"));
    let problem: ApiProblem | undefined;
    let contact: Contact = "ok";
    try {
      await ask(asking.signal);
    } catch (error) {
      problem = error instanceof ApiProblem ? error : undefined;
      contact = problem?.needsSignIn ? "refused" : "lost";
      // A bug of the page is not a server that is away.
      if (!(error instanceof ApiProblem) && !asking.signal.aborted && !isNetworkError(error)) {
        reportError(error);
      }
    }
    stopWaiting();
    // Another question has taken the place of this one.
    if (this.#asking !== asking) return;
    this.#asking = undefined;
    this.#tell(contact, problem);
    if (contact === "refused") return;
    const tookMs = scheduler.nowMs() - startedMs;
    const restMs = Math.min(maxRestMs, Math.max(everyMs - tookMs, tookMs * restPerAnswer));
    this.#cancel = scheduler.after(contact === "lost" ? everyMs : restMs, () => this.now());
  }

  #tell(contact: Contact, problem: ApiProblem | undefined): void {
    if (contact === this.#contact && contact !== "refused") return;
    this.#contact = contact;
    this.#options.onContact(contact, problem);
  }
}

/** What `fetch` rejects with when nobody answers, or the answer breaks off. */
function isNetworkError(error: unknown): boolean {
  return (
    error instanceof TypeError || error instanceof DOMException || error instanceof SyntaxError
  );
}
