import type { IncomingMessage } from "node:http";
import type { Clock } from "../core/ports.ts";
import { HttpRefusal } from "./problem.ts";

/** Beyond the limit this much more is read and thrown away, so that the client sees our answer instead of a reset. */
const drainFactor = 4;

/** The client went away while it sent its request; there is nobody to answer. */
export class ClientGone extends Error {
  override readonly name = "ClientGone";
}

/** The body's media type in lower case without parameters; empty when there is none. */
export function contentType(request: IncomingMessage): string {
  return (request.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
}

/**
 * Reads a body as UTF-8.
 * @throws HttpRefusal `BODY_TOO_LARGE` 413, `BODY_TIMEOUT` 408, `ENCODING_UNSUPPORTED` 415; ClientGone.
 */
export function readBody(
  request: IncomingMessage,
  maxBytes: number,
  clock: Clock,
  timeoutMs: number,
): Promise<string> {
  const encoding = request.headers["content-encoding"] ?? "identity";
  if (encoding.toLowerCase() !== "identity") {
    throw new HttpRefusal("ENCODING_UNSUPPORTED", 415, "Bodies are not compressed here.", {
      "Accept-Encoding": "identity",
    });
  }
  if (Number(request.headers["content-length"] ?? 0) > maxBytes * drainFactor) {
    throw tooLarge(maxBytes);
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (act: () => void): void => {
      timer.cancel();
      request.off("data", onData).off("end", onEnd).off("close", onClose).off("error", onClose);
      act();
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size <= maxBytes) chunks.push(chunk);
      else if (size > maxBytes * drainFactor) finish(() => reject(tooLarge(maxBytes)));
    };
    const onEnd = (): void =>
      finish(() => {
        if (size > maxBytes) reject(tooLarge(maxBytes));
        else resolve(Buffer.concat(chunks).toString("utf8"));
      });
    const onClose = (): void => finish(() => reject(new ClientGone("closed during the body")));
    const timer = clock.after(timeoutMs, () =>
      finish(() =>
        reject(
          new HttpRefusal("BODY_TIMEOUT", 408, "The body took too long.", { Connection: "close" }),
        ),
      ),
    );
    request.on("data", onData).on("end", onEnd).on("close", onClose).on("error", onClose);
  });
}

function tooLarge(maxBytes: number): HttpRefusal {
  const message = `The body is larger than ${maxBytes} bytes.`;
  return new HttpRefusal("BODY_TOO_LARGE", 413, message, { Connection: "close" });
}
