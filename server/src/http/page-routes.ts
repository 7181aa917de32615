import express, { type Request, type Response, type Router } from "express";
import { RefusedError } from "../core/errors.ts";
import { parseStreamName } from "../core/stream-name.ts";
import { callerOf } from "./caller.ts";
import { setPageHeaders } from "./headers.ts";
import type { LoginDoor } from "./login-door.ts";
import { oEmbedLink } from "./oembed.ts";
import { reply } from "./reply.ts";
import type { RouteOptions } from "./routes.ts";
import { httpsOrigin, redirect } from "./to-https.ts";

/** First segments of addresses that are not streams. */
const reserved = new Set(
  "api assets whip whep rtc socket.io embed oembed publish doctor capacity admin metrics healthz readyz".split(
    " ",
  ),
);
/** Endings that belong to other outputs of a stream than its page. */
const outputEnding =
  /\.(flv|hls|sse|poll|mjpg|jpg|aac|mp3|m3u8|m4s|mp4|ts|ico|svg|png|css|js|map|json|txt|xml|html|php)$/;
const immutable = "public, max-age=31536000, immutable";

/** `/`, the watch page of every stream at its own name, the other pages, scripts and other files. */
export function pageRoutes(options: RouteOptions, door: LoginDoor): Router {
  const { site, trust, basePath } = options;
  const router = express.Router({ caseSensitive: true, strict: true });

  /** Answers with where the page is over HTTPS, and gives true, when the operator wants that. */
  const leads = (request: Request, response: Response): boolean => {
    const { https } = options;
    const origin = https && httpsOrigin(request, trust, https);
    if (origin === undefined) return false;
    redirect(response, `${origin}${trust.prefix(request)}${basePath}${request.url}`);
    return true;
  };
  const sendPage = (request: Request, response: Response, name: string, frames: string) => {
    if (leads(request, response)) return undefined;
    const page = site.page(name, trust.prefix(request) + basePath, options.publicUrls?.[0]);
    if (page === undefined) {
      throw new RefusedError(
        "PLAYER_NOT_BUILT",
        503,
        "The pages are not built: run `npm run build`.",
      );
    }
    setPageHeaders(response, frames, trust.scheme(request) === "https");
    // A cookie is for one client only.
    const isOwn = response.hasHeader("Set-Cookie");
    return reply(request, response, page, isOwn ? { cacheControl: "private, no-cache" } : {});
  };

  router.get("/", (request, response) => sendPage(request, response, "index.html", "'self'"));
  router.get("/embed/*name", async (request, response) => {
    const page = { stream: parseStreamName(nameOf(request)), embed: true };
    if (leads(request, response)) return undefined;
    if (await door.stops(request, response, page)) return undefined;
    door.greet(request, response, page);
    return sendPage(request, response, "embed.html", options.frameAncestors);
  });
  // Never in a frame of others: a page that was tricked into publishing would show its viewer's room.
  router.get("/publish", (request, response) =>
    sendPage(request, response, "publish.html", "'self'"),
  );
  router.get("/doctor", (request, response) =>
    sendPage(request, response, "doctor.html", "'self'"),
  );
  router.get("/capacity", (request, response) =>
    sendPage(request, response, "capacity.html", "'self'"),
  );
  // Anybody may have the page: what it shows comes from the API. Never in a frame: a click there ends sessions.
  router.get("/admin", (request, response) => sendPage(request, response, "admin.html", "'none'"));
  router.get("/publish/*name", (request, response) => {
    parseStreamName(nameOf(request));
    return sendPage(request, response, "publish.html", "'self'");
  });
  router.get("/*name", (request, response, next) => {
    const file = site.file(request.path);
    if (file === undefined) return next();
    const hashed = request.path.startsWith("/assets/");
    const cacheControl = hashed ? immutable : "public, max-age=60, stale-while-revalidate=86400";
    return reply(request, response, file, { cacheControl });
  });
  router.get("/*name", async (request, response, next) => {
    const name = nameOf(request);
    if (!isWatchPage(name)) return next();
    const page = { stream: parseStreamName(name), embed: false };
    if (leads(request, response)) return undefined;
    // Without a host there is no address to give.
    if (trust.host(request) !== "") {
      response.setHeader("Link", oEmbedLink(request, options, name));
    }
    if (await door.stops(request, response, page)) return undefined;
    door.greet(request, response, page);
    if (request.method === "HEAD") await tellState(request, response, name, options, door);
    return sendPage(request, response, "watch.html", "'self'");
  });
  return router;
}

/** Whether a path, without the slash before it, is the page of a stream and not another part of the server. */
export function isWatchPage(path: string): boolean {
  return !reserved.has(path.split("/")[0] ?? "") && !outputEnding.test(path);
}

/** HEAD tells whoever may watch whether the stream is live. */
async function tellState(
  request: Request,
  response: Response,
  stream: string,
  options: RouteOptions,
  door: LoginDoor,
): Promise<void> {
  const caller = callerOf(request, options.trust, options.ownHosts);
  const token = door.playToken(request, caller.token);
  const { address, userAgent } = caller;
  const asked = { stream, token, address, userAgent };
  try {
    await options.access.authorize({ action: "play", transport: "webrtc", look: true, ...asked });
  } catch (error) {
    if (error instanceof RefusedError) return;
    throw error;
  }
  const { state, codecs } = options.documents.streamSummary(stream);
  response.setHeader("Millrace-Stream-State", state);
  if (codecs.length > 0) response.setHeader("Millrace-Stream-Tracks", codecs.join(", "));
}

function nameOf(request: Request): string {
  return (request.params["name"] as unknown as string[]).join("/");
}
