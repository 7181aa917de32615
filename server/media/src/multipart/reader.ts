import { decodeUtf8, encodeUtf8 } from "../amf/utf8.ts";
import { ProtocolError } from "../error/index.ts";
import { checkBoundary } from "./writer.ts";

/** One part. */
export interface Part {
  /** By name in lower case; of several with one name the last. */
  readonly headers: ReadonlyMap<string, string>;
  /** A copy that the caller owns. */
  readonly body: Uint8Array;
}

export interface MultipartLimits {
  /** Header lines of one part. Bytes. */
  readonly maxHeadBytes: number;
  /** Body of one part. Bytes. */
  readonly maxBodyBytes: number;
}

export const defaultMultipartLimits: MultipartLimits = {
  maxHeadBytes: 8 * 1024,
  maxBodyBytes: 16 * 1024 * 1024,
};

const emptyLine = Uint8Array.of(13, 10, 13, 10);
const initialBytes = 64 * 1024;

/**
 * Cuts a multipart body (RFC 2046 section 5.1, `multipart/x-mixed-replace` included) that arrives in
 * pieces of any size into parts. A body ends by its `Content-Length`, or without one at the next
 * delimiter. A preamble is passed over; nothing is read after the closing delimiter.
 */
export class MultipartReader {
  readonly #delimiter: Uint8Array;
  readonly #limits: MultipartLimits;
  // A line break in front, as if the stream began on a new line: every delimiter then looks the same.
  #buffer: Uint8Array = new Uint8Array(initialBytes);
  #start = 0;
  #end = 2;
  /** Where the search for the delimiter goes on, from `#start`. */
  #searched = 0;
  #state: "preamble" | "delimiter" | "head" | "body" | "closed" = "preamble";
  #headers: ReadonlyMap<string, string> = new Map();
  #length: number | undefined;

  /** @throws RangeError when the text cannot be a boundary. */
  constructor(boundary: string, limits: Partial<MultipartLimits> = {}) {
    this.#delimiter = encodeUtf8(`\r\n--${checkBoundary(boundary)}`);
    this.#limits = { ...defaultMultipartLimits, ...limits };
    this.#buffer.set([13, 10]);
  }

  /** The closing delimiter was read. */
  get closed(): boolean {
    return this.#state === "closed";
  }

  /**
   * Takes the next bytes, which it copies, and returns the parts that they complete.
   * @throws ProtocolError MULTIPART_HEAD_TOO_LARGE, MULTIPART_BODY_TOO_LARGE, MULTIPART_INVALID.
   */
  receive(bytes: Uint8Array): Part[] {
    if (this.closed) return [];
    this.#append(bytes);
    const parts: Part[] = [];
    while (this.#step(parts));
    return parts;
  }

  /** Takes one step; false when that needs more bytes. */
  #step(parts: Part[]): boolean {
    switch (this.#state) {
      case "preamble":
        return this.#skipPreamble();
      case "delimiter":
        return this.#endDelimiter();
      case "head":
        return this.#readHead();
      case "body":
        return this.#readBody(parts);
      case "closed":
        return false;
    }
  }

  #skipPreamble(): boolean {
    const at = this.#find(this.#delimiter);
    // What cannot be part of a delimiter is given up, so that a preamble needs no room.
    this.#consume(at < 0 ? this.#searched : at + this.#delimiter.length);
    if (at >= 0) this.#state = "delimiter";
    return at >= 0;
  }

  /** Behind the boundary: two hyphens at the very end, otherwise spaces and the line break. */
  #endDelimiter(): boolean {
    const pending = this.#pending();
    if (pending[0] === 0x2d && pending[1] === 0x2d) {
      this.#state = "closed";
      this.#buffer = new Uint8Array(0);
      return false;
    }
    const lineEnd = pending.indexOf(10);
    const line = decodeUtf8(lineEnd < 0 ? pending : pending.subarray(0, lineEnd + 1));
    if (lineEnd < 0 && (line === "-" || /^[ \t]*\r?$/.test(line))) {
      this.#checkHead(pending.length);
      return false;
    }
    if (!/^[ \t]*\r\n$/.test(line)) throw invalid("the delimiter line goes on");
    // The line break stays: an empty line right after it ends a head without lines.
    this.#consume(lineEnd - 1);
    this.#state = "head";
    return true;
  }

  #readHead(): boolean {
    const at = this.#find(emptyLine);
    this.#checkHead(at < 0 ? this.#pending().length : at);
    if (at < 0) return false;
    this.#headers = parseHead(decodeUtf8(this.#pending().subarray(2, Math.max(2, at))));
    this.#length = contentLength(this.#headers);
    this.#checkBody(this.#length ?? 0);
    this.#consume(at + emptyLine.length);
    this.#state = "body";
    return true;
  }

  #readBody(parts: Part[]): boolean {
    const pending = this.#pending();
    let size = this.#length;
    if (size === undefined) {
      const at = this.#find(this.#delimiter);
      this.#checkBody(at < 0 ? this.#searched : at);
      if (at < 0) return false;
      size = at;
    } else {
      const behind = pending.subarray(size, size + this.#delimiter.length);
      if (!startsWith(this.#delimiter, behind)) throw invalid("no delimiter after Content-Length");
      if (behind.length < this.#delimiter.length) return false;
    }
    parts.push({ headers: this.#headers, body: pending.slice(0, size) });
    this.#consume(size + this.#delimiter.length);
    this.#state = "delimiter";
    return true;
  }

  #checkHead(bytes: number): void {
    if (bytes <= this.#limits.maxHeadBytes) return;
    throw new ProtocolError("MULTIPART_HEAD_TOO_LARGE", "The headers of a part are too long.");
  }

  #checkBody(bytes: number): void {
    if (bytes <= this.#limits.maxBodyBytes) return;
    throw new ProtocolError("MULTIPART_BODY_TOO_LARGE", "The body of a part is too long.");
  }

  #pending(): Uint8Array {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  #consume(bytes: number): void {
    this.#start += bytes;
    this.#searched = 0;
  }

  /** Where `wanted` stands in what is pending, or -1; then `#searched` bytes cannot begin it. */
  #find(wanted: Uint8Array): number {
    const pending = this.#pending();
    let at = pending.indexOf(wanted[0] ?? 0, this.#searched);
    while (at >= 0 && at + wanted.length <= pending.length) {
      if (startsWith(pending.subarray(at), wanted)) return at;
      at = pending.indexOf(wanted[0] ?? 0, at + 1);
    }
    this.#searched = at < 0 ? pending.length : at;
    return -1;
  }

  #append(bytes: Uint8Array): void {
    if (this.#end + bytes.length > this.#buffer.length) {
      const pending = this.#pending();
      const needed = pending.length + bytes.length;
      const size = Math.max(this.#buffer.length, initialBytes);
      const room = needed > size ? new Uint8Array(Math.max(needed, 2 * size)) : this.#buffer;
      room.set(pending, 0);
      this.#buffer = room;
      this.#start = 0;
      this.#end = pending.length;
    }
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  for (let index = 0; index < prefix.length; index++) {
    if (bytes[index] !== prefix[index]) return false;
  }
  return true;
}

/** RFC 822 section 3.1, without folded lines. */
function parseHead(head: string): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const line of head.split("\r\n")) {
    if (line === "") continue;
    const colon = line.indexOf(":");
    if (colon <= 0) throw invalid("a header line without a name");
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return headers;
}

function contentLength(headers: ReadonlyMap<string, string>): number | undefined {
  const text = headers.get("content-length");
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw invalid("Content-Length is no number");
  return Number(text);
}

const invalid = (what: string): ProtocolError =>
  new ProtocolError("MULTIPART_INVALID", `Not a multipart body: ${what}.`);
