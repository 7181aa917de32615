/** Who reaches an address. `name`: it is none, but a name. */
export type AddressKind = "loopback" | "private" | "public" | "name";

/** RFC 1122, RFC 1918, RFC 6598, RFC 3927; RFC 4291, RFC 4193. Takes brackets around IPv6 as in URLs. */
export function addressKind(text: string): AddressKind {
  const address = text.toLowerCase().replace(/^\[|\]$/g, "");
  if (address === "localhost" || address.endsWith(".localhost")) return "loopback";
  if (address.includes(":")) return ip6Kind(address);
  const bytes = address.split(".").map(Number);
  const isIp4 =
    /^[\d.]+$/.test(address) &&
    bytes.length === 4 &&
    bytes.every((byte) => Number.isInteger(byte) && byte <= 255);
  return isIp4 ? ip4Kind(bytes) : "name";
}

function ip4Kind([first = 0, second = 0]: readonly number[]): AddressKind {
  if (first === 127 || first === 0) return "loopback";
  const isPrivate =
    first === 10 ||
    (first === 172 && second >= 16 && second < 32) ||
    (first === 192 && second === 168) ||
    (first === 100 && second >= 64 && second < 128) ||
    (first === 169 && second === 254);
  return isPrivate ? "private" : "public";
}

function ip6Kind(address: string): AddressKind {
  if (address === "::1" || address === "::") return "loopback";
  return /^(f[cd]|fe[89ab])/.test(address) ? "private" : "public";
}
