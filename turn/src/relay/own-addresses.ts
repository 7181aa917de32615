import { networkInterfaces } from "node:os";
import { formatAddress, parseAddress } from "../stun/index.ts";
import { RelayAddress, type RelayAddressOptions } from "./relay-address.ts";
import type { TurnLimits, TurnOptions } from "./turn-options.ts";

/** One for each of `relayHosts`. Throws `Error` when hosts and announced addresses contradict each other. */
export function relayAddresses(
  options: TurnOptions,
  limits: TurnLimits,
  sockets: Pick<RelayAddressOptions, "openUdp" | "error">,
): readonly RelayAddress[] {
  const hosts = options.relayHosts.map(canonical);
  const announcedIps = options.announcedIps.map(canonical);
  for (const { text } of [...hosts, ...announcedIps]) {
    const sameFamily = (list: readonly Canonical[]): number =>
      list.filter((other) => other.text.includes(":") === text.includes(":")).length;
    if (sameFamily(hosts) > 1 || sameFamily(announcedIps) > 1) {
      throw new Error("relayHosts and announcedIps take one address per family");
    }
  }
  return hosts.map(({ family, text, isAny }) => {
    const announced = announcedIps.find((ip) => ip.family === family);
    if (announced === undefined ? isAny : announced.isAny) {
      throw new Error(`${text} is no address to announce: announcedIps needs one of its family`);
    }
    return new RelayAddress({
      family,
      host: text,
      announced: announced?.text ?? text,
      minPort: options.minPort,
      maxPort: options.maxPort,
      recvBufferBytes: limits.relayRecvBufferBytes,
      maxQueuedBytes: limits.maxQueuedBytes,
      ...sockets,
    });
  });
}

interface Canonical {
  readonly family: 4 | 6;
  readonly text: string;
  readonly isAny: boolean;
}

function canonical(address: string): Canonical {
  const bytes = parseAddress(address);
  if (bytes === undefined) throw new Error(`${address} is no IP address`);
  return {
    family: bytes.length === 4 ? 4 : 6,
    text: formatAddress(bytes),
    isAny: bytes.every((byte) => byte === 0),
  };
}

/** Every address that leads to this machine, as far as it knows. */
export function ownIps(options: TurnOptions): readonly string[] {
  const interfaces = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return [
    ...options.listen.map(({ host }) => host).filter((host) => host !== "*"),
    ...options.relayHosts,
    ...interfaces.map(({ address }) => address),
  ];
}
