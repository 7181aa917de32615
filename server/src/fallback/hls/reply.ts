import type { IncomingMessage, ServerResponse } from "node:http";
import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";
import type { HlsSession } from "./sessions.ts";

const compress = promisify(gzip);
/** RFC 8216bis section 4. */
const playlistType = "application/vnd.apple.mpegurl";
/** Shorter texts fit one packet as they are. Bytes. */
const minGzipBytes = 1200;

/** Sends a playlist, compressed where the client takes that. */
export async function replyPlaylist(
  request: IncomingMessage,
  response: ServerResponse,
  text: string,
  options: { readonly cacheControl: string },
): Promise<void> {
  const plain = Buffer.from(text);
  const isLong = plain.byteLength >= minGzipBytes;
  if (isLong) response.appendHeader("Vary", "Accept-Encoding");
  const zipped = isLong && takesGzip(request);
  const body = zipped ? await compress(plain, { level: constants.Z_BEST_SPEED }) : plain;
  if (response.destroyed) return;
  if (zipped) response.setHeader("Content-Encoding", "gzip");
  response.writeHead(200, {
    "Content-Type": playlistType,
    "Content-Length": body.byteLength,
    "Cache-Control": options.cacheControl,
  });
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  response.end(body);
}

/** Sends media: the pieces one after the other, shared with everybody else who is sent them. */
export function replyMedia(
  request: IncomingMessage,
  response: ServerResponse,
  pieces: readonly Uint8Array[],
  options: {
    readonly type: string;
    readonly cacheControl: string;
    readonly session: HlsSession | undefined;
    /** A client that takes nothing for so long is cut off. Milliseconds. */
    readonly stallMs: number;
  },
): void {
  let size = 0;
  for (const piece of pieces) size += piece.byteLength;
  response.writeHead(200, {
    "Content-Type": options.type,
    "Content-Length": size,
    "Cache-Control": options.cacheControl,
  });
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  const { session } = options;
  if (session !== undefined) countSending(session, response);
  response.setTimeout(options.stallMs, () => response.destroy());
  for (const piece of pieces) response.write(piece, session?.flushed);
  response.end();
}

function countSending(session: HlsSession, response: ServerResponse): void {
  session.sending++;
  response.once("close", () => {
    session.sending--;
  });
}

/** RFC 9110 section 12.5.3. */
function takesGzip(request: IncomingMessage): boolean {
  const header = request.headers["accept-encoding"];
  if (typeof header !== "string") return false;
  return header.split(",").some((part) => {
    const [coding = "", ...parameters] = part.split(";").map((text) => text.trim().toLowerCase());
    const isRefused = parameters.some((parameter) => /^q=0(\.0{1,3})?$/.test(parameter));
    return coding === "gzip" && !isRefused;
  });
}
