import { type ServerResponse, STATUS_CODES } from "node:http";
import { ProtocolError, RefusedError } from "../core/errors.ts";
import type { Log } from "../core/ports.ts";

/** Media that was described correctly but cannot be had: RFC 9725 section 4.2 asks for 422. */
const unprocessable = "SDP_UNSUPPORTED";

/** A refusal that tells the client how to do better, by headers such as `Allow` or `Retry-After`. */
export class HttpRefusal extends RefusedError {
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: string,
    status: number,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(code, status, message);
    this.headers = headers;
  }
}

export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What the client is told about an error. Whatever is neither a refusal nor a protocol error is a bug: it is logged and hidden. */
export function problemOf(error: unknown, log: Log): Problem {
  if (error instanceof RefusedError) {
    const { status, code, message } = error;
    const own = error instanceof HttpRefusal ? error.headers : {};
    return { status, code, detail: message, headers: { ...usualHeaders(status, code), ...own } };
  }
  if (error instanceof ProtocolError) {
    const status = error.code === unprocessable ? 422 : 400;
    return { status, code: error.code, detail: error.message, headers: {} };
  }
  log.error({ err: error }, "http signaling failed");
  return { status: 500, code: "INTERNAL_ERROR", detail: "The server failed.", headers: {} };
}

/** RFC 9457. Without effect when the client is gone. */
export function sendProblem(response: ServerResponse, problem: Problem): void {
  if (response.headersSent || response.destroyed) return;
  const body = JSON.stringify({
    type: "about:blank",
    title: STATUS_CODES[problem.status] ?? "Error",
    status: problem.status,
    detail: problem.detail,
    code: problem.code,
  });
  response.writeHead(problem.status, {
    ...problem.headers,
    "Content-Type": "application/problem+json",
    "Content-Length": Buffer.byteLength(body),
    "Cache-Control": "no-store",
  });
  response.end(body);
}

function usualHeaders(status: number, code: string): Record<string, string> {
  if (status === 401) return { "WWW-Authenticate": 'Bearer realm="millrace"' };
  if (status === 503) return { "Retry-After": "2" };
  // Players wait for streams that have not begun.
  if (code === "STREAM_NOT_FOUND") return { "Retry-After": "2" };
  return {};
}
