import { isIP } from "node:net";
import { networkInterfaces } from "node:os";

/** Most addresses that an answer lists. */
export const MAX_ANNOUNCED = 16;

/** One network address of this machine, as `os.networkInterfaces` tells it. */
export interface InterfaceAddress {
  readonly address: string;
  readonly family: "IPv4" | "IPv6";
  readonly internal: boolean;
}

/** Every address of every interface that is up. */
export function interfaceAddresses(): InterfaceAddress[] {
  return Object.values(networkInterfaces()).flatMap((list) => list ?? []);
}

/**
 * The addresses at which the world may reach sockets bound to `hosts`: what the operator says, or else
 * those of the interfaces; link-local ones never, loopback only when nothing else is there.
 * @throws TypeError when the operator names something that is no IP address, or more than 16.
 */
export function announcedAddresses(
  hosts: readonly string[],
  configured: readonly string[],
  interfaces: readonly InterfaceAddress[],
): string[] {
  if (configured.length > 0) {
    if (configured.length > MAX_ANNOUNCED) {
      throw new TypeError(`more than ${MAX_ANNOUNCED} announced addresses`);
    }
    for (const address of configured) {
      if (isIP(address) === 0) throw new TypeError(`not an IP address: ${address}`);
    }
    return [...new Set(configured)];
  }
  const found = hosts.flatMap((host) =>
    isWildcard(host) ? reachable(interfaces, isIP(host) === 6 ? "IPv6" : "IPv4") : [host],
  );
  const world = found.filter((address) => !isLoopback(address));
  return [...new Set(world.length > 0 ? world : found)].slice(0, MAX_ANNOUNCED);
}

/** A host candidate, component 1; a TCP one waits for connections. RFC 8839 section 5.1, RFC 6544 section 4.5. */
export interface HostCandidate {
  readonly foundation: string;
  readonly transport: "udp" | "tcp";
  readonly priority: number;
  readonly address: string;
  readonly port: number;
}

/** Type preference of host candidates. RFC 8445 section 5.1.2.2. */
const UDP_HOST_PREFERENCE = 126;
/** What browsers take for TCP ones: below every UDP candidate that reaches the same host. */
const TCP_HOST_PREFERENCE = 90;
/** Direction preference of passive host candidates. RFC 6544 section 4.2. */
const PASSIVE_PREFERENCE = 4;

/**
 * Host candidates, best first: UDP ones, then with `tcp` passive TCP ones; IPv4 and IPv6 addresses take turns.
 * RFC 8445 sections 5.1.1.3 and 5.1.2.1, RFC 6544 section 4.2, RFC 8421 section 3.
 */
export function hostCandidates(
  addresses: readonly string[],
  port: number,
  tcp = false,
): HostCandidate[] {
  const order = interleave(addresses);
  const udp = order.map((address, i) => ({
    foundation: String(i + 1),
    transport: "udp" as const,
    priority: priority(UDP_HOST_PREFERENCE, 65_535 - i),
    address,
    port,
  }));
  if (!tcp) return udp;
  const passive = order.map((address, i) => ({
    foundation: String(order.length + i + 1),
    transport: "tcp" as const,
    priority: priority(TCP_HOST_PREFERENCE, PASSIVE_PREFERENCE * 2 ** 13 + 8191 - i),
    address,
    port,
  }));
  return [...udp, ...passive];
}

/** RFC 8445 section 5.1.2.1, for component 1. */
function priority(typePreference: number, localPreference: number): number {
  return typePreference * 2 ** 24 + localPreference * 2 ** 8 + 255;
}

/** The candidate as a `candidate:…` line without `a=`. RFC 8839 section 5.1, RFC 6544 section 4.5. */
export function candidateLine(candidate: HostCandidate): string {
  const { foundation, transport, priority, address, port } = candidate;
  const line = `candidate:${foundation} 1 ${transport} ${priority} ${address} ${port} typ host`;
  return transport === "tcp" ? `${line} tcptype passive` : line;
}

function interleave(addresses: readonly string[]): string[] {
  const v4 = addresses.filter((address) => isIP(address) === 4);
  const v6 = addresses.filter((address) => isIP(address) === 6);
  const order: string[] = [];
  for (let i = 0; i < Math.max(v4.length, v6.length); i++)
    order.push(...v4.slice(i, i + 1), ...v6.slice(i, i + 1));
  return order;
}

function reachable(interfaces: readonly InterfaceAddress[], family: "IPv4" | "IPv6"): string[] {
  return interfaces
    .filter((entry) => entry.family === family && !isLinkLocal(entry.address))
    .map((entry) => entry.address);
}

function isWildcard(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

function isLoopback(address: string): boolean {
  return address.startsWith("127.") || address === "::1";
}

/** RFC 3927 and RFC 4291 section 2.5.6: these need a zone or a common link. */
function isLinkLocal(address: string): boolean {
  return address.startsWith("169.254.") || /^fe[89ab]/i.test(address);
}
