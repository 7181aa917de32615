import type { ServerResponse } from "node:http";
import type { HttpSession } from "./http-session.ts";
import { HttpRefusal } from "./problem.ts";

/** @throws HttpRefusal `METHOD_NOT_ALLOWED` 405. */
export function methodNotAllowed(methods: readonly string[]): never {
  const Allow = methods.join(", ");
  throw new HttpRefusal("METHOD_NOT_ALLOWED", 405, `Allowed are ${Allow}.`, { Allow });
}

/** Answers without a body, or with one whose length is told. */
export function send(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string | readonly string[]>>,
  body = "",
): void {
  if (response.destroyed) return;
  response.writeHead(status, {
    "Cache-Control": "no-store",
    ...headers,
    ...(status === 204 ? {} : { "Content-Length": String(Buffer.byteLength(body)) }),
  });
  response.end(body);
}

/** A client that hung up never learns its session's address: nobody could end it. */
export function closeWithoutAnswer(response: ServerResponse, session: HttpSession): void {
  if (response.destroyed) session.close("CLIENT_GONE");
  else {
    response.once("close", () => {
      if (!response.writableFinished) session.close("CLIENT_GONE");
    });
  }
}
