import { isStreamName } from "../player/address.ts";

/** Where a page is: the server's base and the stream that the page is about. */
export interface PagePlace {
  /** Absolute URL of the server; ends with a slash. */
  readonly base: string;
  /** The same as it is given away: the server's public address where it has one. Absolute; ends with a slash. */
  readonly publicBase: string;
  /** Undefined on a page about no stream, or when the address is no stream's name. */
  readonly stream: string | undefined;
  readonly token: string | undefined;
}

/**
 * Reads the place of a page from its address. `prefix` is what the server wrote into `millrace-base`: its path
 * without a slash at the end, or empty. `folder` is what stands between it and the name, such as `embed/`. `publicUrl`
 * is what it wrote into `millrace-public`.
 */
export function pagePlace(address: string, prefix: string, folder = "", publicUrl = ""): PagePlace {
  const url = new URL(address);
  const path = `${prefix.replace(/\/+$/, "")}/`;
  const base = new URL(path, url.origin).href;
  const start = path + folder;
  const name = url.pathname.startsWith(start) ? decode(url.pathname.slice(start.length)) : "";
  const token = url.searchParams.get("token") || undefined;
  const publicBase = publicUrl === "" ? base : `${publicUrl.replace(/\/+$/, "")}/`;
  return { base, publicBase, stream: isStreamName(name) ? name : undefined, token };
}

/** The place of this page. */
export function thisPlace(folder = ""): PagePlace {
  return pagePlace(location.href, told("millrace-base"), folder, told("millrace-public"));
}

/** What the server wrote into a meta element of this page. */
function told(name: string): string {
  return document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? "";
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path).replace(/\/$/, "");
  } catch {
    return "";
  }
}
