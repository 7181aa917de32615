import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import { Body, reply } from "./reply.ts";

/** What went wrong, for a client: a stable code, the HTTP status and a sentence. */
export interface Problem {
  readonly code: string;
  readonly status: number;
  readonly message: string;
}

/** Answers with a problem document (RFC 9457) that carries the stable code. Nothing when the head is out already. */
export async function replyProblem(
  request: IncomingMessage,
  response: ServerResponse,
  problem: Problem,
): Promise<void> {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { code, status, message } = problem;
  if (status === 401) response.setHeader("WWW-Authenticate", 'Bearer realm="millrace"');
  if (status === 503) response.setHeader("Retry-After", "2");
  const document = {
    type: "about:blank",
    title: STATUS_CODES[status] ?? "",
    status,
    code,
    detail: message,
  };
  const body = new Body("application/problem+json", `${JSON.stringify(document)}\n`);
  await reply(request, response, body, { status, cacheControl: "no-store" });
}

/** The problem that an error stands for: refusals as they are, addresses that cannot be decoded as 400, bugs as 500. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Error) {
    const { code, status } = error as { code?: unknown; status?: unknown };
    if (typeof status === "number" && status >= 400 && status < 500 && typeof code !== "string") {
      return { code: "REQUEST_INVALID", status, message: "The request cannot be understood." };
    }
    if (typeof code === "string" && typeof status === "number" && status >= 400 && status < 600) {
      return { code, status, message: error.message };
    }
  }
  return { code: "INTERNAL_ERROR", status: 500, message: "Something went wrong in the server." };
}

export const notFound: Problem = {
  code: "NOT_FOUND",
  status: 404,
  message: "There is nothing at this address.",
};
