import type { Registry } from "../../core/index.ts";
import { HttpRefusal } from "./problem.ts";

/** First segments of addresses that are not streams. */
const reserved: ReadonlySet<string> = new Set(
  "api assets whip whep rtc socket.io embed publish admin metrics healthz readyz".split(" "),
);

/** Another address of what a stream has: `/live/cam/snapshot.jpg` is `/live/cam.jpg`. */
const aliases: ReadonlyMap<string, string> = new Map([["snapshot.jpg", ".jpg"]]);

/** What an address asks for: `/live/cam.hls/part7.m4s` is stream `live/cam`, suffix `.hls`, rest `part7.m4s`. */
export interface FallbackAddress {
  /** Not checked yet. */
  readonly stream: string;
  readonly suffix: string;
  /** Without the slash before it; usually empty. */
  readonly rest: string;
  readonly query: URLSearchParams;
}

/**
 * Reads a request target in origin-form, without base path. Undefined when no segment ends in one of the
 * suffixes. Where several do, the first one counts unless only a later one names a stream that there is. Likewise
 * `NAME/snapshot.jpg` is a picture of NAME, unless only `NAME/snapshot` is a stream.
 * @throws HttpRefusal `URL_INVALID` 400.
 */
export function parseAddress(
  target: string,
  suffixes: ReadonlySet<string>,
  registry: Pick<Registry, "get">,
): FallbackAddress | undefined {
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  const segments = path.split("/").slice(1);
  if (reserved.has(segments[0] ?? "")) return undefined;
  const readings = segments.flatMap((segment, index) => {
    const suffix = segment.slice(Math.max(0, segment.lastIndexOf(".")));
    if (!suffixes.has(suffix)) return [];
    const before = segments.slice(0, index);
    const last = segment.slice(0, -suffix.length);
    const plain = { suffix, name: [...before, last].join("/"), index };
    const isAlias = index > 0 && aliases.get(segment) === suffix;
    return isAlias ? [{ suffix, name: before.join("/"), index }, plain] : [plain];
  });
  const decoded = readings.map(({ suffix, name, index }) => ({
    stream: decodePath(name),
    suffix,
    rest: decodePath(segments.slice(index + 1).join("/")),
  }));
  const found = decoded.find(({ stream }) => registry.get(stream) !== undefined) ?? decoded[0];
  if (found === undefined) return undefined;
  return { ...found, query: new URLSearchParams(mark < 0 ? "" : target.slice(mark + 1)) };
}

/** Takes the base path off a target; undefined when the target is not below it. */
export function withoutBase(target: string, basePath: string): string | undefined {
  if (!target.startsWith(`${basePath}/`)) return undefined;
  return target.slice(basePath.length);
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new HttpRefusal("URL_INVALID", 400, "The address is not well encoded.");
  }
}
