import type { ServerResponse } from "node:http";
import { type Clock, type Log, RefusedError, type Timer } from "../../core/index.ts";
import type { Fmp4Outputs } from "../fmp4/fragments.ts";
import type { FallbackOutput, Visit } from "../output.ts";
import { EventHub } from "./hub.ts";
import { defaultSseLimits, type SseLimits } from "./limits.ts";
import { Seats } from "./seats.ts";
import { SseSession } from "./sse-session.ts";
import { readWish } from "./wish.ts";

export interface SseOptions {
  readonly fragments: Fmp4Outputs;
  readonly clock: Clock;
  readonly log: Log;
  /** Shared with long-polling, so that a client can change over without a gap; whoever made it closes it. Default: its own. */
  readonly hub?: EventHub;
  readonly limits?: Partial<SseLimits>;
}

/** How often sessions are looked at. Milliseconds. */
const tickMs = 1000;

/** `no-transform` keeps proxies from compressing, `X-Accel-Buffering` keeps nginx from collecting. */
const headers = {
  "Content-Type": "text/event-stream",
  "Cache-Control": "no-cache, no-transform",
  "X-Accel-Buffering": "no",
} as const;

/** Server-sent events of a stream at `.sse`, with `?media=1` also its media. WHATWG HTML section 9.2. */
export function createSseOutput(options: SseOptions): FallbackOutput {
  return new SseOutput(options);
}

class SseOutput implements FallbackOutput {
  readonly suffixes = [".sse"] as const;
  readonly transport = "sse" as const;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #hub: EventHub;
  readonly #ownsHub: boolean;
  readonly #limits: SseLimits;
  readonly #seats: Seats;
  readonly #sessions = new Set<SseSession>();
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: SseOptions) {
    const { fragments, clock } = options;
    this.#clock = clock;
    this.#log = options.log;
    this.#hub = options.hub ?? new EventHub({ fragments, clock });
    this.#ownsHub = options.hub === undefined;
    this.#limits = { ...defaultSseLimits, ...options.limits };
    this.#seats = new Seats(this.#limits);
  }

  serve(visit: Visit, response: ServerResponse): void {
    if (this.#closed) throw new RefusedError("SHUTTING_DOWN", 503, "The server is shutting down.");
    const { sound, place } = readWish(visit);
    if (visit.request.method === "HEAD") {
      response.writeHead(200, headers).end();
      return;
    }
    // Gone while access was asked for.
    if (response.destroyed) return;
    const { stream } = visit;
    const leaveSeat = this.#seats.take(stream, visit.address, response);
    const undo: (() => void)[] = [leaveSeat];
    try {
      const log = this.#hub.shareLog(stream);
      undo.push(log.release);
      const feed = sound && this.#hub.shareFeed(stream, sound);
      if (feed !== undefined) undo.push(feed.release);
      const session = new SseSession({
        response,
        log,
        feed,
        place,
        clock: this.#clock,
        limits: this.#limits,
        onMedia: () => viewer?.mediaStarted(),
        onEnd: (code) => {
          leave(code);
          this.#sessions.delete(session);
        },
        onClose: leaveSeat,
      });
      const viewer =
        feed &&
        visit.addViewer("sse", {
          onKick: (reason) => session.end(reason, this.#limits.retryMs),
          stats: () => session.stats,
        });
      // Who only follows events watches nothing.
      const stopListening = viewer === undefined ? stream.addListener() : undefined;
      const leave = (code: string): void => {
        stopListening?.();
        viewer?.close(code);
      };
      this.#begin(session, response, visit);
    } catch (error) {
      for (const step of undo) step();
      throw error;
    }
  }

  close(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer?.cancel();
    const { closeRetryMs } = this.#limits;
    for (const session of [...this.#sessions]) {
      session.end(reason, closeRetryMs * (1 + Math.random()));
    }
    if (this.#ownsHub) this.#hub.close();
  }

  #begin(session: SseSession, response: ServerResponse, visit: Visit): void {
    this.#sessions.add(session);
    this.#tick();
    session.follow();
    response.writeHead(200, headers);
    session.start();
    this.#log.debug({ stream: visit.stream.name, transport: "sse" }, "a listener came");
  }

  #tick(): void {
    this.#timer ??= this.#clock.after(tickMs, () => {
      this.#timer = undefined;
      const nowUs = this.#clock.nowUs();
      for (const session of [...this.#sessions]) session.tick(nowUs);
      if (this.#sessions.size > 0) this.#tick();
    });
  }
}
