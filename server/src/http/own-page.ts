import type { IncomingMessage } from "node:http";
import { OriginPolicy, type ProxyTrust } from "@millrace/signaling/gate";

/** Tells requests of our own pages from those that pages of others make browsers send. */
export class OwnPage {
  readonly #ownOrigin: OriginPolicy;
  readonly #ownHosts: ReadonlySet<string>;

  /** `ownHosts` are the host names (without port) under which this server is known. */
  constructor(trust: ProxyTrust, ownHosts: ReadonlySet<string>) {
    this.#ownOrigin = new OriginPolicy([], trust);
    this.#ownHosts = ownHosts;
  }

  /** Nothing says that a page of another origin made the browser send it. What is no browser says nothing. */
  mayBe(request: IncomingMessage): boolean {
    const { origin, referer, "sec-fetch-site": site } = request.headers;
    if (site !== undefined && site !== "none") return site === "same-origin";
    if (origin !== undefined) return this.#isOwn(request, origin);
    return referer === undefined || this.#isOwn(request, originOf(referer));
  }

  /** The browser says that one of our own pages sends it. */
  isProven(request: IncomingMessage): boolean {
    const { origin, "sec-fetch-site": site } = request.headers;
    if (site !== undefined) return site === "same-origin";
    return origin !== undefined && this.#isOwn(request, origin);
  }

  #isOwn(request: IncomingMessage, origin: string): boolean {
    const { headers, socket } = request;
    if (this.#ownOrigin.allows({ headers: { ...headers, origin }, socket })) return true;
    return this.#ownHosts.has(hostOf(origin));
  }
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : "null";
}

function hostOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).hostname : "";
}
