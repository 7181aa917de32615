import type { IncomingMessage, ServerResponse } from "node:http";
import { setCorsHeaders } from "./cors.ts";
import { Desk, type Exchange } from "./desk.ts";
import { answerEndpoint } from "./endpoint.ts";
import type { WhipOptions } from "./options.ts";
import { problemOf, sendProblem } from "./problem.ts";
import { findResource } from "./protocol.ts";
import { ClientGone } from "./request-body.ts";
import { answerSession } from "./session-resource.ts";
import { answerSrsJson, answerSrsSdp, findSrsResource } from "./srs-api.ts";

/** WHIP, WHEP and the SRS-compatible API. */
export interface WhipHandler {
  /** Answers a request and gives true, or gives false because it is somebody else's. Needs no `this`. Never rejects. */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;
  /** Sessions that live or are being opened. */
  readonly sessions: number;
  /** Streams that somebody publishes over HTTP. */
  readonly publishing: number;
  /** Ends all sessions and refuses new ones with `SERVER_CLOSING`. May be called twice. */
  close(reason?: string): void;
}

/**
 * WHIP (RFC 9725) under `/whip/STREAM` and `/whip/sessions/ID`, WHEP (draft-ietf-wish-whep-03) under `/whep/…`
 * likewise, and SRS's own API under `/rtc/v1/`.
 * @throws RangeError when `origins` or `trustProxy` are malformed.
 */
export function createWhipHandler(options: WhipOptions): WhipHandler {
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
    get publishing() {
      return desk.sessions.publishing;
    },
    close(reason = "SERVER_CLOSING") {
      desk.sessions.close(reason);
    },
  };
}

type Answer = (desk: Desk, exchange: Exchange) => Promise<void>;

function route({ path, query }: Exchange): Answer | undefined {
  const own = findResource(path);
  if (own !== undefined) {
    const answer = own.type === "session" ? answerSession : answerEndpoint;
    return (desk, exchange) => answer(desk, exchange, own.protocol, own.rest);
  }
  const srs = findSrsResource(path, query);
  if (srs === undefined) return undefined;
  const answer = srs.type === "json" ? answerSrsJson : answerSrsSdp;
  return (desk, exchange) => answer(desk, exchange, srs.protocol);
}
