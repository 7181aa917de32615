import { ProtocolError } from "../error/index.ts";
import type { MediaRecord } from "./record.ts";

type Fields = Readonly<Record<string, unknown>>;

/**
 * A record from its JSON and the bytes that came with it, which it keeps. Undefined for a type that is not known here.
 * @throws ProtocolError `PARTS_HEADER_INVALID`.
 */
export function parseRecord(json: string, bytes: Uint8Array): MediaRecord | undefined {
  const fields = parseObject(json);
  switch (fields["type"]) {
    case "init":
      return {
        type: "init",
        id: count(fields, "id"),
        mime: text(fields, "mime"),
        width: count(fields, "width"),
        height: count(fields, "height"),
        bytes,
      };
    case "part":
      return {
        type: "part",
        sequence: count(fields, "sequence"),
        independent: flag(fields, "independent"),
        discontinuous: flag(fields, "discontinuous"),
        init: count(fields, "init"),
        startUs: number(fields, "startUs"),
        durationUs: count(fields, "durationUs"),
        wallMs: typeof fields["wallMs"] === "number" ? fields["wallMs"] : undefined,
        bytes,
      };
    case "event":
      return {
        type: "event",
        id: text(fields, "id"),
        event: text(fields, "event"),
        data: fields["data"],
      };
    case "gap":
      return { type: "gap", missed: count(fields, "missed") };
    case "end":
      return { type: "end", next: text(fields, "next"), session: text(fields, "session") };
    default:
      text(fields, "type");
      return undefined;
  }
}

function parseObject(json: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw invalid("is not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid("is no object");
  }
  return value as Fields;
}

function number(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw invalid(`has no ${name}`);
}

function count(fields: Fields, name: string): number {
  const value = number(fields, name);
  if (value >= 0) return value;
  throw invalid(`has a negative ${name}`);
}

function text(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value === "string") return value;
  throw invalid(`has no ${name}`);
}

function flag(fields: Fields, name: string): boolean {
  const value = fields[name];
  if (typeof value === "boolean") return value;
  throw invalid(`has no ${name}`);
}

function invalid(what: string): ProtocolError {
  return new ProtocolError("PARTS_HEADER_INVALID", `The header of a record ${what}.`);
}
