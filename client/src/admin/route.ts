import { isStreamName } from "../player/address.ts";

/** What the page shows, as the part of its address after `#`. */
export type Route =
  | { readonly view: "overview" | "streams" | "events" | "doctor" }
  | { readonly view: "stream"; readonly stream: string };

/** Whatever is not understood is the overview. */
export function parseRoute(hash: string): Route {
  const path = hash.replace(/^#?\/?/, "");
  if (path === "streams" || path === "events" || path === "doctor") return { view: path };
  const stream = path.startsWith("streams/") ? decode(path.slice("streams/".length)) : "";
  return isStreamName(stream) ? { view: "stream", stream } : { view: "overview" };
}

/** The address of a stream's view. */
export function streamHash(stream: string): string {
  return `#/streams/${stream}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}
