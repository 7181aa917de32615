import { parseStreams, type StreamEntry } from "./stream-entry.ts";

/** A stream as the server tells it, with what a test is about. */
export function streamEntry(name: string, fields: object = {}): StreamEntry {
  const { streams } = parseStreams({ streams: [{ name, state: "live", ...fields }] });
  const [entry] = streams;
  if (entry === undefined) throw new Error("not a stream");
  return entry;
}
