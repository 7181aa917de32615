import type { IncomingMessage, ServerResponse } from "node:http";
import { AddressRate, CookieGate, OriginPolicy, ProxyTrust } from "@millrace/signaling/gate";
import type { SessionRequest } from "@millrace/signaling/session";
import { systemClock } from "../core/clock.ts";
import type { Clock, Log } from "../core/ports.ts";
import { parseStreamName } from "../core/stream-name.ts";
import {
  bearerOrQueryToken,
  defaultWhipLimits,
  type WhipLimits,
  type WhipOptions,
} from "./options.ts";
import { HttpRefusal } from "./problem.ts";
import type { Protocol } from "./protocol.ts";
import { contentType, readBody } from "./request-body.ts";
import { SessionRegistry } from "./session-registry.ts";

const maxUserAgentLength = 256;

/** One request with its answer, and the parts of its address. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  readonly query: URLSearchParams;
}

/** What a client wants, besides what its request's address and headers say. */
export interface Asked {
  readonly protocol: Protocol;
  /** Not checked yet. */
  readonly stream: string;
  /** Counts when the request shows none in the usual places. */
  readonly token?: string | undefined;
  /** Further parameters, after those of the request's address. */
  readonly more?: URLSearchParams;
}

/** What all of HTTP signaling shares: checks in front of the gateway, and the sessions behind it. */
export class Desk {
  readonly limits: WhipLimits;
  readonly clock: Clock;
  readonly log: Log;
  readonly origins: OriginPolicy;
  readonly sessions: SessionRegistry;
  readonly #options: WhipOptions;
  readonly #trust: ProxyTrust;
  readonly #cookies: CookieGate;
  readonly #joins: AddressRate;
  readonly #requests: AddressRate;

  /** @throws RangeError when `origins` or `trustProxy` are malformed. */
  constructor(options: WhipOptions) {
    this.limits = { ...defaultWhipLimits, ...options.limits };
    this.clock = options.clock ?? systemClock;
    this.log = options.log;
    this.#options = options;
    this.#trust = new ProxyTrust(options.trustProxy);
    this.origins = new OriginPolicy(options.origins ?? "*", this.#trust);
    this.#cookies = new CookieGate(this.origins, this.#trust);
    this.sessions = new SessionRegistry(options.gateway, this.clock, this.limits);
    this.#joins = new AddressRate(this.limits.joins);
    this.#requests = new AddressRate(this.limits.requests);
  }

  /** The address of one of our resources as clients reach it: an absolute path. */
  location(request: IncomingMessage, path: string): string {
    return `${this.#trust.prefix(request)}${this.#options.basePath ?? ""}${path}`;
  }

  /** Before POST, PATCH and DELETE. @throws HttpRefusal `ORIGIN_FORBIDDEN` 403, `RATE_LIMITED` 429. */
  admit(request: IncomingMessage, kind: "join" | "change"): void {
    if (!this.origins.allows(request)) {
      throw new HttpRefusal("ORIGIN_FORBIDDEN", 403, "Pages of that origin may not do this.");
    }
    const address = this.#trust.clientAddress(request);
    const nowUs = this.clock.nowUs();
    const waitMs =
      this.#requests.take(address, nowUs) ||
      (kind === "join" ? this.#joins.take(address, nowUs) : 0);
    if (waitMs > 0) throw rateLimited(waitMs);
  }

  /** @throws HttpRefusal `CONTENT_TYPE_UNSUPPORTED` 415. */
  requireType(request: IncomingMessage, type: string, acceptHeader: string): void {
    if (contentType(request) === type) return;
    const message = `The body must be ${type}.`;
    throw new HttpRefusal("CONTENT_TYPE_UNSUPPORTED", 415, message, { [acceptHeader]: type });
  }

  body(request: IncomingMessage, maxBytes: number): Promise<string> {
    return readBody(request, maxBytes, this.clock, this.limits.bodyTimeoutMs);
  }

  /** Reads an offer. @throws HttpRefusal `SDP_INVALID` 400 when it is none. */
  async offer(request: IncomingMessage): Promise<string> {
    return checkedOffer(await this.body(request, this.limits.maxSdpBytes));
  }

  /**
   * What the gateway is asked.
   * @throws RefusedError `STREAM_NAME_INVALID` 400; HttpRefusal `TOKEN_TOO_LONG`, `REQUEST_INVALID` 400.
   */
  sessionRequest({ request, query }: Exchange, asked: Asked): SessionRequest {
    const { protocol, stream, token, more } = asked;
    const shown =
      (this.#options.tokenFrom ?? bearerOrQueryToken)(request, query) ??
      token ??
      // Browsers send cookies whoever asks them to: none ever publishes.
      (protocol.action === "watch" ? this.#cookies.pass(request) : undefined);
    if ((shown ?? "").length > this.limits.maxTokenLength) {
      throw new HttpRefusal("TOKEN_TOO_LONG", 400, "The token is too long.");
    }
    const takeOver =
      protocol.action === "publish"
        ? (wishOf(query) ?? (more === undefined ? undefined : wishOf(more)))
        : undefined;
    return {
      action: protocol.action,
      stream: parseStreamName(stream),
      token: shown,
      address: this.#trust.clientAddress(request),
      transport: protocol.name,
      userAgent: request.headers["user-agent"]?.slice(0, maxUserAgentLength),
      clientId: this.#cookies.clientId(request, query.get("client") ?? more?.get("client")),
      host: request.headers.host,
      pageUrl: request.headers.referer,
      ...(takeOver === undefined ? {} : { takeOver }),
    };
  }
}

export function rateLimited(waitMs: number): HttpRefusal {
  const retryAfter = String(Math.max(1, Math.ceil(waitMs / 1000)));
  return new HttpRefusal("RATE_LIMITED", 429, "Too many requests.", { "Retry-After": retryAfter });
}

/** @throws HttpRefusal `SDP_INVALID` 400 for what does not begin as a description does. */
export function checkedOffer(sdp: string): string {
  if (/^v=0\r?\n/.test(sdp)) return sdp;
  throw new HttpRefusal("SDP_INVALID", 400, "The body is not a session description.");
}

/** Whether `takeover=` says that the present publisher shall give way. @throws HttpRefusal `REQUEST_INVALID` 400. */
function wishOf(query: URLSearchParams): boolean | undefined {
  switch (query.get("takeover")) {
    case null:
      return undefined;
    case "1":
    case "true":
      return true;
    case "0":
    case "false":
      return false;
    default:
      throw new HttpRefusal("REQUEST_INVALID", 400, "takeover is 1 or 0.");
  }
}
