import type { IncomingMessage } from "node:http";
import { BlockList, isIP, isIPv4 } from "node:net";

/** At most this many entries of `X-Forwarded-For` are looked at, from the right. */
const maxForwardedHops = 32;
const maxPrefixLength = 256;
/** What proxies add to the requests that they pass on. */
const forwardingHeaders = ["x-forwarded-for", "forwarded", "x-real-ip", "via"];
const prefixPattern = /^(?:\/[A-Za-z0-9._~+-]+)+\/?$/;

/** What is asked of a request here: `IncomingMessage` has it. */
export type GateRequest = Pick<IncomingMessage, "headers"> & {
  readonly socket: { readonly remoteAddress?: string | undefined; readonly encrypted?: boolean };
};

/**
 * Which proxies may say who the client is. `X-Forwarded-For`, `-Host`, `-Proto` and `-Prefix` are believed only
 * when the TCP peer is one of them; everybody else's are ignored.
 */
export class ProxyTrust {
  readonly #trusted = new BlockList();
  /** Asking an empty list costs as much as a full one. */
  readonly #trustsNobody: boolean;

  /**
   * `proxies`: IP addresses, CIDR blocks (`10.0.0.0/8`) or the word `loopback`; empty trusts nobody.
   * @throws RangeError for anything else.
   */
  constructor(proxies: readonly string[] = []) {
    for (const entry of proxies) this.#add(entry);
    this.#trustsNobody = proxies.length === 0;
  }

  trusts(address: string): boolean {
    if (this.#trustsNobody) return false;
    const family = isIP(address);
    return family !== 0 && this.#trusted.check(address, family === 4 ? "ipv4" : "ipv6");
  }

  /**
   * The client's IP address without a port; IPv4 also when it came over a dual-stack socket. `unknown` once the socket is
   * closed, and when a proxy on this machine that nobody declared passed the request on: whoever is behind it has no rights
   * of this machine.
   */
  clientAddress(request: GateRequest): string {
    let address = plainAddress(request.socket.remoteAddress ?? "");
    if (address === undefined || this.#isUndeclaredProxy(address, request)) return "unknown";
    const hops = headerText(request, "x-forwarded-for").split(",").slice(-maxForwardedHops);
    while (this.trusts(address)) {
      const hop = plainAddress(hops.pop() ?? "");
      if (hop === undefined) break;
      address = hop;
    }
    return address;
  }

  /** The host (and port) that the client asked for, as it wrote it; empty when unknown. */
  host(request: GateRequest): string {
    const forwarded = this.#forwarded(request, "x-forwarded-host");
    return forwarded === "" ? headerText(request, "host") : forwarded;
  }

  /** The scheme that the client used, with TLS or without. */
  scheme(request: GateRequest): "http" | "https" {
    const forwarded = this.#forwarded(request, "x-forwarded-proto").toLowerCase();
    if (forwarded === "http" || forwarded === "https") return forwarded;
    return request.socket.encrypted === true ? "https" : "http";
  }

  /** The path prefix that a proxy removed before it passed the request on, without a final slash; mostly empty. */
  prefix(request: GateRequest): string {
    const prefix = this.#forwarded(request, "x-forwarded-prefix");
    const segments = prefix.split("/");
    const valid =
      prefix.length <= maxPrefixLength &&
      prefixPattern.test(prefix) &&
      !segments.includes("..") &&
      !segments.includes(".");
    return valid ? prefix.replace(/\/$/, "") : "";
  }

  #isUndeclaredProxy(address: string, { headers }: GateRequest): boolean {
    const isHere = address === "::1" || address.startsWith("127.");
    return (
      isHere &&
      forwardingHeaders.some((name) => headers[name] !== undefined) &&
      !this.trusts(address)
    );
  }

  /** The first (outermost) value of a header that only a trusted proxy may set. */
  #forwarded(request: GateRequest, name: string): string {
    if (request.headers[name] === undefined) return "";
    const peer = plainAddress(request.socket.remoteAddress ?? "");
    if (peer === undefined || !this.trusts(peer)) return "";
    return (headerText(request, name).split(",")[0] ?? "").trim();
  }

  #add(entry: string): void {
    if (entry === "loopback") {
      this.#trusted.addSubnet("127.0.0.0", 8, "ipv4");
      this.#trusted.addAddress("::1", "ipv6");
      return;
    }
    const [address = "", bits, ...rest] = entry.split("/");
    const family = isIP(address);
    const prefixLength = bits === undefined ? (family === 4 ? 32 : 128) : Number(bits);
    const valid =
      family !== 0 &&
      rest.length === 0 &&
      (bits === undefined || /^\d{1,3}$/.test(bits)) &&
      prefixLength <= (family === 4 ? 32 : 128);
    if (!valid) {
      throw new RangeError(`not an address, a CIDR block or "loopback": ${entry}`);
    }
    this.#trusted.addSubnet(address, prefixLength, family === 4 ? "ipv4" : "ipv6");
  }
}

/** An IP address without port, brackets, zone or IPv4-in-IPv6 prefix; undefined when it is none. */
function plainAddress(text: string): string | undefined {
  let address = text.trim();
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(address);
  if (bracketed !== null) address = bracketed[1] ?? "";
  else if (/^[\d.]+:\d+$/.test(address)) address = address.slice(0, address.indexOf(":"));
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1];
  if (mapped !== undefined && isIPv4(mapped)) return mapped;
  address = address.split("%")[0] ?? "";
  return isIP(address) === 0 ? undefined : address;
}

function headerText(request: GateRequest, name: string): string {
  const value = request.headers[name];
  return value === undefined ? "" : Array.isArray(value) ? value.join(",") : value;
}
