import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import { type Clock, type Log, ProtocolError, RefusedError } from "../core/index.ts";

/** Answers with JSON or text of a known length that nobody keeps. */
export function send(
  response: ServerResponse,
  status: number,
  type: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, {
    ...headers,
    "Content-Type": type,
    "Content-Length": Buffer.byteLength(body),
    "Cache-Control": "no-store",
  });
  response.end(body);
}

/** Answers with a problem document (RFC 9457). What is neither a refusal nor the client's fault is a bug: logged and hidden. */
export function sendProblem(response: ServerResponse, error: unknown, log: Log): void {
  const { code, status, message } = problemOf(error, log);
  const headers: Record<string, string> = {};
  if (status === 401) headers["WWW-Authenticate"] = 'Bearer realm="millrace"';
  if (status === 405) headers["Allow"] = message.replace(/^Allowed is |\.$/g, "");
  if (status === 408 || status === 413) headers["Connection"] = "close";
  if (status === 429 || status === 503) headers["Retry-After"] = "2";
  const title = STATUS_CODES[status] ?? "Error";
  const document = { type: "about:blank", title, status, detail: message, code };
  send(response, status, "application/problem+json", JSON.stringify(document), headers);
}

function problemOf(error: unknown, log: Log): { code: string; status: number; message: string } {
  if (error instanceof RefusedError) return error;
  if (error instanceof ProtocolError) {
    const status = error.code === "SDP_UNSUPPORTED" ? 422 : 400;
    return { code: error.code, status, message: error.message };
  }
  log.error({ err: error }, "examining a connection failed");
  return { code: "INTERNAL_ERROR", status: 500, message: "The server failed." };
}

/** Reads a body as UTF-8. Rejects with RefusedError `BODY_TOO_LARGE` 413, `BODY_TIMEOUT` 408, `REQUEST_INVALID` 400. */
export function readText(
  request: IncomingMessage,
  maxBytes: number,
  clock: Clock,
  timeoutMs: number,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (act: () => void): void => {
      timer.cancel();
      request.off("data", onData).off("end", onEnd).off("close", onClose).off("error", onClose);
      act();
    };
    const refuse = (code: string, status: number, message: string): void =>
      finish(() => reject(new RefusedError(code, status, message)));
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > maxBytes) refuse("BODY_TOO_LARGE", 413, `At most ${maxBytes} bytes are taken.`);
      else chunks.push(chunk);
    };
    const onEnd = (): void => finish(() => resolve(Buffer.concat(chunks).toString("utf8")));
    const onClose = (): void => refuse("REQUEST_INVALID", 400, "The body was cut off.");
    const timer = clock.after(timeoutMs, () =>
      refuse("BODY_TIMEOUT", 408, "The body took too long."),
    );
    request.on("data", onData).on("end", onEnd).on("close", onClose).on("error", onClose);
  });
}
