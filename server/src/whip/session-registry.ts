import type { IceServer, JsepGateway, SessionRequest } from "@millrace/signaling/session";
import type { Clock } from "../core/ports.ts";
import { HttpSession } from "./http-session.ts";
import type { WhipLimits } from "./options.ts";
import { HttpRefusal } from "./problem.ts";
import type { Protocol } from "./protocol.ts";
import { TakeOvers } from "./take-over.ts";

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
  readonly #limits: WhipLimits;
  readonly #sessions = new Map<string, HttpSession>();
  readonly #takeOvers: TakeOvers;
  #closed = false;

  constructor(gateway: JsepGateway, clock: Clock, limits: WhipLimits) {
    this.#gateway = gateway;
    this.#clock = clock;
    this.#limits = limits;
    this.#takeOvers = new TakeOvers(limits);
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Streams that somebody publishes over HTTP. */
  get publishing(): number {
    return this.#takeOvers.size;
  }

  /** The session with that id, if it is one of that protocol. */
  get(protocol: Protocol, id: string): HttpSession | undefined {
    const session = this.#sessions.get(id);
    return session?.protocol === protocol ? session : undefined;
  }

  /**
   * Opens a session with an offer. It is listed until it is closed or the gateway says bye.
   * @throws HttpRefusal `SESSIONS_FULL` 503, `SERVER_CLOSING` 503; ProtocolError `SDP_UNSUPPORTED`; what the
   *   gateway throws.
   */
  async open(protocol: Protocol, asked: SessionRequest, offerSdp: string): Promise<OpenedSession> {
    if (this.#closed) throw new HttpRefusal("SERVER_CLOSING", 503, "The server is closing.");
    if (this.#sessions.size >= this.#limits.maxSessions) {
      throw new HttpRefusal("SESSIONS_FULL", 503, "There are too many sessions.");
    }
    protocol.checkOffer(offerSdp);
    const { stream } = asked;
    const claim =
      asked.action === "publish" ? this.#takeOvers.claim(asked, this.#clock.nowUs()) : undefined;
    const request = claim === undefined ? asked : { ...asked, takeOver: claim.takeOver };
    const session = new HttpSession(protocol, this.#limits, this.#clock.nowUs(), (ended) => {
      this.#sessions.delete(ended.id);
      if (claim !== undefined) this.#takeOvers.release(stream, ended);
    });
    // Listed from the start, so that those being opened count and `close` reaches them.
    this.#sessions.set(session.id, session);
    try {
      const jsep = await this.#gateway.open(request, session);
      const answerSdp = await session.begin(jsep, offerSdp);
      if (claim !== undefined) this.#takeOvers.hold(claim, session, this.#clock.nowUs());
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
