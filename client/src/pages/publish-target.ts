import { isStreamName } from "../player/address.ts";

/** Where a stream goes when nobody says it. */
export const defaultStream = "live/cam";
const defaultApp = "live";

/**
 * The stream that a publisher's page begins with: the one in its path, else `?stream=`, else a common one. A bare
 * name belongs to the usual folder.
 */
export function initialStream(ofPath: string | undefined, search: string): string {
  const asked = ofPath ?? streamTyped(new URLSearchParams(search).get("stream") ?? "");
  return asked ?? defaultStream;
}

/** The stream that a person means by what was typed; undefined when it can be none. */
export function streamTyped(typed: string): string | undefined {
  const name = typed.trim().replace(/^\/+|\/+$/g, "");
  if (name === "") return undefined;
  const stream = name.includes("/") ? name : `${defaultApp}/${name}`;
  return isStreamName(stream) ? stream : undefined;
}

/** The page's own address for a stream, to come back to. Never with a token. */
export function publishAddress(base: string, stream: string): string {
  return `${base}publish/${stream}`;
}
