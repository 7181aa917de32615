import { type Fields, fieldsOf, numberOf, textOf, timeOf } from "./fields.ts";
import { spanText } from "./text.ts";
import { transportName } from "./transports.ts";

/** One thing that happened, as the list shows it. */
export interface EventEntry {
  readonly id: string;
  readonly atMs: number;
  readonly type: string;
  readonly stream: string | undefined;
  /** A sentence. */
  readonly words: string;
  readonly code: string | undefined;
  readonly status: "plain" | "warn";
}

/** Reads the data of an event of `GET /api/v1/events`; undefined for what is none. */
export function parseEvent(data: string, id: string, nowMs: number): EventEntry | undefined {
  let fields: Fields;
  try {
    fields = fieldsOf(JSON.parse(data));
  } catch {
    return undefined;
  }
  const type = textOf(fields["type"]);
  if (type === undefined) return undefined;
  return {
    ...{ id, type, stream: textOf(fields["stream"]), words: wordsOf(type, fields) },
    atMs: timeOf(fields["at"]) ?? nowMs,
    code: textOf(fields["reason"]) ?? textOf(fields["code"]),
    status: isWarning(type, fields) ? "warn" : "plain",
  };
}

function wordsOf(type: string, fields: Fields): string {
  const who = [transportName(textOf(fields["transport"]) ?? "somebody"), textOf(fields["address"])];
  const user = textOf(fields["user"]);
  const name = [...who, ...(user === undefined ? [] : [user])].filter(Boolean).join(", ");
  const seconds = numberOf(fields["seconds"]);
  const after = seconds === undefined ? "" : ` after ${spanText(seconds * 1000)}`;
  switch (type) {
    case "publish.started":
      return `Publishing begins: ${name}`;
    case "publish.ended":
      return `Publishing ends${after}: ${name}`;
    case "play.started":
      return `A viewer comes: ${name}`;
    case "play.ended":
      return `A viewer leaves${after}: ${name}`;
    case "stream.live":
      return "The stream is live";
    case "stream.waiting":
      return "The publisher is away, viewers wait";
    case "stream.ended":
      return "The stream is over";
    case "stream.buffer":
      return bufferWords(textOf(fields["buffer"]));
    case "stream.hint":
      return textOf(fields["message"]) ?? "Advice for the publisher";
    case "events.lost":
      return "Some events are not known any more";
    default:
      return type;
  }
}

function bufferWords(buffer: string | undefined): string {
  switch (buffer) {
    case "FULL":
      return "Media comes as fast as it is watched";
    case "DRY":
      return "Media comes slower than it is watched";
    case "RECOVER":
      return "Media comes as it should again";
    default:
      return "The buffer is empty";
  }
}

function isWarning(type: string, fields: Fields): boolean {
  if (type === "stream.buffer") return fields["buffer"] === "DRY";
  return type === "stream.hint" || type === "stream.waiting" || type === "events.lost";
}
