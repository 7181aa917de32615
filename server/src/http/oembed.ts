import type { IncomingMessage } from "node:http";
import type { ProxyTrust } from "@millrace/signaling/gate";
import { RefusedError } from "../core/errors.ts";
import { parseStreamName } from "../core/stream-name.ts";

/** Size of the frame unless less is asked for, pixels. */
const defaultWidth = 960;
const aspect = 16 / 9;
/** Below that nobody sees anything. */
const minWidth = 160;

export interface OEmbedPlace {
  /** What stands before every path, such as `/video`, or nothing. */
  readonly prefix: string;
  /** Further addresses of ours; the first begins what is given away, instead of that which was asked for. */
  readonly publicUrls?: readonly string[] | undefined;
  /** Whether addresses with this host (and port) are ours. */
  isOurs(host: string): boolean;
}

/** What oEmbed 1.0 (oembed.com, section 2.3.4.2) calls a video response. */
export interface OEmbedDocument {
  readonly version: "1.0";
  readonly type: "video";
  readonly provider_name: string;
  readonly provider_url: string;
  readonly title: string;
  readonly width: number;
  readonly height: number;
  readonly html: string;
  readonly cache_age: number;
}

/**
 * How other sites show the stream whose watch page is `?url=`. Nothing is told of whether it exists or may be watched.
 * @throws RefusedError `URL_INVALID` 400, `STREAM_NOT_FOUND` 404 for pages that are not ours, `FORMAT_UNSUPPORTED` 501.
 */
export function oEmbedDocument(query: URLSearchParams, place: OEmbedPlace): OEmbedDocument {
  if ((query.get("format") ?? "json") !== "json") {
    throw new RefusedError("FORMAT_UNSUPPORTED", 501, "Only format=json is there.");
  }
  const text = query.get("url") ?? "";
  if (!URL.canParse(text)) throw new RefusedError("URL_INVALID", 400, "?url= is no address.");
  const url = new URL(text);
  const publicBases = (place.publicUrls ?? []).map(withoutSlash);
  const isOurs = /^https?:$/.test(url.protocol) && place.isOurs(url.host);
  const asked = [...(isOurs ? [`${url.origin}${place.prefix}`] : []), ...publicBases].find((one) =>
    url.href.startsWith(`${one}/`),
  );
  if (asked === undefined) {
    throw new RefusedError("STREAM_NOT_FOUND", 404, "That address is none of a stream here.");
  }
  const base = publicBases[0] ?? asked;
  // Names of streams have no character that is escaped in addresses.
  const path = `${url.origin}${url.pathname}`.slice(asked.length + 1);
  const name = parseStreamName(path.replace(/^embed\//, ""));
  const { width, height } = sizeOf(query);
  return {
    version: "1.0",
    type: "video",
    provider_name: "Millrace",
    provider_url: `${base}/`,
    title: name,
    width,
    height,
    html: `<iframe src="${base}/embed/${name}" width="${width}" height="${height}" title="${name}" style="border:0" allow="autoplay; fullscreen; picture-in-picture" allowfullscreen></iframe>`,
    cache_age: 86_400,
  };
}

/** What tells by which address a request came. */
export interface OEmbedPlaces {
  readonly trust: ProxyTrust;
  readonly basePath: string;
  readonly publicUrls?: readonly string[];
}

/** Where the document of a watch page is found, for a `Link` header (oembed.com, section 4). */
export function oEmbedLink(
  request: IncomingMessage,
  { trust, basePath, publicUrls = [] }: OEmbedPlaces,
  name: string,
): string {
  const [first] = publicUrls;
  const prefix = trust.prefix(request) + basePath;
  const base =
    first === undefined
      ? `${trust.scheme(request)}://${trust.host(request)}${prefix}`
      : withoutSlash(first);
  return `<${base}/oembed?url=${encodeURIComponent(`${base}/${name}`)}>; rel="alternate"; type="application/json+oembed"; title="${name}"`;
}

function withoutSlash(url: string): string {
  return new URL(url).href.replace(/\/$/, "");
}

function sizeOf(query: URLSearchParams): { readonly width: number; readonly height: number } {
  const most = (name: string): number => {
    const value = Number(query.get(name) ?? Number.NaN);
    return value > 0 ? value : Number.POSITIVE_INFINITY;
  };
  const fitting = Math.min(defaultWidth, most("maxwidth"), most("maxheight") * aspect);
  const width = Math.max(minWidth, Math.floor(fitting));
  return { width, height: Math.round(width / aspect) };
}
