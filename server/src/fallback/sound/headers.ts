import type { ServerResponse } from "node:http";
import { contentTypes, type SoundFormat } from "./format.ts";

/** What the headers of a sound stream say. */
export interface SoundDescription {
  readonly format: SoundFormat;
  readonly name: string;
  /** Bits per second; undefined while unknown. */
  readonly bitrateBps: number | undefined;
  /** Bytes of audio between metadata blocks; undefined for a client that did not ask for them. */
  readonly metadataInterval: number | undefined;
}

const exposed = "icy-br, icy-metaint, icy-name, icy-pub";

/** Headers as Icecast sends them. Names of streams are ASCII. */
export function soundHeaders(description: SoundDescription): Record<string, string> {
  const { format, name, bitrateBps, metadataInterval } = description;
  const headers: Record<string, string> = {
    "Content-Type": contentTypes[format],
    "Cache-Control": "no-cache, no-store, no-transform",
    Expires: "Mon, 26 Jul 1997 05:00:00 GMT",
    Pragma: "no-cache",
    "Accept-Ranges": "none",
    // nginx would gather sound before it hands it on.
    "X-Accel-Buffering": "no",
    Connection: "close",
  };
  if (bitrateBps !== undefined) headers["icy-br"] = String(Math.round(bitrateBps / 1000));
  headers["icy-name"] = name;
  headers["icy-pub"] = "0";
  if (metadataInterval !== undefined) headers["icy-metaint"] = String(metadataInterval);
  return headers;
}

/** Lets pages of other origins, where they may read the answer, read its `icy-` headers too. */
export function exposeIcyHeaders(response: ServerResponse): void {
  const present = response.getHeader("Access-Control-Expose-Headers");
  if (typeof present !== "string") return;
  response.setHeader("Access-Control-Expose-Headers", `${present}, ${exposed}`);
}
