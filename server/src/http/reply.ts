import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

const compress = promisify(gzip);

/** Shorter bodies are sent as they are: gzip would make them longer. Bytes. */
const minGzipBytes = 512;
const compressible =
  /^(text\/|application\/(json|problem\+json|javascript|manifest\+json)|image\/svg)/;

/** The bytes of an answer with their type and entity tag, and once asked for also compressed. */
export class Body {
  readonly type: string;
  readonly bytes: Buffer;
  /** Weak (RFC 9110 section 8.8.1), because the compressed form has the same one. */
  readonly etag: string;
  #gzipped: Promise<Buffer> | undefined;

  constructor(type: string, content: string | Buffer) {
    this.type = type;
    this.bytes = typeof content === "string" ? Buffer.from(content) : content;
    const hash = createHash("sha256").update(this.bytes).digest("base64url").slice(0, 22);
    this.etag = `W/"${hash}"`;
  }

  get compressible(): boolean {
    return this.bytes.length >= minGzipBytes && compressible.test(this.type);
  }

  gzipped(): Promise<Buffer> {
    this.#gzipped ??= compress(this.bytes);
    return this.#gzipped;
  }
}

export interface ReplyOptions {
  readonly status?: number;
  readonly cacheControl?: string;
}

/** Sends a whole body with its exact length: 304 when the client has it, compressed when the client takes that. */
export async function reply(
  request: IncomingMessage,
  response: ServerResponse,
  body: Body,
  options: ReplyOptions = {},
): Promise<void> {
  const status = options.status ?? 200;
  response.setHeader("Cache-Control", options.cacheControl ?? "no-cache");
  if (body.compressible) response.appendHeader("Vary", "Accept-Encoding");
  if (status === 200) {
    response.setHeader("ETag", body.etag);
    if (hasTag(request.headers["if-none-match"], body.etag)) {
      response.writeHead(304).end();
      return;
    }
  }
  const zipped = body.compressible && takesGzip(request);
  const bytes = zipped ? await body.gzipped() : body.bytes;
  if (zipped) response.setHeader("Content-Encoding", "gzip");
  response.writeHead(status, { "Content-Type": body.type, "Content-Length": bytes.length });
  response.end(request.method === "HEAD" ? undefined : bytes);
}

/** Sends a JSON document. */
export function replyJson(
  request: IncomingMessage,
  response: ServerResponse,
  document: object,
  options: ReplyOptions = {},
): Promise<void> {
  const body = new Body("application/json", `${JSON.stringify(document)}\n`);
  return reply(request, response, body, options);
}

/** RFC 9110 section 13.1.2, with weak comparison. */
function hasTag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  const opaque = etag.slice(2);
  return header.split(",").some((part) => {
    const tag = part.trim();
    return tag === "*" || tag === opaque || tag === `W/${opaque}`;
  });
}

/** RFC 9110 section 12.5.3. */
function takesGzip(request: IncomingMessage): boolean {
  const header = request.headers["accept-encoding"];
  if (typeof header !== "string") return false;
  let any = false;
  for (const part of header.split(",")) {
    const [coding = "", ...parameters] = part.split(";").map((text) => text.trim().toLowerCase());
    const accepted = !parameters.some((parameter) => /^q=0(\.0{1,3})?$/.test(parameter));
    if (coding === "gzip" || coding === "x-gzip") return accepted;
    if (coding === "*") any = accepted;
  }
  return any;
}
