import { randomBytes } from "node:crypto";
import { sendOptions } from "./cors.ts";
import { checkedOffer, type Desk, type Exchange } from "./desk.ts";
import { answerOffer } from "./endpoint.ts";
import { HttpRefusal, problemOf } from "./problem.ts";
import { type Protocol, whep, whip } from "./protocol.ts";
import { closeWithoutAnswer, methodNotAllowed, send } from "./reply.ts";
import { ClientGone } from "./request-body.ts";
import { endSession } from "./session-resource.ts";

const jsonMethods = ["OPTIONS", "POST"] as const;
const whipMethods = ["OPTIONS", "POST", "DELETE"] as const;
/** SRS's API says how it went in the body; the HTTP status is always 200. */
const srsFailed = 400;

/** Which server answered: SRS's clients log it, nobody compares it. */
const identity = {
  server: `vid-${randomBytes(4).toString("hex")}`,
  service: randomBytes(4).toString("hex"),
  pid: "1",
};

/** One of the resources of SRS's API. */
export interface SrsResource {
  readonly protocol: Protocol;
  /** `json`: the offer comes and the answer goes in JSON; `sdp`: as in WHIP and WHEP. */
  readonly type: "json" | "sdp";
}

/** Which resource of SRS's API a path names; with or without the final slash. */
export function findSrsResource(path: string, query: URLSearchParams): SrsResource | undefined {
  switch (path.replace(/\/$/, "")) {
    case "/rtc/v1/publish":
      return { protocol: whip, type: "json" };
    case "/rtc/v1/play":
      return { protocol: whep, type: "json" };
    case "/rtc/v1/whip":
      return { protocol: query.get("action") === "play" ? whep : whip, type: "sdp" };
    case "/rtc/v1/whep":
    case "/rtc/v1/whip-play":
      return { protocol: whep, type: "sdp" };
    default:
      return undefined;
  }
}

/** `POST /rtc/v1/publish/` and `/rtc/v1/play/`, JSON both ways. */
export async function answerSrsJson(
  desk: Desk,
  exchange: Exchange,
  protocol: Protocol,
): Promise<void> {
  const { request, response, query } = exchange;
  if (request.method === "OPTIONS") {
    sendOptions(response, jsonMethods, {});
    return;
  }
  if (request.method !== "POST") methodNotAllowed(jsonMethods);
  let reply: object;
  try {
    desk.admit(request, "join");
    const { sdp, stream, more } = parseRequest(
      // JSON writes each line end of the offer in twice its length.
      await desk.body(request, desk.limits.maxSdpBytes * 2),
      desk.limits.maxSdpBytes,
    );
    const token = more.get("token") ?? secretOf(query) ?? secretOf(more);
    const asked = desk.sessionRequest(exchange, { protocol, stream, token, more });
    const { session, answerSdp } = await desk.sessions.open(protocol, asked, sdp);
    closeWithoutAnswer(response, session);
    reply = { code: 0, ...identity, sdp: answerSdp, sessionid: session.id };
  } catch (error) {
    if (error instanceof ClientGone) throw error;
    const { code, detail } = problemOf(error, desk.log);
    reply = { code: srsFailed, ...identity, data: { code, message: detail } };
  }
  send(response, 200, { "Content-Type": "application/json" }, JSON.stringify(reply));
}

/** `/rtc/v1/whip/?app=live&stream=cam` and `/rtc/v1/whep/…`: as WHIP and WHEP, the stream being named in the query. */
export async function answerSrsSdp(
  desk: Desk,
  exchange: Exchange,
  protocol: Protocol,
): Promise<void> {
  const { request, response, query } = exchange;
  switch (request.method) {
    case "OPTIONS":
      sendOptions(response, whipMethods, { "Accept-Post": "application/sdp" });
      return;
    case "POST": {
      const app = query.get("app") ?? "";
      const name = query.get("stream") ?? "";
      const stream = app === "" ? name : `${app}/${name}`;
      await answerOffer(desk, exchange, () => ({ protocol, stream, token: secretOf(query) }));
      return;
    }
    case "DELETE":
      // How SRS's own addresses of sessions look.
      endSession(desk, exchange, protocol, query.get("session") ?? query.get("token") ?? "");
      return;
    default:
      methodNotAllowed(whipMethods);
  }
}

/** SRS's documents call the token of a publisher so. */
function secretOf(query: URLSearchParams): string | undefined {
  return query.get("secret") ?? undefined;
}

interface JsonRequest {
  readonly sdp: string;
  readonly stream: string;
  /** The query of `streamurl`. */
  readonly more: URLSearchParams;
}

/** @throws HttpRefusal `REQUEST_INVALID`, `BODY_TOO_LARGE`, `SDP_INVALID`. */
function parseRequest(body: string, maxSdpLength: number): JsonRequest {
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
    return { sdp: checkedOffer(sdp), stream, more: searchParams };
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
  return new HttpRefusal("REQUEST_INVALID", 400, `The request is malformed: ${why}.`);
}
