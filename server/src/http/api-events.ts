import type { IncomingMessage, ServerResponse } from "node:http";
import { writeSseComment, writeSseEvent } from "@millrace/media/text";
import type { ApiListener } from "./api-operation.ts";

/** What one listener to events costs at most. */
export const eventStreamLimits = {
  /** A line goes out so often while nothing happens, so that proxies do not cut the connection. */
  heartbeatMs: 15_000,
  /** A listener for whom more bytes wait is cut off; it comes back and is told what it missed. */
  maxWaitingBytes: 1_048_576,
  /** After how long a browser comes back. */
  retryMs: 2_000,
} as const;

/** Timers of Node.js take no more. */
const maxTimerMs = 2 ** 31 - 1;

/**
 * Answers with server-sent events (WHATWG HTML section 9.2) until the listener goes, is too slow, or its right ends.
 * @throws RefusedError what `listen` throws, before anything is sent.
 */
export function sendEvents(
  request: IncomingMessage,
  response: ServerResponse,
  listen: (listener: ApiListener) => () => void,
  expiresWallMs: number | undefined,
): void {
  const headers = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store, no-transform",
    "X-Accel-Buffering": "no",
  };
  // The listener went while it was asked whether it may listen: nothing would tell of its end again.
  if (response.closed) return;
  if (request.method === "HEAD") {
    response.writeHead(200, headers).end();
    return;
  }
  let begun = "";
  const write = (text: string): void => {
    if (!response.headersSent) {
      // What is told before it is known that somebody may listen.
      begun += text;
      return;
    }
    if (response.writableLength > eventStreamLimits.maxWaitingBytes) response.destroy();
    else response.write(text);
  };
  const stop = listen({
    tell: (id, data) => write(writeSseEvent(data === "" ? { id } : { id, data })),
    end: () => response.end(),
  });
  response.writeHead(200, headers);
  response.write(writeSseEvent({ retryMs: eventStreamLimits.retryMs }) + begun);
  const heartbeat = setInterval(() => write(writeSseComment()), eventStreamLimits.heartbeatMs);
  const leftMs = expiresWallMs === undefined ? maxTimerMs : expiresWallMs - Date.now();
  const expiry = setTimeout(() => response.end(), Math.min(maxTimerMs, Math.max(0, leftMs)));
  response.once("close", () => {
    stop();
    clearInterval(heartbeat);
    clearTimeout(expiry);
  });
}
