import { decodeUtf8 } from "../amf/utf8.ts";
import { ProtocolError } from "../error/index.ts";

/** One event as it goes out. Absent members write no line. */
export interface SseFields {
  /** Becomes the reader's last event id. Without line ends and NUL. */
  readonly id?: string;
  /** Without line ends. Readers take `message` when it is absent. */
  readonly event?: string;
  /** Any text; line ends of all three kinds reach the reader as `\n`. */
  readonly data?: string;
  /** After how long the reader comes back when the connection breaks. Whole milliseconds. */
  readonly retryMs?: number;
}

/** One event as it comes in. */
export interface SseEvent {
  /** The last id that the sender gave, with this event or before; empty while there was none. */
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/**
 * The lines of one event and the empty line that ends it. WHATWG HTML section 9.2.5.
 * @throws RangeError for an id or event name that would break the format.
 */
export function writeSseEvent(fields: SseFields): string {
  let text = "";
  if (fields.retryMs !== undefined) text += `retry: ${Math.round(fields.retryMs)}\n`;
  if (fields.id !== undefined) text += `id: ${checkedLine(fields.id)}\n`;
  if (fields.event !== undefined) text += `event: ${checkedLine(fields.event)}\n`;
  if (fields.data !== undefined) {
    for (const line of fields.data.split(/\r\n|\r|\n/)) text += `data: ${line}\n`;
  }
  return `${text}\n`;
}

/** A line that readers skip, to keep a connection alive, and the empty line after it. */
export function writeSseComment(comment = ""): string {
  return `:${comment === "" ? "" : ` ${checkedLine(comment)}`}\n\n`;
}

/** An event with its id, name and data lines may be this long. Bytes. */
export const defaultMaxSseEventBytes: number = 16 * 1024 * 1024;

const LF = 0x0a;
const CR = 0x0d;

/** Reads an event stream that comes in pieces of any size. WHATWG HTML section 9.2.6. */
export class SseReader {
  readonly #maxEventBytes: number;
  /** The beginning of a line whose end has not come. */
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #eventBytes = 0;
  #afterCr = false;
  #firstLine = true;
  #data: string[] = [];
  #event = "";
  #id = "";
  #lastEventId = "";
  #retryMs: number | undefined;

  constructor(maxEventBytes: number = defaultMaxSseEventBytes) {
    this.#maxEventBytes = maxEventBytes;
  }

  /** What to send as `Last-Event-ID` after a break; empty while there is none. */
  get lastEventId(): string {
    return this.#lastEventId;
  }

  /** What the sender asked for last, milliseconds; undefined while it did not. */
  get retryMs(): number | undefined {
    return this.#retryMs;
  }

  /**
   * Takes the next bytes, keeps them until their line ends, and returns the events that they complete.
   * @throws ProtocolError `SSE_EVENT_TOO_LARGE`; the reader is of no use after it.
   */
  receive(bytes: Uint8Array): readonly SseEvent[] {
    const events: SseEvent[] = [];
    let from = 0;
    let nextLf = bytes.indexOf(LF);
    let nextCr = bytes.indexOf(CR);
    while (nextLf >= 0 || nextCr >= 0) {
      const isCr = nextLf < 0 || (nextCr >= 0 && nextCr < nextLf);
      const at = isCr ? nextCr : nextLf;
      const endsCrLf = !isCr && this.#afterCr && at === from;
      this.#afterCr = isCr;
      if (!endsCrLf) this.#endLine(bytes.subarray(from, at), events);
      from = at + 1;
      if (isCr) nextCr = bytes.indexOf(CR, from);
      else nextLf = bytes.indexOf(LF, from);
    }
    if (from < bytes.length) {
      this.#afterCr = false;
      this.#pending.push(bytes.subarray(from));
      this.#pendingBytes += bytes.length - from;
      this.#checkSize(this.#pendingBytes);
    }
    return events;
  }

  #endLine(rest: Uint8Array, events: SseEvent[]): void {
    const size = this.#pendingBytes + rest.length;
    this.#checkSize(size);
    this.#eventBytes += size;
    let line = this.#join(rest, size);
    if (this.#firstLine) line = line.replace(/^\ufeff/, "");
    this.#firstLine = false;
    if (line !== "") this.#takeField(line);
    else this.#dispatch(events);
  }

  #join(rest: Uint8Array, size: number): string {
    if (this.#pendingBytes === 0) return decodeText(rest);
    const line = new Uint8Array(size);
    let at = 0;
    for (const piece of this.#pending) {
      line.set(piece, at);
      at += piece.length;
    }
    line.set(rest, at);
    this.#pending = [];
    this.#pendingBytes = 0;
    return decodeText(line);
  }

  #takeField(line: string): void {
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (name === "data") this.#data.push(value);
    else if (name === "event") this.#event = value;
    else if (name === "id" && !value.includes("\0")) this.#id = value;
    else if (name === "retry" && /^\d{1,12}$/.test(value)) this.#retryMs = Number(value);
  }

  #dispatch(events: SseEvent[]): void {
    this.#lastEventId = this.#id;
    if (this.#data.length > 0) {
      const data = this.#data.join("\n");
      events.push({ id: this.#id, event: this.#event || "message", data });
    }
    this.#data = [];
    this.#event = "";
    this.#eventBytes = 0;
  }

  #checkSize(lineBytes: number): void {
    if (this.#eventBytes + lineBytes <= this.#maxEventBytes) return;
    this.#pending = [];
    throw new ProtocolError("SSE_EVENT_TOO_LARGE", "An event is longer than it may be.");
  }
}

function checkedLine(text: string): string {
  if (/[\r\n\0]/.test(text)) throw new RangeError("A field of an event cannot contain a line end.");
  return text;
}

/** Strings of this many characters are made in one call. */
const piece = 8192;

/** UTF-8 to text; long base64 lines are ASCII and need no care for each character. */
function decodeText(bytes: Uint8Array): string {
  for (let at = 0; at < bytes.length; at++) {
    if ((bytes[at] ?? 0) >= 0x80) return decodeUtf8(bytes);
  }
  let text = "";
  for (let at = 0; at < bytes.length; at += piece) {
    text += Reflect.apply(String.fromCharCode, undefined, bytes.subarray(at, at + piece));
  }
  return text;
}
