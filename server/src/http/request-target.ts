import type { IncomingMessage } from "node:http";

/**
 * Brings an absolute-form request target to origin-form, and takes the host from it as RFC 9112
 * section 3.2.2 demands. Returns false when the target can be neither (section 3.2).
 */
export function useOriginForm(request: IncomingMessage): boolean {
  const target = request.url ?? "";
  if (target.startsWith("/")) return true;
  if (target === "*" && request.method === "OPTIONS") {
    request.url = "/";
    return true;
  }
  const absolute = /^https?:\/\/([^/?#@\s]+)([/?].*)?$/i.exec(target);
  if (absolute === null) return false;
  const [, host, rest = "/"] = absolute;
  request.headers.host = host;
  request.url = rest.startsWith("/") ? rest : `/${rest}`;
  return true;
}

/** The path without its query. */
export function pathOf(url: string): string {
  const query = url.indexOf("?");
  return query < 0 ? url : url.slice(0, query);
}

/** Takes the base path off a target; undefined when the target is not below it. */
export function withoutBase(url: string, basePath: string): string | undefined {
  if (basePath === "") return url;
  if (!url.startsWith(basePath)) return undefined;
  const rest = url.slice(basePath.length);
  if (rest === "") return "/";
  if (rest.startsWith("?")) return `/${rest}`;
  return rest.startsWith("/") ? rest : undefined;
}
