import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { type Log, ProtocolError, RefusedError } from "../../core/index.ts";

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
    return { status, code, detail: message, headers: { ...usualHeaders(status, code), ...own } };
  }
  if (error instanceof ProtocolError) {
    return { status: 400, code: error.code, detail: error.message, headers: {} };
  }
  log.error({ err: error }, "a fallback output failed");
  return { status: 500, code: "INTERNAL_ERROR", detail: "The server failed.", headers: {} };
}

/** Answers with RFC 9457. An answer that has begun already is cut, so that nobody takes it for whole. */
export function sendProblem(
  request: IncomingMessage,
  response: ServerResponse,
  problem: Problem,
): void {
  if (response.destroyed) return;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = bodyOf(problem);
  // What an output had prepared for its own answer is not true of this one.
  for (const name of ["Content-Encoding", "Transfer-Encoding", "ETag"]) response.removeHeader(name);
  response.writeHead(problem.status, headersOf(problem, body));
  response.end(request.method === "HEAD" ? undefined : body);
}

/** Answers a request to upgrade, whose socket no HTTP server looks after any more, and closes it. */
export function refuseUpgrade(socket: Duplex, problem: Problem): void {
  const body = bodyOf(problem);
  const lines = Object.entries({ ...headersOf(problem, body), Connection: "close" });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const status = `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? "Error"}\r\n`;
  socket.end(`${status}${head}\r\n${body}`, () => socket.destroy());
}

function bodyOf({ status, code, detail }: Problem): string {
  const title = STATUS_CODES[status] ?? "Error";
  return `${JSON.stringify({ type: "about:blank", title, status, code, detail })}\n`;
}

function headersOf(problem: Problem, body: string): Record<string, string | number> {
  return {
    ...problem.headers,
    "Content-Type": "application/problem+json",
    "Content-Length": Buffer.byteLength(body),
    "Cache-Control": "no-store",
  };
}

function usualHeaders(status: number, code: string): Record<string, string> {
  if (status === 401) return { "WWW-Authenticate": 'Bearer realm="millrace"' };
  // Players wait for streams that have not begun.
  if (status === 503 || code === "STREAM_NOT_FOUND") return { "Retry-After": "2" };
  return {};
}
