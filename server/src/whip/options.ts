import type { IncomingMessage } from "node:http";
import type { AllowedOrigins, Rate } from "@millrace/signaling/gate";
import type { JsepGateway } from "@millrace/signaling/session";
import type { Clock, Log } from "../core/ports.ts";
import type { TakeOverLimits } from "./take-over.ts";

/** Limits of WHIP, WHEP and SRS's API together. */
export interface WhipLimits extends TakeOverLimits {
  /** An offer, in bytes. */
  readonly maxSdpBytes: number;
  /** A trickle or restart fragment, in bytes. */
  readonly maxFragmentBytes: number;
  readonly maxTokenLength: number;
  /** Sessions that were opened over HTTP and live; more are refused with `SESSIONS_FULL`. */
  readonly maxSessions: number;
  /** How long a request's body may take. */
  readonly bodyTimeoutMs: number;
  /** New sessions of one address (IPv6: one /64). */
  readonly joins: Rate;
  /** POST, PATCH and DELETE of one address. */
  readonly requests: Rate;
  /** PATCH of one session. */
  readonly patches: Rate;
}

export interface WhipOptions {
  readonly gateway: JsepGateway;
  readonly log: Log;
  readonly clock?: Clock;
  /** Path prefix under which clients reach us, such as `/gateway`: begins every `Location`. Request addresses come without it. Default none. */
  readonly basePath?: string;
  /** Proxies whose `X-Forwarded-*` is believed: addresses, CIDR blocks, `loopback`. Default none. */
  readonly trustProxy?: readonly string[];
  /** Pages that may use us besides those of our own host. Default all. */
  readonly origins?: AllowedOrigins;
  readonly limits?: Partial<WhipLimits>;
  /** Finds the token that a request shows. Default: `Authorization: Bearer`, else `?token=`. */
  readonly tokenFrom?: (request: IncomingMessage, query: URLSearchParams) => string | undefined;
}

export const defaultWhipLimits: WhipLimits = {
  maxSdpBytes: 65_536,
  maxFragmentBytes: 16_384,
  maxTokenLength: 4096,
  maxSessions: 10_000,
  bodyTimeoutMs: 10_000,
  joins: { perSecond: 50, burst: 200 },
  requests: { perSecond: 200, burst: 600 },
  patches: { perSecond: 10, burst: 50 },
  takeOverRestMs: 60_000,
  maxTakeOverRestMs: 3_600_000,
};

/** RFC 6750 section 2.1, and the query parameter for clients that cannot set headers. */
export function bearerOrQueryToken(
  request: IncomingMessage,
  query: URLSearchParams,
): string | undefined {
  const bearer = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? "")?.[1];
  return bearer ?? query.get("token") ?? undefined;
}
