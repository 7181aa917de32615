import type { ServerResponse } from "node:http";
import { partsMediaType } from "@millrace/media/parts";
import { type Clock, type Log, RefusedError, randomId } from "../../core/index.ts";
import type { Fmp4Outputs } from "../fmp4/fragments.ts";
import type { AskedOutput, FallbackOutput, Visit } from "../output.ts";
import { EventHub } from "./hub.ts";
import { defaultPollLimits, type PollLimits } from "./limits.ts";
import { EventAnswers } from "./poll-answer.ts";
import { PollRequest, pollCacheControl } from "./poll-request.ts";
import { PollSessions } from "./poll-sessions.ts";
import { Seats } from "./seats.ts";
import { Turnstile } from "./turnstile.ts";
import { readHoldMs, readWish } from "./wish.ts";

export interface PollOptions {
  readonly fragments: Fmp4Outputs;
  readonly clock: Clock;
  readonly log: Log;
  /** Shared with SSE, so that a client can change over without a gap; whoever made it closes it. Default: its own. */
  readonly hub?: EventHub;
  readonly limits?: Partial<PollLimits>;
}

/** Long-polling at `.poll`: events as JSON, with `?media=1` events and media as records. */
export function createPollOutput(options: PollOptions): FallbackOutput {
  return new PollOutput(options);
}

class PollOutput implements FallbackOutput {
  readonly suffixes = [".poll"] as const;
  readonly transport = "long-poll" as const;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #hub: EventHub;
  readonly #ownsHub: boolean;
  readonly #limits: PollLimits;
  readonly #seats: Seats;
  readonly #sessions: PollSessions;
  readonly #answers = new EventAnswers();
  readonly #turnstile: Turnstile;
  /** Not answered yet. */
  readonly #requests = new Set<PollRequest>();
  #closed = false;

  constructor(options: PollOptions) {
    const { fragments, clock } = options;
    this.#clock = clock;
    this.#log = options.log;
    this.#hub = options.hub ?? new EventHub({ fragments, clock });
    this.#ownsHub = options.hub === undefined;
    this.#limits = { ...defaultPollLimits, ...options.limits };
    this.#turnstile = new Turnstile(this.#limits.maxAnswersPerTurn);
    this.#seats = new Seats(this.#limits);
    this.#sessions = new PollSessions({ hub: this.#hub, clock, limits: this.#limits });
  }

  serve(visit: Visit, response: ServerResponse): void {
    if (this.#closed) throw new RefusedError("SHUTTING_DOWN", 503, "The server is shutting down.");
    const { sound, place } = readWish(visit);
    const holdMs = readHoldMs(visit.query, this.#limits.holdMs, this.#limits.maxHoldMs);
    if (visit.request.method === "HEAD") {
      const type = sound === undefined ? "application/json" : partsMediaType;
      response.writeHead(200, { "Content-Type": type, "Cache-Control": pollCacheControl }).end();
      return;
    }
    // Gone while access was asked for.
    if (response.destroyed) return;
    const log = this.#hub.shareLog(visit.stream);
    try {
      const session = sound && this.#sessions.enter(visit, sound, response);
      const request = new PollRequest({
        response,
        log,
        session,
        place,
        holdMs,
        answers: this.#answers,
        turnstile: this.#turnstile,
        clock: this.#clock,
        limits: this.#limits,
        takeSeat: () => this.#takeSeat(visit, response, session === undefined),
        onBroken: (broken) => this.#sessions.abandoned(broken),
        onEnd: (ended) => this.#requests.delete(ended),
      });
      this.#requests.add(request);
      request.start();
    } catch (error) {
      log.release();
      throw error;
    }
  }

  /** Those who are only told of events are no viewers, and alike. */
  sessionOf({ query }: AskedOutput): string {
    return query.get("session") ?? (query.get("media") === "1" ? randomId() : "");
  }

  close(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const request of [...this.#requests]) request.dismiss(reason, true);
    this.#turnstile.close();
    this.#log.debug({ transport: "long-poll", sessions: this.#sessions.size }, "polling ends");
    this.#sessions.close(reason);
    if (this.#ownsHub) this.#hub.close();
  }

  /** Who polls for events alone is a listener for as long as its request is held. */
  #takeSeat(visit: Visit, response: ServerResponse, listens: boolean): () => void {
    const leaveSeat = this.#seats.take(visit.stream, visit.address, response);
    const stopListening = listens ? visit.stream.addListener() : undefined;
    return () => {
      stopListening?.();
      leaveSeat();
    };
  }
}
