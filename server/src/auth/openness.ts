import { BlockList, isIP } from "node:net";

/** Who may do something without showing a token: each word includes those before it. */
export type Openness = "nobody" | "loopback" | "private" | "anybody";

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** RFC 1918, RFC 3927, RFC 4193 and RFC 4291 link-local. */
const privateNetworks = new BlockList();
privateNetworks.addSubnet("10.0.0.0", 8, "ipv4");
privateNetworks.addSubnet("172.16.0.0", 12, "ipv4");
privateNetworks.addSubnet("192.168.0.0", 16, "ipv4");
privateNetworks.addSubnet("169.254.0.0", 16, "ipv4");
privateNetworks.addSubnet("fc00::", 7, "ipv6");
privateNetworks.addSubnet("fe80::", 10, "ipv6");

/** Whether a client at `address` (an IP address without port) needs no token. What is no address is nobody's. */
export function isOpenTo(openness: Openness, address: string): boolean {
  if (openness === "anybody") return true;
  const plain = plainAddress(address);
  const family = isIP(plain);
  if (family === 0 || openness === "nobody") return false;
  const type = family === 4 ? "ipv4" : "ipv6";
  return (
    loopback.check(plain, type) || (openness === "private" && privateNetworks.check(plain, type))
  );
}

/** An IPv4 address that came over an IPv6 socket, as IPv4 (RFC 4291 section 2.5.5.2). Without a zone. */
export function plainAddress(address: string): string {
  const plain = address.split("%")[0] ?? "";
  return plain.toLowerCase().startsWith("::ffff:") && isIP(plain.slice(7)) === 4
    ? plain.slice(7)
    : plain;
}
