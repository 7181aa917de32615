import { decodeBase64 } from "../text/base64.ts";
import { parseRecord } from "./header.ts";
import type { MediaRecord } from "./record.ts";

/**
 * The data of a server-sent event `init`, `part` or `gap`: a line of JSON, then, for the first two, a line of
 * base64. Undefined for a record of a type that is not known here.
 * @throws ProtocolError `PARTS_HEADER_INVALID`, `BASE64_INVALID`.
 */
export function parseTextRecord(data: string): MediaRecord | undefined {
  const end = data.indexOf("\n");
  if (end < 0) return parseRecord(data, new Uint8Array(0));
  return parseRecord(data.slice(0, end), decodeBase64(data.slice(end + 1)));
}
