import type { IncomingMessage } from "node:http";
import { HttpRefusal } from "./problem.ts";

/** First segments of addresses that are not streams. */
const reserved: ReadonlySet<string> = new Set(
  "api assets whip whep rtc socket.io embed publish admin metrics healthz readyz".split(" "),
);
const suffix = ".flv";

/** RFC 4337 and IANA know no type of FLV; these are in use. ffmpeg and curl send none unless told. */
const flvTypes: ReadonlySet<string> = new Set([
  "video/x-flv",
  "video/flv",
  "application/octet-stream",
]);

/** What a request to publish asks for. */
export interface PostAddress {
  /** Decoded, not checked yet. */
  readonly stream: string;
  readonly query: URLSearchParams;
}

/**
 * Reads a POST or PUT of `/STREAM.flv`; undefined when it is another method or address.
 * @throws HttpRefusal `URL_INVALID` 400.
 */
export function parsePostAddress(request: IncomingMessage): PostAddress | undefined {
  if (request.method !== "POST" && request.method !== "PUT") return undefined;
  const target = request.url ?? "";
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  if (!path.startsWith("/") || !path.endsWith(suffix)) return undefined;
  if (reserved.has(path.split("/")[1] ?? "")) return undefined;
  const query = new URLSearchParams(mark < 0 ? "" : target.slice(mark + 1));
  return { stream: decodePath(path.slice(1, -suffix.length)), query };
}

/**
 * Checks what the headers say of the body. A page of another site can send a body without a type, or of few types,
 * without a preflight: a request with an `Origin` has to name the type of FLV.
 * @throws HttpRefusal `CONTENT_TYPE_UNSUPPORTED`, `ENCODING_UNSUPPORTED` 415.
 */
export function requireFlv({ headers }: IncomingMessage): void {
  const type = (headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  const missing = type === "" && headers.origin === undefined;
  if (!missing && !flvTypes.has(type)) {
    throw new HttpRefusal("CONTENT_TYPE_UNSUPPORTED", 415, "The body must be video/x-flv.", {
      "Accept-Post": "video/x-flv",
    });
  }
  if ((headers["content-encoding"] ?? "identity").toLowerCase() !== "identity") {
    throw new HttpRefusal("ENCODING_UNSUPPORTED", 415, "Bodies are not compressed here.", {
      "Accept-Encoding": "identity",
    });
  }
}

/**
 * The token of `Authorization: Bearer` (RFC 6750 section 2.1), else of `?token=`.
 * @throws HttpRefusal `TOKEN_TOO_LONG` 400.
 */
export function tokenOf(
  request: IncomingMessage,
  query: URLSearchParams,
  maxLength: number,
): string | undefined {
  const bearer = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? "")?.[1];
  const token = bearer ?? query.get("token") ?? undefined;
  if ((token ?? "").length > maxLength) {
    throw new HttpRefusal("TOKEN_TOO_LONG", 400, "The token is too long.");
  }
  return token;
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new HttpRefusal("URL_INVALID", 400, "The address is not well encoded.");
  }
}
