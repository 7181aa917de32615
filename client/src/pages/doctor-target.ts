import { isStreamName } from "../player/address.ts";

/** The stream that an address asks to test with; undefined for none, and for what is no name. */
export function doctorTarget(search: string): string | undefined {
  const typed = new URLSearchParams(search).get("stream") ?? "";
  const name = typed.trim().replace(/^\/+|\/+$/g, "");
  return isStreamName(name) ? name : undefined;
}

/** Address of the page that examines the connection, for a link. `base` ends with a slash. */
export function doctorAddress(
  base: string,
  stream: string | undefined,
  token: string | undefined,
): string {
  const url = new URL("doctor", base);
  if (stream !== undefined) url.searchParams.set("stream", stream);
  if (token !== undefined) url.searchParams.set("token", token);
  return url.href.replaceAll("%2F", "/");
}
