import express, { type Request, type Response, type Router } from "express";
import type { AccessRequest } from "../core/ports.ts";
import { parseStreamName } from "../core/stream-name.ts";
import type { AdminDoor, AdminRight } from "./admin-door.ts";
import { sendEvents } from "./api-events.ts";
import { type ApiAsked, type ApiOperation, patternOf, routeOf } from "./api-operation.ts";
import { callerOf } from "./caller.ts";
import { replyOptions, setCors } from "./headers.ts";
import type { LoginDoor } from "./login-door.ts";
import { notFound, replyProblem } from "./problem.ts";
import { replyJson } from "./reply.ts";
import type { RouteOptions } from "./routes.ts";

/** What administrators are told stays with them, and is asked for again each time. */
const privately = "private, no-cache";

/** Who asks, once it is known that they may. */
interface Asker extends AdminRight {
  readonly admin: boolean;
}

/** `/api/v1`: the operations as they are listed, each for its audience. */
export function apiRoutes(options: RouteOptions, door: LoginDoor, adminDoor: AdminDoor): Router {
  const { operations, trust, basePath, origins } = options;
  const router = express.Router({ caseSensitive: true });

  for (const operation of operations) {
    const serve = async (request: Request, response: Response): Promise<void> => {
      const asker = await admitted(operation, request, response);
      const answer = operation.answer(askedOf(request, trust.prefix(request) + basePath, asker));
      if (answer.type === "events") {
        sendEvents(request, response, answer.listen, asker.expiresWallMs);
        return;
      }
      if (answer.ended !== undefined) {
        const address = trust.clientAddress(request);
        options.log.info({ session: answer.ended, address }, "session ended by an administrator");
      }
      if (answer.type === "done") response.writeHead(204, { "Cache-Control": "no-store" }).end();
      else {
        const { cacheControl = privately } = answer;
        await replyJson(request, response, answer.document, { cacheControl });
      }
    };
    const method = operation.method.toLowerCase() as "get" | "delete" | "post";
    router[method](routeOf(operation), serve);
  }
  const patterns = operations.map(({ method, ...rest }) => ({
    method,
    pattern: patternOf({ method, ...rest }),
  }));
  router.use((request, response) => {
    const methods = patterns
      .filter(({ pattern }) => pattern.test(request.path))
      .flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : [method]));
    if (methods.length === 0) return replyProblem(request, response, notFound);
    const allowed = [...new Set(methods), "OPTIONS"];
    if (request.method === "OPTIONS") return replyOptions(request, response, origins, allowed);
    response.setHeader("Allow", allowed.join(", "));
    const message = `This address takes ${allowed.join(", ")} only.`;
    return replyProblem(request, response, { code: "METHOD_NOT_ALLOWED", status: 405, message });
  });
  return router;

  async function admitted(
    { access }: ApiOperation,
    request: Request,
    response: Response,
  ): Promise<Asker> {
    const caller = callerOf(request, trust, options.ownHosts);
    if (access === "anybody") {
      setCors(request, response, origins);
      return { admin: false };
    }
    // Without a token, the place of the caller or its cookie is its right: pages of other origins must not borrow it.
    if (caller.token !== undefined) setCors(request, response, origins);
    if (access === "admin")
      return { admin: true, ...(await adminDoor.authorize(request, response)) };
    const { token, address, userAgent } = caller;
    const lookWith = async (shown: string | undefined): Promise<unknown> => {
      const asked: AccessRequest = {
        action: "play",
        transport: "webrtc",
        look: true,
        stream: parseStreamName(paramsOf(request)["name"] ?? ""),
        token: shown,
        address,
        userAgent,
      };
      return options.access.authorize(asked);
    };
    const admin = await adminDoor.authorizeOr(
      request,
      () => lookWith(door.playToken(request, token)),
      () => lookWith(undefined),
    );
    if (!admin && caller.token === undefined) setCors(request, response, origins);
    return { admin };
  }
}

function askedOf(request: Request, base: string, { admin }: Asker): ApiAsked {
  const { "last-event-id": lastEventId } = request.headers;
  return {
    params: paramsOf(request),
    query: queryOf(request),
    admin,
    base,
    lastEventId: typeof lastEventId === "string" ? lastEventId : undefined,
  };
}

function paramsOf({ params }: Request): Readonly<Record<string, string>> {
  // What stands for several segments is a list of them.
  const entries = Object.entries(params as Readonly<Record<string, string | readonly string[]>>);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === "string" ? value : value.join("/")]),
  );
}

/** Of what is there twice, the first counts. */
function queryOf(request: Request): Readonly<Record<string, string>> {
  const query: Record<string, string> = Object.create(null);
  for (const [name, value] of new URL(request.url, "http://localhost").searchParams) {
    query[name] ??= value;
  }
  return query;
}
