import type { IncomingMessage } from "node:http";
import type { Clock } from "../core/index.ts";
import { RefusedError } from "../core/index.ts";

/** Reads a body as UTF-8. Rejects with RefusedError `BODY_TOO_LARGE` 413, `BODY_TIMEOUT` 408, `REQUEST_INVALID` 400. */
export function readBody(
  request: IncomingMessage,
  clock: Clock,
  limits: { readonly maxBytes: number; readonly bodyTimeoutMs: number },
): Promise<string> {
  const { maxBytes, bodyTimeoutMs } = limits;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (): void => {
      timer.cancel();
      request.off("data", onData).off("end", onEnd).off("close", onClose).off("error", onClose);
    };
    const refuse = (code: string, status: number, message: string): void => {
      finish();
      reject(new RefusedError(code, status, message));
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > maxBytes) refuse("BODY_TOO_LARGE", 413, `At most ${maxBytes} bytes are taken.`);
      else chunks.push(chunk);
    };
    const onEnd = (): void => {
      finish();
      resolve(Buffer.concat(chunks).toString("utf8"));
    };
    const onClose = (): void => refuse("REQUEST_INVALID", 400, "The body was cut off.");
    const timer = clock.after(bodyTimeoutMs, () =>
      refuse("BODY_TIMEOUT", 408, "The body took too long."),
    );
    request.on("data", onData).on("end", onEnd).on("close", onClose).on("error", onClose);
  });
}
