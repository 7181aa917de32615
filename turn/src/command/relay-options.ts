import { readFileSync } from "node:fs";
import { BlockList, isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { checkTurnOptions, TurnOptionsError, type TurnOptionsInput } from "../options.ts";
import type { DataPath, TurnOptions } from "../relay/turn-options.ts";
import type { Settings } from "./keys.ts";

/** The options of a relay on this machine. `own` are the addresses of its interfaces. @throws TurnOptionsError */
export function relayOptions(
  settings: Settings,
  own: readonly string[] = interfaceAddresses(),
  readFile: (path: string) => string = (path) => readFileSync(path, "utf8"),
): TurnOptions {
  const host = settings["turn.host"];
  const port = settings["turn.port"];
  const tlsPort = settings["turn.tlsPort"];
  const secret = settings["turn.secret"];
  const pem = (key: "turn.cert" | "turn.key"): string => {
    try {
      return readFile(settings[key]);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new TurnOptionsError([`${key}: ${settings[key]} cannot be read (${code}).`]);
    }
  };
  const input: TurnOptionsInput = {
    ...relayedAddresses(host, settings["turn.announcedIps"], own),
    // Checked with everything else.
    dataPath: settings["turn.dataPath"] as DataPath,
    realm: settings["turn.realm"],
    secrets: [...(secret === "" ? [] : [secret]), ...settings["turn.previousSecrets"]],
    users: settings["turn.users"],
    listen: [
      { protocol: "udp", host, port },
      { protocol: "tcp", host, port },
      ...(tlsPort === 0 ? [] : [{ protocol: "tls" as const, host, port: tlsPort }]),
    ],
    ...(settings["turn.cert"] === "" && settings["turn.key"] === ""
      ? {}
      : { tls: { cert: pem("turn.cert"), key: pem("turn.key") } }),
    minPort: settings["turn.minPort"],
    maxPort: settings["turn.maxPort"],
    allowPeers: settings["turn.allowPeers"],
    limits: {
      maxAllocations: settings["turn.maxAllocations"],
      maxAllocationsPerUser: settings["turn.maxAllocationsPerUser"],
      maxAllocationsPerAddress: settings["turn.maxAllocationsPerAddress"],
      maxBytesPerSecond: Math.ceil(settings["turn.maxBitrateBps"] / 8),
      maxConnections: settings["turn.maxConnections"],
      maxConnectionsPerAddress: settings["turn.maxConnectionsPerAddress"],
    },
  };
  return checkTurnOptions(input);
}

/** Sockets follow the route where all addresses are listened on; peers are told the public address of each family. */
function relayedAddresses(
  host: string,
  announcedIps: readonly string[],
  own: readonly string[],
): Pick<TurnOptions, "relayHosts" | "announcedIps"> {
  if (host !== "*" && host !== "0.0.0.0" && host !== "::") {
    return { relayHosts: [host], announcedIps };
  }
  const families = [4, 6].filter((family) => host === "*" || isIP(host) === family);
  const names = families.flatMap((family) => {
    const announced = announcedIps.filter((address) => isIP(address) === family);
    // Whoever names addresses means those alone.
    if (announcedIps.length > 0) return announced;
    const found = own.filter((address) => isIP(address) === family && !within(local, address));
    return (
      found.find((address) => !within(unroutable, address)) ??
      found[0] ??
      (family === 4 ? "127.0.0.1" : [])
    );
  });
  return {
    relayHosts: names.map((name) => (isIP(name) === 6 ? "::" : "0.0.0.0")),
    announcedIps: names,
  };
}

function interfaceAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((list) =>
    (list ?? []).map(({ address }) => address),
  );
}

/** Loopback and link-local: of no use to anybody else. */
const local = ranges(["127.0.0.0/8", "169.254.0.0/16", "::1/128", "fe80::/10"]);
/** RFC 1918, RFC 6598 and RFC 4193. */
const unroutable = ranges([
  "10.0.0.0/8",
  "100.64.0.0/10",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "fc00::/7",
]);

function ranges(subnets: readonly string[]): BlockList {
  const found = new BlockList();
  for (const subnet of subnets) {
    const [base = "", prefix] = subnet.split("/");
    found.addSubnet(base, Number(prefix), isIP(base) === 6 ? "ipv6" : "ipv4");
  }
  return found;
}

function within(found: BlockList, address: string): boolean {
  return found.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}
