import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";
import type { ProxyTrust } from "@millrace/signaling/gate";

/** Where a client seems to be. `unknown`: its address is none. */
export type NetworkKind = "loopback" | "private" | "public" | "unknown";

/** How a request looks from here. */
export interface RequestFacts {
  readonly network: NetworkKind;
  /** Scheme, host and path before ours, by which the client asked as far as we know: `https://gw.example/tv`. */
  readonly base: string;
  /** `unknown`: the request came through a proxy that is not in `http.trustProxy`, so that the client is not known. */
  readonly proxy: "none" | "trusted" | "unknown";
}

/** What proxies add to a request. */
const proxyHeaders = ["x-forwarded-for", "x-forwarded-proto", "x-real-ip", "forwarded", "via"];

const loopback = ranges(["127.0.0.0/8", "::1/128"]);
/** RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 4291 section 2.5.6. */
const privateNetworks = ranges([
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "100.64.0.0/10",
  "169.254.0.0/16",
  "fc00::/7",
  "fe80::/10",
]);

export function requestFacts(
  request: IncomingMessage,
  trust: ProxyTrust,
  basePath: string,
): RequestFacts {
  const peer = (request.socket.remoteAddress ?? "").replace(/^::ffff:/i, "");
  const passedOn = proxyHeaders.some((name) => request.headers[name] !== undefined);
  return {
    network: networkKind(trust.clientAddress(request)),
    base: `${trust.scheme(request)}://${trust.host(request)}${trust.prefix(request)}${basePath}`,
    proxy: passedOn ? (trust.trusts(peer) ? "trusted" : "unknown") : "none",
  };
}

export function networkKind(address: string): NetworkKind {
  if (isIP(address) === 0) return "unknown";
  if (within(loopback, address)) return "loopback";
  return within(privateNetworks, address) ? "private" : "public";
}

function ranges(subnets: readonly string[]): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [address = "", prefix] = subnet.split("/");
    list.addSubnet(address, Number(prefix), isIP(address) === 6 ? "ipv6" : "ipv4");
  }
  return list;
}

function within(list: BlockList, address: string): boolean {
  return list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}
