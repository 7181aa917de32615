import { IncomingMessage } from "node:http";

/** What body parsers leave at the request. */
type Parsed = IncomingMessage & { readonly body?: unknown };

/**
 * The request as it came, or, where a body parser has read its body, one with the same bytes or the same meaning to be read
 * again. Undefined: the body was read, and nobody kept it.
 */
export function withUnreadBody(request: IncomingMessage): IncomingMessage | undefined {
  if (!request.readableDidRead || !hasBody(request)) return request;
  const bytes = bytesOf(request);
  if (bytes === undefined) return undefined;
  const again = new IncomingMessage(request.socket);
  const {
    "transfer-encoding": _chunked,
    "content-encoding": _packed,
    ...headers
  } = request.headers;
  again.headers = { ...headers, "content-length": String(bytes.byteLength) };
  again.method = request.method;
  again.url = request.url;
  again.httpVersion = request.httpVersion;
  again.httpVersionMajor = request.httpVersionMajor;
  again.httpVersionMinor = request.httpVersionMinor;
  again.rawHeaders = request.rawHeaders;
  again.complete = true;
  again.push(bytes);
  again.push(null);
  return again;
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

function bytesOf(request: Parsed): Uint8Array | undefined {
  const { body } = request;
  if (typeof body === "string") return Buffer.from(body);
  if (body instanceof Uint8Array) return body;
  if (typeof body !== "object" || body === null) return undefined;
  const type = request.headers["content-type"] ?? "";
  if (/^application\/x-www-form-urlencoded\b/i.test(type)) return Buffer.from(formOf(body));
  return /\bjson\b/i.test(type) ? Buffer.from(JSON.stringify(body)) : undefined;
}

function formOf(fields: object): string {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    for (const one of [value].flat()) form.append(name, String(one));
  }
  return form.toString();
}
