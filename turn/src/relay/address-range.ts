import { parseAddress } from "../stun/index.ts";

/** Addresses with the same first bits. */
export interface AddressRange {
  /** 4 bytes or 16. */
  readonly bytes: Uint8Array;
  readonly prefixBits: number;
}

/** Reads `10.0.0.0/8`, `fd00::/8` or one address; undefined when it is neither. */
export function parseAddressRange(text: string): AddressRange | undefined {
  const slash = text.indexOf("/");
  const bytes = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (bytes === undefined) return undefined;
  const allBits = bytes.length * 8;
  if (slash < 0) return { bytes, prefixBits: allBits };
  const digits = text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(digits)) return undefined;
  const prefixBits = Number(digits);
  return prefixBits > allBits ? undefined : { bytes, prefixBits };
}

/** True when the address, 4 or 16 bytes, is of the range's family and in it. */
export function isInRange(address: Uint8Array, range: AddressRange): boolean {
  if (address.length !== range.bytes.length) return false;
  const whole = range.prefixBits >> 3;
  for (let at = 0; at < whole; at++) {
    if (address[at] !== range.bytes[at]) return false;
  }
  const rest = range.prefixBits & 7;
  if (rest === 0) return true;
  const differing = (address[whole] ?? 0) ^ (range.bytes[whole] ?? 0);
  return differing >> (8 - rest) === 0;
}

function ranges(...texts: readonly string[]): readonly AddressRange[] {
  return texts.map((text) => {
    const range = parseAddressRange(text);
    if (range === undefined) throw new Error(`${text} is no address range`);
    return range;
  });
}

/**
 * What no peer may have unless it is named: this host, private and shared networks, link-local with the clouds'
 * metadata services, documentation, benchmarks, multicast, reserved and broadcast; in IPv6 also every form that
 * carries an IPv4 address. IANA's special-purpose address registries, RFC 6890.
 */
export const specialRanges: readonly AddressRange[] = ranges(
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
  // Unspecified, loopback and IPv4-compatible.
  "::/96",
  "::ffff:0:0/96",
  "::ffff:0:0:0/96",
  "64:ff9b::/96",
  "64:ff9b:1::/48",
  "100::/64",
  "2001::/23",
  "2001:db8::/32",
  "2002::/16",
  "3fff::/20",
  "5f00::/16",
  "fc00::/7",
  "fe80::/10",
  "fec0::/10",
  "ff00::/8",
);
