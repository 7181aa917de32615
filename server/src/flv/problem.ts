import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import { ProtocolError, RefusedError } from "../core/errors.ts";
import type { Clock, Log } from "../core/ports.ts";

/** A refusal that tells the client how to do better, by headers such as `Accept-Post`. */
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

/** The client went away; there is nobody to answer. */
export class ClientGone extends Error {
  override readonly name = "ClientGone";
}

/** What a client is told about an error. */
export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Whatever is neither a refusal nor a protocol error is a bug: it is logged and hidden. */
export function problemOf(error: unknown, log: Log): Problem {
  if (error instanceof RefusedError) {
    const { status, code, message } = error;
    const own = error instanceof HttpRefusal ? error.headers : {};
    return { status, code, detail: message, headers: { ...usualHeaders(status), ...own } };
  }
  if (error instanceof ProtocolError) {
    const status = error.code === "FLV_TAG_TOO_LARGE" ? 413 : 422;
    return { status, code: error.code, detail: error.message, headers: {} };
  }
  log.error({ err: error }, "FLV post failed");
  return { status: 500, code: "INTERNAL_ERROR", detail: "The server failed.", headers: {} };
}

/**
 * Answers with RFC 9457 and ends the connection. The client may be in the middle of its body: what it still sends
 * is thrown away for up to `lingerMs`, for a connection closed at once is reset, and the answer lost with it.
 */
export function sendProblem(
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
  problem: Problem,
  clock: Clock,
  lingerMs: number,
): void {
  if (response.headersSent || response.destroyed) return;
  const { status, code, detail } = problem;
  const title = STATUS_CODES[status] ?? "Error";
  const body = `${JSON.stringify({ type: "about:blank", title, status, code, detail })}\n`;
  response.writeHead(status, {
    ...problem.headers,
    "Content-Type": "application/problem+json",
    "Content-Length": Buffer.byteLength(body),
    "Cache-Control": "no-store",
    Connection: "close",
  });
  if (request.complete) {
    response.end(body);
    return;
  }
  response.write(body);
  const end = (): void => {
    timer.cancel();
    response.end();
  };
  const timer = clock.after(lingerMs, end);
  request.once("end", end).once("close", end).resume();
}

function usualHeaders(status: number): Record<string, string> {
  if (status === 401) return { "WWW-Authenticate": 'Bearer realm="millrace"' };
  if (status === 503) return { "Retry-After": "2" };
  return {};
}
