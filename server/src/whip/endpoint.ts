import { sendOptions } from "./cors.ts";
import type { Asked, Desk, Exchange } from "./desk.ts";
import { iceServerLinks } from "./ice-server-links.ts";
import { HttpRefusal } from "./problem.ts";
import type { Protocol } from "./protocol.ts";
import { closeWithoutAnswer, methodNotAllowed, send } from "./reply.ts";
import { fragmentType } from "./session-resource.ts";

const sdp = "application/sdp";
const methods = ["OPTIONS", "GET", "HEAD", "POST"] as const;

/** `/whip/STREAM` and `/whep/STREAM`. */
export async function answerEndpoint(
  desk: Desk,
  exchange: Exchange,
  protocol: Protocol,
  name: string,
): Promise<void> {
  const { request, response } = exchange;
  switch (request.method) {
    case "OPTIONS":
      sendOptions(response, methods, { "Accept-Post": sdp });
      return;
    case "GET":
    case "HEAD":
      // Tells a client that this address is an endpoint, whether the stream is live or not.
      send(response, 200, { "Content-Type": sdp, "Accept-Post": sdp });
      return;
    case "POST":
      await answerOffer(desk, exchange, () => ({ protocol, stream: decodePath(name) }));
      return;
    default:
      methodNotAllowed(methods);
  }
}

/**
 * Opens a session with the offer in the body and answers 201 (RFC 9725 section 4.2). `asked` is called once the
 * request is admitted. The address of the session is a path without a query, which OBS would lose.
 */
export async function answerOffer(
  desk: Desk,
  exchange: Exchange,
  asked: () => Asked,
): Promise<void> {
  const { request, response } = exchange;
  desk.admit(request, "join");
  desk.requireType(request, sdp, "Accept-Post");
  const wanted = asked();
  const sessionRequest = desk.sessionRequest(exchange, wanted);
  const offer = await desk.offer(request);
  const { protocol } = wanted;
  const opened = await desk.sessions.open(protocol, sessionRequest, offer);
  const { session, answerSdp, iceServers } = opened;
  closeWithoutAnswer(response, session);
  const links = iceServerLinks(iceServers);
  send(
    response,
    201,
    {
      "Content-Type": sdp,
      Location: desk.location(request, `${protocol.sessionPrefix}${session.id}`),
      ETag: session.entityTag,
      "Accept-Patch": fragmentType,
      ...(links.length === 0 ? {} : { Link: links }),
    },
    answerSdp,
  );
}

/** @throws HttpRefusal `URL_INVALID` 400. */
function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new HttpRefusal("URL_INVALID", 400, "The address is not well encoded.");
  }
}
