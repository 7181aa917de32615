import { RefusedError } from "../core/errors.ts";
import type { PlayPass } from "../core/ports.ts";
import { parseStreamName } from "../core/stream-name.ts";
import type { AdminAccess, AdminCaller, AdminRight } from "./admin-door.ts";
import type { ApiAnswer, ApiAsked, ApiListener, ApiOperation } from "./api-operation.ts";

/** Lets administer with `admin-token`, with the pass for it, and, unless told otherwise, from this machine. */
export class FakeAdmin implements AdminAccess {
  readonly seen: AdminCaller[] = [];
  readonly #open: boolean;
  /** What holders of `admin-token` get. */
  right: AdminRight = {};

  constructor(open = true) {
    this.#open = open;
  }

  async authorize(caller: AdminCaller): Promise<AdminRight> {
    this.seen.push(caller);
    const { token, pass, addressProven } = caller;
    if (token === "admin-token" || pass === "admin-pass") return this.right;
    if (token === "expired-token") throw new RefusedError("TOKEN_EXPIRED", 401, "Too old.");
    if (this.#open && addressProven) return {};
    if (this.#open) throw new RefusedError("FORBIDDEN", 403, "Not from there.");
    throw new RefusedError("UNAUTHORIZED", 401, "A token is needed.");
  }

  async signIn({ token }: AdminCaller): Promise<PlayPass> {
    if (token === "admin-token") return { pass: "admin-pass", maxAgeSeconds: 3600 };
    throw new RefusedError("UNAUTHORIZED", 401, "A token is needed.");
  }
}

/** Who listens to the events of `fakeOperations`. */
export const fakeListeners: Set<ApiListener> = new Set();

const told = (document: object): ApiAnswer => ({ type: "document", document });

function fake(
  method: "GET" | "DELETE",
  path: string,
  access: ApiOperation["access"],
  answer: (asked: ApiAsked) => ApiAnswer,
): ApiOperation {
  return { method, path, access, answer };
}

/** Made-up documents at the addresses of the real ones. */
export const fakeOperations: readonly ApiOperation[] = [
  fake("GET", "/v1/server", "admin", () => told({ name: "millrace" })),
  fake("GET", "/v1/streams", "admin", () => told({ streams: [], padding: "x".repeat(600) })),
  fake("GET", "/v1/streams/{name}", "viewer", ({ params, admin }) => {
    const name = parseStreamName(params["name"] ?? "");
    if (name === "live/cam") return told({ name, full: admin });
    throw new RefusedError("STREAM_NOT_FOUND", 404, "There is none.");
  }),
  fake("DELETE", "/v1/streams/{name}/publisher", "admin", ({ params }) => ({
    type: "done",
    ended: params["name"] ?? "",
  })),
  fake("GET", "/v1/viewers", "admin", ({ query }) => told({ viewers: [], query })),
  fake("DELETE", "/v1/sessions/{id}", "admin", ({ params }) => {
    if (params["id"] === "known-session") return { type: "done", ended: "known-session" };
    throw new RefusedError("SESSION_NOT_FOUND", 404, "There is none.");
  }),
  fake("GET", "/v1/events", "admin", ({ lastEventId }) => ({
    type: "events",
    listen: (listener) => {
      fakeListeners.add(listener);
      listener.tell("1", JSON.stringify({ after: lastEventId ?? null }));
      return () => void fakeListeners.delete(listener);
    },
  })),
  fake("GET", "/v1/openapi.json", "anybody", ({ base }) => told({ base })),
];
