import { formatAddress, isMapped, parseAddress } from "../stun/index.ts";

/** What counts as one source: an IPv4 address, or the /64 network of an IPv6 address, where one host has as many addresses as it likes. */
export function addressPrefix(address: string): string {
  if (!address.includes(":")) return address;
  const zone = address.indexOf("%");
  const bytes = parseAddress(zone < 0 ? address : address.slice(0, zone));
  if (bytes === undefined) return address;
  if (isMapped(bytes)) return formatAddress(bytes.subarray(12));
  return Buffer.from(bytes.subarray(0, 8)).toString("hex");
}
