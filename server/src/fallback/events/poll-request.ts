import type { ServerResponse } from "node:http";
import type { Clock, Timer } from "../../core/index.ts";
import type { EventLog, LogListener } from "./event-log.ts";
import type { Share } from "./hub.ts";
import type { PollLimits } from "./limits.ts";
import type { FeedListener } from "./part-feed.ts";
import { type Place, writePlace } from "./place.ts";
import { type Answer, answerMedia, type EventAnswers, farewell } from "./poll-answer.ts";
import type { PollSession, SessionRequest } from "./poll-sessions.ts";
import type { Turnstile, Waiting } from "./turnstile.ts";

export interface PollRequestOptions {
  readonly response: ServerResponse;
  readonly log: Share<EventLog>;
  /** Of those who poll for media. */
  readonly session: PollSession | undefined;
  readonly place: Place | undefined;
  readonly holdMs: number;
  readonly answers: EventAnswers;
  readonly turnstile: Turnstile;
  readonly clock: Clock;
  readonly limits: PollLimits;
  /** @throws RefusedError when no more requests can be held. */
  takeSeat(): () => void;
  /** The connection broke off before the answer was through. */
  onBroken(session: PollSession): void;
  /** It is answered or gone. */
  onEnd(request: PollRequest): void;
}

/** How long an answer without a body may take to go out after the hold. Milliseconds. */
const emptyAnswerMs = 1000;

/** One request: answered as soon as something is newer than what its client has, at the latest at the end of its hold. */
export class PollRequest implements LogListener, FeedListener, SessionRequest, Waiting {
  readonly #options: PollRequestOptions;
  #hold: Timer | undefined;
  #deadline: Timer | undefined;
  #leaveSeat: (() => void) | undefined;
  #due = false;
  #done = false;

  constructor(options: PollRequestOptions) {
    this.#options = options;
  }

  /** Answers or begins to hold. Call once. @throws RefusedError of `takeSeat`; nothing is left then. */
  start(): void {
    const { response, log, session, holdMs, clock } = this.#options;
    session?.follow(response);
    response.once("close", () => this.#closed());
    if (session?.dismissed !== undefined) {
      this.dismiss(session.dismissed);
      return;
    }
    session?.waits(this);
    if (this.#answerNewer()) return;
    if (holdMs === 0) {
      this.#answerNothing();
      return;
    }
    try {
      this.#leaveSeat = this.#options.takeSeat();
    } catch (error) {
      this.#leave();
      throw error;
    }
    log.of.listen(this);
    session?.feed.listen(this);
    this.#hold = clock.after(holdMs, () => this.#answerNothing());
  }

  logged(): void {
    this.#comeTo();
  }

  parted(): void {
    this.#comeTo();
  }

  go(): void {
    this.#due = false;
    this.#answerNewer();
  }

  feedEnded(code: string): void {
    this.dismiss(code);
  }

  /** Answers with a last word; `closing`: and ends the connection. May be called twice. */
  dismiss(reason: string, closing = false): void {
    if (this.#done) return;
    if (closing) this.#options.response.setHeader("Connection", "close");
    this.#send(farewell(this.#options.log.of, this.#options.session, reason));
  }

  #comeTo(): void {
    if (this.#due || this.#done) return;
    this.#due = true;
    this.#options.turnstile.enter(this);
  }

  #answerNewer(): boolean {
    if (this.#done) return true;
    const { log, session, place, answers, limits } = this.#options;
    const answer =
      session === undefined
        ? answers.after(log.of, place)
        : answerMedia(log.of, session, place, limits.maxAnswerBytes);
    if (answer === undefined) return false;
    this.#send(answer);
    return true;
  }

  #send(answer: Answer): void {
    const { response, session, clock, limits } = this.#options;
    this.#leave();
    session?.count(answer.parts, answer.missed);
    this.#setHeaders(answer.next);
    response.writeHead(200, { "Content-Type": answer.type, "Content-Length": answer.bytes });
    response.cork();
    for (const piece of answer.pieces) response.write(piece, session?.flushed);
    response.uncork();
    response.end();
    this.#deadline = clock.after(limits.answerMs, () => response.destroy());
  }

  #answerNothing(): void {
    if (this.#done) return;
    const { response, log, place, session, clock } = this.#options;
    this.#leave();
    const media = session === undefined ? undefined : place?.media;
    this.#setHeaders(writePlace(log.of.epoch, log.of.head, media?.feed, media?.part));
    response.writeHead(204).end();
    this.#deadline = clock.after(emptyAnswerMs, () => response.destroy());
  }

  #setHeaders(next: string): void {
    const { response, session } = this.#options;
    response.setHeader("Cache-Control", pollCacheControl);
    response.setHeader("Millrace-Next", next);
    if (session !== undefined) response.setHeader("Millrace-Session", session.id);
    response.appendHeader("Access-Control-Expose-Headers", "Millrace-Next, Millrace-Session");
  }

  #closed(): void {
    const { response, session, onBroken } = this.#options;
    this.#leave();
    this.#deadline?.cancel();
    if (session !== undefined && !response.writableFinished) onBroken(session);
  }

  #leave(): void {
    if (this.#done) return;
    this.#done = true;
    this.#hold?.cancel();
    this.#leaveSeat?.();
    const { log, session, clock } = this.#options;
    log.of.unlisten(this);
    log.release();
    session?.feed.unlisten(this);
    session?.left(this, clock.nowUs());
    this.#options.onEnd(this);
  }
}

/** Every answer is of one moment and one client. */
export const pollCacheControl = "no-cache, no-store";
