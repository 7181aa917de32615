import type { SessionRequest } from "@millrace/signaling/session";
import { checkPublishAnswer, checkPublishOffer } from "./publish-rules.ts";

/** What tells publishing over HTTP (RFC 9725) from watching (draft-ietf-wish-whep); all else is the same code. */
export interface Protocol {
  /** Also the transport in logs and statistics. */
  readonly name: "whip" | "whep";
  readonly action: SessionRequest["action"];
  /** Followed by a stream's name. */
  readonly endpointPrefix: string;
  /** Followed by a session's id; begins with `endpointPrefix`. */
  readonly sessionPrefix: string;
  /** @throws ProtocolError `SDP_UNSUPPORTED` for an offer that has to be refused before anybody is asked. */
  checkOffer(offerSdp: string): void;
  /** @throws ProtocolError `SDP_UNSUPPORTED` when the answer leaves out what the client needs. */
  checkAnswer(answerSdp: string): void;
}

export const whip: Protocol = {
  name: "whip",
  action: "publish",
  endpointPrefix: "/whip/",
  sessionPrefix: "/whip/sessions/",
  checkOffer: checkPublishOffer,
  checkAnswer: checkPublishAnswer,
};

export const whep: Protocol = {
  name: "whep",
  action: "watch",
  endpointPrefix: "/whep/",
  sessionPrefix: "/whep/sessions/",
  // A player offers more than a stream may have, and the gateway answers what there is.
  checkOffer() {},
  checkAnswer() {},
};

/** One of the addresses that a protocol has. */
export interface Resource {
  readonly protocol: Protocol;
  readonly type: "endpoint" | "session";
  /** What follows the prefix, still encoded. */
  readonly rest: string;
}

/** Which resource a path names; undefined when it names none. */
export function findResource(path: string): Resource | undefined {
  for (const protocol of [whip, whep]) {
    const { endpointPrefix, sessionPrefix } = protocol;
    if (path.startsWith(sessionPrefix)) {
      return { protocol, type: "session", rest: path.slice(sessionPrefix.length) };
    }
    if (path.startsWith(endpointPrefix)) {
      return { protocol, type: "endpoint", rest: path.slice(endpointPrefix.length) };
    }
  }
  return undefined;
}
