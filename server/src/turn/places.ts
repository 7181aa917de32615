import { BlockList, isIP } from "node:net";

/** Where the gateway's media is. */
export interface MediaPlace {
  /** An IP address that is bound; `*` and `::` stand for all of both families. */
  readonly host: string;
  readonly port: number;
  /** Addresses that browsers are told, best first. */
  readonly announced: readonly string[];
  /** Whether an operator named those, who knows better than the interfaces. */
  readonly configured: boolean;
}

/** Where the relay is, and how it reaches the media. */
export interface RelayPlaces {
  /** Addresses that relayed sockets bind to, at most one of each family. */
  readonly relayHosts: readonly string[];
  /** What they are called, at most one of each family; also where browsers reach the relay. */
  readonly announcedIps: readonly string[];
  readonly media: readonly MediaPair[];
}

/** An address that peers name, and where its packets go. What comes from `local` is said to come from `announced`. */
export interface MediaPair {
  readonly announced: { readonly family: 4 | 6; readonly address: string; readonly port: number };
  readonly local: { readonly family: 4 | 6; readonly address: string; readonly port: number };
}

const families = [4, 6] as const;
const wildcard = { 4: "0.0.0.0", 6: "::" } as const;
const loopback = { 4: "127.0.0.1", 6: "::1" } as const;

/**
 * Works out the addresses of a relay that listens on `turnHost` (an IP address, or `*`), on a machine whose interfaces
 * have the addresses `own`.
 */
export function relayPlaces(
  turnHost: string,
  media: MediaPlace,
  own: readonly string[],
): RelayPlaces {
  const named = families.flatMap((family) => {
    if (turnHost !== "*" && isIP(turnHost) !== family) return [];
    const announced = media.announced.filter((address) => isIP(address) === family);
    const [first] = announced;
    if (!followsRoute(turnHost, family)) {
      // That it is reached elsewhere than where it listens, only an operator can know.
      return [{ host: turnHost, name: (media.configured ? first : undefined) ?? turnHost }];
    }
    const name = media.configured ? first : (announced.find(isPublic) ?? first);
    return name === undefined ? [] : [{ host: wildcard[family], name }];
  });
  const places = named.length > 0 ? named : [{ host: loopback[4], name: loopback[4] }];
  return {
    relayHosts: places.map(({ host }) => host),
    announcedIps: places.map(({ name }) => name),
    media: families.flatMap((family) => mediaPairs(family, turnHost, media, own)),
  };
}

/**
 * The media's socket answers from the address at which it was asked only when it is bound to that, or when the kernel
 * has no other choice: so packets go where it is bound, or else to where the relayed socket is bound, or else, since
 * that follows the route, to the announced address where it is the machine's own, and around NAT by loopback.
 */
function mediaPairs(
  family: 4 | 6,
  turnHost: string,
  { host, port, announced }: MediaPlace,
  own: readonly string[],
): MediaPair[] {
  const names = announced.filter((address) => isIP(address) === family);
  const isBound = host !== "::" && !followsRoute(host, family);
  const isRelayBound = !followsRoute(turnHost, family);
  const bound = isBound ? host : isRelayBound ? turnHost : undefined;
  if (bound !== undefined && isIP(bound) !== family) return [];
  // Two names for one place could not be told apart on the way back; the first that is free is taken.
  const ways = new Set([loopback[family], ...own.filter((address) => isIP(address) === family)]);
  const free = [...ways].filter((address) => !names.includes(address) && !needsZone(address));
  return names.flatMap((name) => {
    const local = bound ?? (own.includes(name) ? name : free.shift());
    if (local === undefined) return [];
    return [
      {
        announced: { family, address: name, port },
        local: { family, address: local, port },
      },
    ];
  });
}

function followsRoute(host: string, family: 4 | 6): boolean {
  return host === "*" || host === wildcard[family];
}

const unroutable = new BlockList();
for (const [base, prefix] of [
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
] as const) {
  unroutable.addSubnet(base, prefix, "ipv4");
}
for (const [base, prefix] of [
  ["::1", 128],
  ["fc00::", 7],
  ["fe80::", 10],
] as const) {
  unroutable.addSubnet(base, prefix, "ipv6");
}

/** RFC 4291 section 2.5.6. */
function needsZone(address: string): boolean {
  return /^fe[89ab]/i.test(address);
}

function isPublic(address: string): boolean {
  return !unroutable.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}
