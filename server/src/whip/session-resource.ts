import { sendOptions } from "./cors.ts";
import { type Desk, type Exchange, rateLimited } from "./desk.ts";
import { parseIfMatch } from "./entity-tag.ts";
import type { HttpSession } from "./http-session.ts";
import { HttpRefusal } from "./problem.ts";
import type { Protocol } from "./protocol.ts";
import { methodNotAllowed, send } from "./reply.ts";
import { parseSdpFragment } from "./sdp-fragment.ts";

/** RFC 8840 section 9. */
export const fragmentType = "application/trickle-ice-sdpfrag";

const methods = ["OPTIONS", "GET", "HEAD", "PATCH", "DELETE"] as const;

/** `/whip/sessions/ID` and `/whep/sessions/ID`. */
export async function answerSession(
  desk: Desk,
  exchange: Exchange,
  protocol: Protocol,
  id: string,
): Promise<void> {
  const { request, response } = exchange;
  const { method } = request;
  if (method === "OPTIONS") {
    sendOptions(response, methods, { "Accept-Patch": fragmentType });
    return;
  }
  if (!(methods as readonly (string | undefined)[]).includes(method)) methodNotAllowed(methods);
  if (method === "DELETE") {
    endSession(desk, exchange, protocol, id);
    return;
  }
  if (method === "PATCH") desk.admit(request, "change");
  const session = findSession(desk, protocol, id);
  if (method === "PATCH") await patch(desk, exchange, session);
  else send(response, 200, { ETag: session.entityTag, "Accept-Patch": fragmentType });
}

/** DELETE, whatever If-Match says (RFC 9725 section 4.3.1). 200 and not 204, which OBS takes for a failure. */
export function endSession(
  desk: Desk,
  { request, response }: Exchange,
  protocol: Protocol,
  id: string,
): void {
  desk.admit(request, "change");
  findSession(desk, protocol, id).close("CLIENT_LEFT");
  send(response, 200, {});
}

/** @throws HttpRefusal `SESSION_NOT_FOUND` 404. */
function findSession(desk: Desk, protocol: Protocol, id: string): HttpSession {
  const session = desk.sessions.get(protocol, id);
  if (session !== undefined) return session;
  throw new HttpRefusal("SESSION_NOT_FOUND", 404, "No such session, or it is over.");
}

/** RFC 9725 section 4.3. */
async function patch(desk: Desk, exchange: Exchange, session: HttpSession): Promise<void> {
  const { request, response } = exchange;
  if (!session.mayPatch(desk.clock.nowUs())) throw rateLimited(1000);
  desk.requireType(request, fragmentType, "Accept-Patch");
  const ifMatch = parseIfMatch(request.headers["if-match"]);
  if (ifMatch === undefined) {
    throw new HttpRefusal("IF_MATCH_REQUIRED", 428, "If-Match must name the session's ETag.");
  }
  const fragment = parseSdpFragment(await desk.body(request, desk.limits.maxFragmentBytes));
  const { restart } = await session.patch(ifMatch, fragment);
  if (restart === undefined) send(response, 204, {});
  else {
    const headers = { "Content-Type": fragmentType, ETag: restart.entityTag };
    send(response, 200, headers, restart.fragment);
  }
}
