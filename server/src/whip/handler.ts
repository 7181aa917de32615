import type { IncomingMessage, ServerResponse } from "node:http";
import { setCorsHeaders } from "./cors.ts";
import { Desk, type Exchange } from "./desk.ts";
import type { WhepOptions } from "./options.ts";
import { problemOf, sendProblem } from "./problem.ts";
import { ClientGone } from "./request-body.ts";
import { answerPlay, answerSrsWhep, srsRoute } from "./srs-api.ts";
import { answerEndpoint, answerSession, whepRoute } from "./whep.ts";

/** WHEP and the SRS-compatible API. */
export interface WhepHandler {
  /** Answers a request and gives true, or gives false because it is somebody else's. Needs no `this`. Never rejects. */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;
  /** Sessions that live or are being opened. */
  readonly sessions: number;
  /** Ends all sessions and refuses new ones with `SERVER_CLOSING`. May be called twice. */
  close(reason?: string): void;
}

/**
 * WHEP (draft-ietf-wish-whep-03, with RFC 9725's rules for sessions) under `/whep/STREAM` and
 * `/whep/sessions/ID`, and SRS's own API under `/rtc/v1/`.
 * @throws RangeError when `origins` or `trustProxy` are malformed.
 */
export function createWhepHandler(options: WhepOptions): WhepHandler {
  const desk = new Desk(options);
  return {
    async handle(request, response) {
      const [path = "", ...query] = (request.url ?? "").split("?");
      const exchange = { request, response, path, query: new URLSearchParams(query.join("?")) };
      const answer = route(exchange);
      if (answer === undefined) return false;
      setCorsHeaders(request, response, desk.origins);
      try {
        await answer(desk, exchange);
      } catch (error) {
        if (!(error instanceof ClientGone)) sendProblem(response, problemOf(error, desk.log));
      }
      return true;
    },
    get sessions() {
      return desk.sessions.size;
    },
    close(reason = "SERVER_CLOSING") {
      desk.sessions.close(reason);
    },
  };
}

type Answer = (desk: Desk, exchange: Exchange) => Promise<void>;

function route({ path, query }: Exchange): Answer | undefined {
  switch (whepRoute(path) ?? srsRoute(path, query)) {
    case "endpoint":
      return answerEndpoint;
    case "session":
      return answerSession;
    case "srs-play":
      return answerPlay;
    case "srs-whep":
      return answerSrsWhep;
    case undefined:
      return undefined;
  }
}
