/** Where a stream is played from. */
export interface StreamAddress {
  /** Absolute URL of the Millrace server with its path prefix; ends with a slash. */
  readonly base: string;
  /** Stream name such as `live/cam`. */
  readonly stream: string;
  /** Secret shown to the server when watching; never shown on the page. */
  readonly token: string | undefined;
}

export interface AddressSource {
  /** `https://host/live/cam`, `/live/cam` or `live/cam`, with an optional `?token=`. */
  readonly src: string;
  /** The server's URL or path prefix, when the page says it. */
  readonly base?: string | undefined;
  /** URL of the running player script, which lies at the server's base. */
  readonly scriptUrl?: string | undefined;
  /** URL of the page, against which `base` is resolved. */
  readonly pageUrl: string;
  /** Wins over a token in `src`. */
  readonly token?: string | undefined;
}

/** Longest stream name in characters. */
export const maxStreamNameLength = 128;
/** Most segments of a stream name. */
export const maxStreamNameSegments = 3;

const segmentPattern = /^[A-Za-z0-9._+-]+$/;

/** Whether `name` can be a stream's name: 1 to 3 segments of letters, digits, `.`, `_`, `+` and `-`. */
export function isStreamName(name: string): boolean {
  if (name.length === 0 || name.length > maxStreamNameLength) return false;
  const segments = name.split("/");
  if (segments.length > maxStreamNameSegments) return false;
  return segments.every((part) => segmentPattern.test(part) && part !== "." && part !== "..");
}

/**
 * Finds server, stream and token. A `src` without a host is a stream of the server at `base`, or of the
 * server that the script came from. Undefined when it names no stream.
 */
export function resolveAddress(source: AddressSource): StreamAddress | undefined {
  const text = source.src.trim();
  if (text === "") return undefined;
  const absolute = /^(?:[a-z][a-z0-9+.-]*:|\/\/)/i.test(text);
  const declared = source.base ? folderUrl(source.base, source.pageUrl) : undefined;
  if (source.base && declared === undefined) return undefined;
  const ofScript = source.scriptUrl ? folderUrl(".", source.scriptUrl) : undefined;

  let url: URL;
  try {
    url = new URL(text, absolute ? source.pageUrl : "http://relative.invalid/");
  } catch {
    return undefined;
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") return undefined;

  const base = absolute
    ? baseOf(url, declared ?? ofScript)
    : (declared ?? ofScript ?? folderUrl("/", source.pageUrl));
  if (base === undefined) return undefined;

  const stream = streamBelow(base.pathname, url.pathname);
  if (stream === undefined) return undefined;
  const token = source.token || url.searchParams.get("token") || undefined;
  return { base: base.href, stream, token };
}

/** The address that a player's attributes `src`, `base` and `token` give on this page. */
export function addressOf(element: Element, scriptUrl: string): StreamAddress | undefined {
  return resolveAddress({
    src: element.getAttribute("src") ?? "",
    base: element.getAttribute("base") ?? undefined,
    scriptUrl,
    pageUrl: document.baseURI,
    token: element.getAttribute("token") ?? undefined,
  });
}

/** Whether both name the same stream of the same server, with the same token. */
export function sameAddress(a: StreamAddress | undefined, b: StreamAddress | undefined): boolean {
  return a?.base === b?.base && a?.stream === b?.stream && a?.token === b?.token;
}

/** The known base when the address lies below it, else the root of the address's own host. */
function baseOf(url: URL, known: URL | undefined): URL {
  if (
    known !== undefined &&
    known.origin === url.origin &&
    url.pathname.startsWith(known.pathname)
  ) {
    return known;
  }
  return new URL("/", url);
}

function folderUrl(path: string, against: string): URL | undefined {
  try {
    const url = new URL(path, against);
    if (url.protocol !== "http:" && url.protocol !== "https:") return undefined;
    url.search = "";
    url.hash = "";
    if (!url.pathname.endsWith("/")) url.pathname += "/";
    return url;
  } catch {
    return undefined;
  }
}

function streamBelow(prefix: string, path: string): string | undefined {
  const rest = path.startsWith(prefix) ? path.slice(prefix.length) : path.slice(1);
  let name: string;
  try {
    name = decodeURIComponent(rest).replace(/\/$/, "");
  } catch {
    return undefined;
  }
  return isStreamName(name) ? name : undefined;
}
