import { sendOptions } from "./cors.ts";
import type { Desk, Exchange } from "./desk.ts";
import { rateLimited } from "./desk.ts";
import { parseIfMatch } from "./entity-tag.ts";
import type { HttpSession } from "./http-session.ts";
import { iceServerLinks } from "./ice-server-links.ts";
import { HttpRefusal } from "./problem.ts";
import { closeWithoutAnswer, methodNotAllowed, send } from "./reply.ts";
import { parseSdpFragment } from "./sdp-fragment.ts";

const sdp = "application/sdp";
const fragmentType = "application/trickle-ice-sdpfrag";
const endpointPrefix = "/whep/";
const sessionPrefix = "/whep/sessions/";
const endpointMethods = ["OPTIONS", "GET", "HEAD", "POST"] as const;
const sessionMethods = ["OPTIONS", "GET", "HEAD", "PATCH", "DELETE"] as const;

/** Which of WHEP's resources a path names; undefined when it names none. */
export function whepRoute(path: string): "endpoint" | "session" | undefined {
  if (path.startsWith(sessionPrefix)) return "session";
  return path.startsWith(endpointPrefix) ? "endpoint" : undefined;
}

/** `/whep/STREAM`. */
export async function answerEndpoint(desk: Desk, exchange: Exchange): Promise<void> {
  const { request, response, path } = exchange;
  switch (request.method) {
    case "OPTIONS":
      sendOptions(response, endpointMethods, { "Accept-Post": sdp });
      return;
    case "GET":
    case "HEAD":
      // Tells a client that this address is a WHEP endpoint, whether the stream is live or not.
      send(response, 200, { "Content-Type": sdp, "Accept-Post": sdp });
      return;
    case "POST":
      await join(desk, exchange, decodePath(path.slice(endpointPrefix.length)));
      return;
    default:
      methodNotAllowed(endpointMethods);
  }
}

async function join(desk: Desk, exchange: Exchange, stream: string): Promise<void> {
  const { request } = exchange;
  desk.admit(request, "join");
  desk.requireType(request, sdp, "Accept-Post");
  await answerOffer(desk, exchange, stream, (session) => ({
    Location: desk.location(request, `${sessionPrefix}${session.id}`),
    ETag: session.entityTag,
    "Accept-Patch": fragmentType,
  }));
}

/** Opens a session with the offer in the body and answers 201. `headers` say where the session is. */
export async function answerOffer(
  desk: Desk,
  exchange: Exchange,
  stream: string,
  headers: (session: HttpSession) => Readonly<Record<string, string>>,
): Promise<void> {
  const { request, response } = exchange;
  const asked = desk.sessionRequest(exchange, stream);
  const offer = await desk.offer(request);
  const { session, answerSdp, iceServers } = await desk.sessions.open(asked, offer);
  closeWithoutAnswer(response, session);
  const links = iceServerLinks(iceServers);
  send(
    response,
    201,
    {
      "Content-Type": sdp,
      ...headers(session),
      ...(links.length === 0 ? {} : { Link: links }),
    },
    answerSdp,
  );
}

/** `/whep/sessions/ID`. */
export async function answerSession(desk: Desk, exchange: Exchange): Promise<void> {
  const { request, response, path } = exchange;
  if (request.method === "OPTIONS") {
    sendOptions(response, sessionMethods, { "Accept-Patch": fragmentType });
    return;
  }
  if (!(sessionMethods as readonly (string | undefined)[]).includes(request.method)) {
    methodNotAllowed(sessionMethods);
  }
  if (request.method !== "GET" && request.method !== "HEAD") desk.admit(request, "change");
  const session = desk.sessions.get(path.slice(sessionPrefix.length));
  if (session === undefined) {
    throw new HttpRefusal("SESSION_NOT_FOUND", 404, "No such session, or it is over.");
  }
  if (request.method === "PATCH") {
    await patch(desk, exchange, session);
  } else if (request.method === "DELETE") {
    session.close("CLIENT_LEFT");
    send(response, 200, {});
  } else {
    send(response, 200, { ETag: session.entityTag, "Accept-Patch": fragmentType });
  }
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

/** @throws HttpRefusal `URL_INVALID` 400. */
function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new HttpRefusal("URL_INVALID", 400, "The address is not well encoded.");
  }
}
