import type { IceServer, JsepGateway, SessionRequest } from "@millrace/signaling/session";
import type { Clock } from "../core/ports.ts";
import { HttpSession } from "./http-session.ts";
import type { WhepLimits } from "./options.ts";
import { HttpRefusal } from "./problem.ts";

/** A session that was just opened, and our answer to its offer. */
export interface OpenedSession {
  readonly session: HttpSession;
  readonly answerSdp: string;
  readonly iceServers: readonly IceServer[];
}

/** The sessions that were opened over HTTP, by the secret part of their URL. */
export class SessionRegistry {
  readonly #gateway: JsepGateway;
  readonly #clock: Clock;
  readonly #limits: WhepLimits;
  readonly #sessions = new Map<string, HttpSession>();
  #closed = false;

  constructor(gateway: JsepGateway, clock: Clock, limits: WhepLimits) {
    this.#gateway = gateway;
    this.#clock = clock;
    this.#limits = limits;
  }

  get size(): number {
    return this.#sessions.size;
  }

  get(id: string): HttpSession | undefined {
    return this.#sessions.get(id);
  }

  /**
   * Opens a session with an offer. It is listed until it is closed or the gateway says bye.
   * @throws HttpRefusal `SESSIONS_FULL` 503, `SERVER_CLOSING` 503; what the gateway throws.
   */
  async open(request: SessionRequest, offerSdp: string): Promise<OpenedSession> {
    if (this.#closed) throw new HttpRefusal("SERVER_CLOSING", 503, "The server is closing.");
    if (this.#sessions.size >= this.#limits.maxSessions) {
      throw new HttpRefusal("SESSIONS_FULL", 503, "There are too many sessions.");
    }
    const session = new HttpSession(this.#limits, this.#clock.nowUs(), (ended) =>
      this.#sessions.delete(ended.id),
    );
    // Listed from the start, so that those being opened count and `close` reaches them.
    this.#sessions.set(session.id, session);
    try {
      const jsep = await this.#gateway.open(request, session);
      const answerSdp = await session.begin(jsep, offerSdp);
      return { session, answerSdp, iceServers: jsep.iceServers };
    } catch (error) {
      session.close("OFFER_REFUSED");
      throw error;
    }
  }

  /** Ends all sessions and opens no more. May be called twice. */
  close(reason: string): void {
    this.#closed = true;
    for (const session of [...this.#sessions.values()]) session.close(reason);
  }
}
