import type { ServerResponse } from "node:http";
import {
  type Clock,
  RefusedError,
  randomId,
  type Stream,
  type Timer,
  type Viewer,
  type ViewerFigures,
} from "../../core/index.ts";
import type { Fmp4Sound } from "../fmp4/fragments.ts";
import { HttpTraffic } from "../http-traffic.ts";
import type { Visit } from "../output.ts";
import type { EventHub, Share } from "./hub.ts";
import type { PollLimits } from "./limits.ts";
import type { PartFeed } from "./part-feed.ts";
import { Seats } from "./seats.ts";

/** A request of a session that waits for an answer. */
export interface SessionRequest {
  /** Answers with a last word. */
  dismiss(reason: string): void;
}

/** Figures of one viewer who polls. */
export interface PollStats extends ViewerFigures {
  readonly requests: number;
  readonly partsSent: number;
  /** Parts that it was not given because it was too slow or away. */
  readonly partsDropped: number;
}

/** A viewer over many requests. */
export class PollSession {
  /** Unguessable; who shows it is this viewer. */
  readonly id: string;
  readonly stream: Stream;
  readonly sound: Fmp4Sound;
  readonly #feed: Share<PartFeed>;
  readonly #requests = new Set<SessionRequest>();
  #viewer: Viewer | undefined;
  #leaveSeat: (() => void) | undefined;
  /** Why the viewer was sent away; undefined while it is welcome. */
  dismissed: string | undefined;
  lastUs = 0;
  /** Set while its connection broke off and it has not asked again. */
  #abandoned: Timer | undefined;
  readonly #traffic = new HttpTraffic();
  /** When a write of an answer is through. */
  readonly flushed: (error?: Error | null) => void = (error) => {
    if (!error) this.#traffic.note();
  };
  #parts = 0;
  #missed = 0;

  constructor(id: string, stream: Stream, sound: Fmp4Sound, feed: Share<PartFeed>) {
    this.id = id;
    this.stream = stream;
    this.sound = sound;
    this.#feed = feed;
  }

  get feed(): PartFeed {
    return this.#feed.of;
  }

  get isWaiting(): boolean {
    return this.#requests.size > 0;
  }

  get stats(): PollStats {
    const { bytesSent, bytesReceived, waitingBytes, requests } = this.#traffic;
    return {
      ...{ bytesSent, bytesReceived, waitingBytes, codecs: this.feed.codecs, requests },
      partsSent: this.#parts,
      partsDropped: this.#missed,
    };
  }

  /** Counts an answer and its request. */
  follow(response: ServerResponse): void {
    this.#traffic.follow(response);
    this.#abandoned?.cancel();
    this.#abandoned = undefined;
  }

  /** The connection broke off during a request; `gone` is called unless another request follows. */
  abandon(clock: Clock, afterMs: number, gone: (session: PollSession) => void): void {
    this.#abandoned?.cancel();
    this.#abandoned = clock.after(afterMs, () => {
      if (!this.isWaiting) gone(this);
    });
  }

  seated(viewer: Viewer, leaveSeat: () => void): void {
    this.#viewer = viewer;
    this.#leaveSeat = leaveSeat;
  }

  waits(request: SessionRequest): void {
    this.#requests.add(request);
  }

  /** A request is answered or gone. */
  left(request: SessionRequest, nowUs: number): void {
    this.#requests.delete(request);
    if (this.dismissed === undefined) this.lastUs = nowUs;
  }

  /** Of an answer that goes out. */
  count(parts: number, missed: number): void {
    if (this.#parts === 0 && parts > 0) this.#viewer?.mediaStarted();
    this.#parts += parts;
    this.#missed += missed;
  }

  /** Sends the viewer away; it is remembered for as long as an idle one, so that its next request hears of it. */
  dismiss(reason: string): void {
    if (this.dismissed !== undefined) return;
    this.dismissed = reason;
    for (const request of [...this.#requests]) request.dismiss(reason);
    this.#viewer?.close(reason);
  }

  /** `reason` is a stable code. May be called twice. */
  close(reason: string): void {
    this.#abandoned?.cancel();
    this.#viewer?.close(reason);
    this.#leaveSeat?.();
    this.#feed.release();
  }
}

export interface PollSessionsOptions {
  readonly hub: EventHub;
  readonly clock: Clock;
  readonly limits: PollLimits;
}

/** How often sessions are looked at. Milliseconds. */
const tickMs = 500;

/** The viewers who poll for media. */
export class PollSessions {
  readonly #options: PollSessionsOptions;
  readonly #sessions = new Map<string, PollSession>();
  readonly #seats: Seats;
  #timer: Timer | undefined;

  constructor(options: PollSessionsOptions) {
    this.#options = options;
    const { maxPerAddress, maxPerStream, maxSessions } = options.limits;
    this.#seats = new Seats({ maxPerAddress, maxPerStream, maxInAll: maxSessions });
  }

  get size(): number {
    return this.#sessions.size;
  }

  /**
   * The session that a visitor shows, or a new one when it is unknown, over, or of something else.
   * @throws RefusedError of `Seats`, of the fragments, of `Visit.addViewer`; `SESSION_INVALID` 400.
   */
  enter(visit: Visit, sound: Fmp4Sound, response: ServerResponse): PollSession {
    const id = visit.query.get("session") ?? "";
    if (id.length > 64) throw new RefusedError("SESSION_INVALID", 400, "That is no session.");
    const present = this.#sessions.get(id);
    if (
      present?.stream === visit.stream &&
      present.sound === sound &&
      present.feed.endedCode === undefined
    ) {
      return present;
    }
    const leaveSeat = this.#seats.take(visit.stream, visit.address, response);
    const undo = [leaveSeat];
    try {
      const feed = this.#options.hub.shareFeed(visit.stream, sound);
      undo.push(feed.release);
      const session = new PollSession(this.#newId(visit), visit.stream, sound, feed);
      const viewer = visit.addViewer("long-poll", {
        onKick: (reason) => session.dismiss(reason),
        stats: () => session.stats,
      });
      session.seated(viewer, leaveSeat);
      session.lastUs = this.#options.clock.nowUs();
      this.#sessions.set(session.id, session);
      this.#tick();
      return session;
    } catch (error) {
      for (const step of undo) step();
      throw error;
    }
  }

  /** The connection of a session's request broke off: that is how somebody who polls leaves. */
  abandoned(session: PollSession): void {
    const { clock, limits } = this.#options;
    if (this.#sessions.get(session.id) !== session || session.dismissed !== undefined) return;
    session.abandon(clock, limits.abandonedMs, () => this.#end(session, "LEFT"));
  }

  /** Ends all; `reason` is a stable code. May be called twice. */
  close(reason: string): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const session of [...this.#sessions.values()]) this.#end(session, reason);
  }

  /** As access was asked for, unless the client made it up. */
  #newId(visit: Visit): string {
    return visit.query.get("session") === null ? (visit.session ?? randomId()) : randomId();
  }

  #end(session: PollSession, reason: string): void {
    if (this.#sessions.get(session.id) !== session) return;
    this.#sessions.delete(session.id);
    session.close(reason);
  }

  #tick(): void {
    this.#timer ??= this.#options.clock.after(tickMs, () => {
      this.#timer = undefined;
      this.#expire();
      if (this.#sessions.size > 0) this.#tick();
    });
  }

  #expire(): void {
    const idleUs = this.#options.limits.sessionIdleMs * 1000;
    const nowUs = this.#options.clock.nowUs();
    for (const session of [...this.#sessions.values()]) {
      const idle = !session.isWaiting && nowUs - session.lastUs >= idleUs;
      const { endedCode } = session.feed;
      if (idle || endedCode !== undefined) this.#end(session, endedCode ?? "LEFT");
    }
  }
}
