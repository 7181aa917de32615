import { randomBytes } from "node:crypto";
import { sendOptions } from "./cors.ts";
import { checkedOffer, type Desk, type Exchange } from "./desk.ts";
import { HttpRefusal, problemOf } from "./problem.ts";
import { closeWithoutAnswer, methodNotAllowed, send } from "./reply.ts";
import { ClientGone } from "./request-body.ts";
import { answerOffer } from "./whep.ts";

const playMethods = ["OPTIONS", "POST"] as const;
const whepMethods = ["OPTIONS", "POST", "DELETE"] as const;
/** SRS's API says how it went in the body; the HTTP status is always 200. */
const srsFailed = 400;

/** Which server answered: SRS's clients log it, nobody compares it. */
const identity = {
  server: `vid-${randomBytes(4).toString("hex")}`,
  service: randomBytes(4).toString("hex"),
  pid: "1",
};

/** Which resource of SRS's API a path names; with or without the final slash. */
export function srsRoute(
  path: string,
  query: URLSearchParams,
): "srs-play" | "srs-whep" | undefined {
  switch (path.replace(/\/$/, "")) {
    case "/rtc/v1/play":
      return "srs-play";
    case "/rtc/v1/whep":
    case "/rtc/v1/whip-play":
      return "srs-whep";
    case "/rtc/v1/whip":
      return query.get("action") === "play" ? "srs-whep" : undefined;
    default:
      return undefined;
  }
}

/** `POST /rtc/v1/play/`, JSON both ways. */
export async function answerPlay(desk: Desk, exchange: Exchange): Promise<void> {
  const { request, response } = exchange;
  if (request.method === "OPTIONS") {
    sendOptions(response, playMethods, {});
    return;
  }
  if (request.method !== "POST") methodNotAllowed(playMethods);
  let reply: object;
  try {
    desk.admit(request, "join");
    const { sdp, stream, token } = parsePlay(
      // JSON writes each line end of the offer in twice its length.
      await desk.body(request, desk.limits.maxSdpBytes * 2),
      desk.limits.maxSdpBytes,
    );
    const asked = desk.sessionRequest(exchange, stream, token);
    const { session, answerSdp } = await desk.sessions.open(asked, sdp);
    closeWithoutAnswer(response, session);
    reply = { code: 0, ...identity, sdp: answerSdp, sessionid: session.id };
  } catch (error) {
    if (error instanceof ClientGone) throw error;
    const { code, detail } = problemOf(error, desk.log);
    reply = { code: srsFailed, ...identity, data: { code, message: detail } };
  }
  send(response, 200, { "Content-Type": "application/json" }, JSON.stringify(reply));
}

/** `/rtc/v1/whep/?app=live&stream=cam`: as WHEP, but the session's address is in its own style. */
export async function answerSrsWhep(desk: Desk, exchange: Exchange): Promise<void> {
  const { request, response, query } = exchange;
  switch (request.method) {
    case "OPTIONS":
      sendOptions(response, whepMethods, { "Accept-Post": "application/sdp" });
      return;
    case "POST": {
      desk.admit(request, "join");
      const app = query.get("app") ?? "";
      const stream = query.get("stream") ?? "";
      await answerOffer(desk, exchange, app === "" ? stream : `${app}/${stream}`, ({ id }) => {
        const own = new URLSearchParams({ action: "delete", token: id, app, stream, session: id });
        return { Location: desk.location(request, `/rtc/v1/whep/?${own}`) };
      });
      return;
    }
    case "DELETE": {
      desk.admit(request, "change");
      const session = desk.sessions.get(query.get("token") ?? "");
      if (session === undefined) {
        throw new HttpRefusal("SESSION_NOT_FOUND", 404, "No such session, or it is over.");
      }
      session.close("CLIENT_LEFT");
      send(response, 200, {});
      return;
    }
    default:
      methodNotAllowed(whepMethods);
  }
}

interface PlayRequest {
  readonly sdp: string;
  readonly stream: string;
  readonly token: string | undefined;
}

/** @throws HttpRefusal `PLAY_REQUEST_INVALID`, `BODY_TOO_LARGE`, `SDP_INVALID`. */
function parsePlay(body: string, maxSdpLength: number): PlayRequest {
  const { sdp, streamurl } = parseJson(body);
  if (typeof sdp !== "string" || typeof streamurl !== "string") {
    throw invalid("sdp and streamurl must be strings");
  }
  if (sdp.length > maxSdpLength) {
    throw new HttpRefusal("BODY_TOO_LARGE", 413, `The sdp is longer than ${maxSdpLength}.`);
  }
  if (!URL.canParse(streamurl)) throw invalid("streamurl is no URL");
  const { pathname, searchParams } = new URL(streamurl);
  try {
    const stream = decodeURIComponent(pathname.replace(/^\//, ""));
    return { sdp: checkedOffer(sdp), stream, token: searchParams.get("token") ?? undefined };
  } catch (error) {
    if (error instanceof URIError) throw invalid("streamurl is not well encoded");
    throw error;
  }
}

function parseJson(body: string): Record<"sdp" | "streamurl", unknown> {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === "object" && value !== null) {
      return { sdp: undefined, streamurl: undefined, ...value };
    }
  } catch {
    // Told below, as any other body that is no JSON object.
  }
  throw invalid("the body is no JSON object");
}

function invalid(why: string): HttpRefusal {
  return new HttpRefusal("PLAY_REQUEST_INVALID", 400, `The request is malformed: ${why}.`);
}
