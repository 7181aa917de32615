import { createHmac, type KeyObject } from "node:crypto";
import type { ServerResponse } from "node:http";
import {
  type Clock,
  RefusedError,
  type Timer,
  type Viewer,
  type ViewerFigures,
} from "../../core/index.ts";
import { HttpTraffic } from "../http-traffic.ts";
import type { Visit } from "../output.ts";
import type { Holder } from "./held-requests.ts";
import type { HlsLimits } from "./limits.ts";

/** Sessions of all streams. */
export interface SessionCount {
  sessions: number;
}

/** One viewer, who asks again and again. */
export class HlsSession implements Holder {
  readonly id: string;
  #viewer: Viewer | undefined;
  #closedCode: string | undefined;
  /** Requests that wait. */
  held = 0;
  /** Answers that are being sent. */
  sending = 0;
  requests = 0;
  readonly #traffic = new HttpTraffic();
  /** When a write of an answer is through. */
  readonly flushed: (error?: Error | null) => void = (error) => {
    if (!error) this.#traffic.note();
  };
  readonly #codecs: () => readonly string[];
  #abandoned: Timer | undefined;
  /** Time of the last request or answer, on the clock. Microseconds. */
  activeUs: number;

  constructor(id: string, nowUs: number, codecs: () => readonly string[]) {
    this.id = id;
    this.#codecs = codecs;
    this.activeUs = nowUs;
  }

  /** Why the session is over although its client still asks. */
  get closedCode(): string | undefined {
    return this.#closedCode;
  }

  get isBusy(): boolean {
    return this.held > 0 || this.sending > 0;
  }

  get stats(): ViewerFigures & { readonly requests: number } {
    const { bytesSent, bytesReceived, waitingBytes } = this.#traffic;
    const codecs = this.#codecs();
    return { bytesSent, bytesReceived, waitingBytes, codecs, requests: this.requests };
  }

  /** Counts an answer and its request. `broken` is called when the connection breaks off before it is through. */
  follow(response: ServerResponse, broken: () => void): void {
    this.#abandoned?.cancel();
    this.#traffic.follow(response);
    response.once("close", () => {
      if (!response.writableFinished) broken();
    });
  }

  /** Calls `gone` after a time, unless another request follows. */
  abandon(clock: Clock, afterMs: number, gone: () => void): void {
    this.#abandoned?.cancel();
    this.#abandoned = clock.after(afterMs, () => {
      if (!this.isBusy) gone();
    });
  }

  counted(viewer: Viewer): void {
    this.#viewer = viewer;
  }

  /** A part or a segment goes out. */
  mediaStarted(): void {
    this.#viewer?.mediaStarted();
  }

  /** The viewer is not counted any more. May be called twice. */
  close(code: string): void {
    this.#closedCode ??= code;
    this.#abandoned?.cancel();
    this.#viewer?.close(code);
    this.#viewer = undefined;
  }
}

const sessionPattern = /^[\w-]{16,64}$/;

/**
 * The session of a request: the one that its address carries, else one that stands for the client's
 * address and program, for whom a plain address was given; `key` makes that one unguessable.
 * @throws RefusedError `HLS_REQUEST_INVALID` 400.
 */
export function sessionIdOf({ query, address, request }: Visit, key: KeyObject): string {
  const carried = query.get("session");
  if (carried !== null) {
    if (sessionPattern.test(carried)) return carried;
    throw new RefusedError("HLS_REQUEST_INVALID", 400, "That is no session.");
  }
  const client = `${address}\n${request.headers["user-agent"] ?? ""}`;
  return createHmac("sha256", key).update(client).digest("base64url").slice(0, 22);
}

/** The sessions of one stream. */
export class HlsSessions {
  readonly #clock: Clock;
  readonly #limits: HlsLimits;
  readonly #count: SessionCount;
  readonly #idleUs: number;
  readonly #sessions = new Map<string, HlsSession>();
  readonly #kicked: (session: HlsSession) => void;
  readonly #codecs: () => readonly string[];

  constructor(options: {
    readonly clock: Clock;
    readonly limits: HlsLimits;
    readonly count: SessionCount;
    readonly targetS: number;
    /** Of what everybody is sent now. */
    codecs(): readonly string[];
    /** A session was ended by somebody else. */
    kicked(session: HlsSession): void;
  }) {
    const { clock, limits, count, targetS } = options;
    this.#clock = clock;
    this.#limits = limits;
    this.#count = count;
    this.#idleUs =
      Math.max(limits.sessionIdleMs, limits.sessionIdleTargets * targetS * 1000) * 1000;
    this.#kicked = options.kicked;
    this.#codecs = options.codecs;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /**
   * The session `id` of a playlist request, counted from its first one on.
   * @throws RefusedError `SESSION_CLOSED` 403 after a kick, `SESSIONS_FULL` 503, what `addViewer` throws
   */
  enter(id: string, visit: Visit): HlsSession {
    const present = this.find(id);
    if (present !== undefined) return present;
    if (this.#count.sessions >= this.#limits.maxSessions) {
      throw new RefusedError("SESSIONS_FULL", 503, "There are as many sessions as there may be.");
    }
    const session = new HlsSession(id, this.#clock.nowUs(), this.#codecs);
    const viewer = visit.addViewer("ll-hls", {
      stats: () => session.stats,
      onKick: (reason) => {
        session.close(reason);
        this.#kicked(session);
      },
    });
    session.counted(viewer);
    this.#sessions.set(id, session);
    this.#count.sessions++;
    session.requests++;
    return session;
  }

  /**
   * The session of another request, which does not begin one.
   * @throws RefusedError `SESSION_CLOSED` 403 after a kick
   */
  find(id: string): HlsSession | undefined {
    const session = this.#sessions.get(id);
    if (session === undefined) return undefined;
    session.activeUs = this.#clock.nowUs();
    session.requests++;
    if (session.closedCode === undefined) return session;
    throw new RefusedError("SESSION_CLOSED", 403, "The session was ended.");
  }

  /** Counts an answer to a session, of which nothing was written yet. */
  follow(session: HlsSession, response: ServerResponse): void {
    session.follow(response, () => {
      if (this.#sessions.get(session.id) !== session || session.closedCode !== undefined) return;
      // That is how somebody leaves who asks again and again.
      session.abandon(this.#clock, this.#limits.abandonedMs, () => this.#forget(session, "LEFT"));
    });
  }

  /** Forgets those that ask no more. */
  sweep(): void {
    const oldestUs = this.#clock.nowUs() - this.#idleUs;
    for (const session of this.#sessions.values()) {
      if (session.isBusy) session.activeUs = this.#clock.nowUs();
      else if (session.activeUs < oldestUs) this.#forget(session, "LEFT");
    }
  }

  /** May be called twice. */
  close(code: string): void {
    for (const session of [...this.#sessions.values()]) this.#forget(session, code);
  }

  #forget(session: HlsSession, code: string): void {
    session.close(code);
    if (this.#sessions.delete(session.id)) this.#count.sessions--;
  }
}
