import { isIP } from "node:net";
import type { TurnAddress } from "@millrace/turn";

/** Names and addresses at which browsers reach a relay. */
export interface RelayNames {
  /** Host names or IP addresses, for UDP and TCP. */
  readonly plain: readonly string[];
  /** For TLS: names that the certificate has. */
  readonly tls: readonly string[];
}

/**
 * RFC 7065: the addresses of a relay that listens at `addresses`, in the order in which browsers should like them: UDP,
 * TCP, TLS. IP addresses of a family in which it does not listen are left out.
 */
export function turnUrls(addresses: readonly TurnAddress[], { plain, tls }: RelayNames): string[] {
  const at = (protocol: TurnAddress["protocol"], name: string): TurnAddress | undefined =>
    addresses.find((address) => address.protocol === protocol && listensFor(address.host, name));
  const urls = (["udp", "tcp"] as const).flatMap((protocol) =>
    plain.flatMap((name) => {
      const address = at(protocol, name);
      return address === undefined
        ? []
        : [`turn:${hostOf(name)}:${address.port}?transport=${protocol}`];
    }),
  );
  const secured = tls.flatMap((name) => {
    const address = at("tls", name);
    return address === undefined ? [] : [`turns:${hostOf(name)}:${address.port}?transport=tcp`];
  });
  return [...urls, ...secured];
}

/** A name may stand for addresses of both families; behind NAT an address is another than the bound one. */
function listensFor(host: string, name: string): boolean {
  if (host === "*" || isIP(name) === 0) return true;
  // Sockets for `::` take IPv6 alone: IPv4 has its own.
  return isIP(host) === isIP(name);
}

function hostOf(name: string): string {
  return name.includes(":") ? `[${name}]` : name;
}
