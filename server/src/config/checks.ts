import { isIP } from "node:net";

const tokenPattern = /^[A-Za-z0-9._~-]{8,512}$/;

/** Words for `isToken`. */
export const tokenAllowed = "8 to 512 characters of A-Z a-z 0-9 . _ ~ -";

/** A token that fits into an address, a stream key and a header without being quoted. */
export function isToken(value: string): boolean {
  return tokenPattern.test(value);
}

/** An IP address to listen on, or `*`. */
export function isListenHost(value: string): boolean {
  return value === "*" || isIP(value) !== 0;
}

/** An IP address, or a network in CIDR notation, or the word `loopback`. */
export function isNetwork(value: string): boolean {
  if (value === "loopback") return true;
  const slash = value.indexOf("/");
  const version = isIP(slash < 0 ? value : value.slice(0, slash));
  if (version === 0) return false;
  if (slash < 0) return true;
  const prefix = value.slice(slash + 1);
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128);
}

/** An IP address, or a network in CIDR notation. */
export function isSubnet(value: string): boolean {
  return value !== "loopback" && isNetwork(value);
}

const hostNamePattern =
  /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/i;

/** A name as DNS has it (RFC 1123 section 2.1), which no IP address is. */
export function isHostName(value: string): boolean {
  return hostNamePattern.test(value);
}

/** A secret that TURN credentials are made from. */
export function isTurnSecret(value: string): boolean {
  return value.length >= 8 && value.length <= 512;
}

/** A secret that signed tokens are made with. */
export function isSigningSecret(value: string): boolean {
  return value.length >= 16 && value.length <= 512;
}

/** A secret of HMAC-SHA-256 (RFC 7518 section 3.2 wants as many bytes as the digest has). */
export function isJwtSecret(value: string): boolean {
  return value.length >= 32 && value.length <= 512;
}

/** Where keys may be fetched from: what comes over a network that others see must be authentic. */
export function isKeysUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname } = new URL(value);
  const isOwn = hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
  return protocol === "https:" || (protocol === "http:" && isOwn);
}

/** An IP address. */
export function isAddress(value: string): boolean {
  return isIP(value) !== 0;
}

/** `http://host[:port][/path]` or `https://…`, without a query. */
export function isWebUrl(value: string): boolean {
  return URL.canParse(value) && /^https?:\/\/[^?#\s]+$/.test(value);
}

/** Where hooks are asked and told: names and passwords before the host would show in errors. */
export function isHookUrl(value: string): boolean {
  if (value.length > 2048 || !URL.canParse(value)) return false;
  const { protocol, username, password } = new URL(value);
  return /^https?:$/.test(protocol) && username === "" && password === "";
}

/** `*`, or a scheme and host as browsers send them in `Origin`. */
export function isOrigin(value: string): boolean {
  if (value === "*") return true;
  return URL.canParse(value) && /^https?:/.test(value) && new URL(value).origin === value;
}

/** Empty, or a path such as `/video` without a slash at the end. */
export function isBasePath(value: string): boolean {
  return value === "" || (/^(\/[A-Za-z0-9._~-]+)+$/.test(value) && value.length <= 200);
}

/** `stun:`, `turn:` or `turns:` with a host (RFC 7064, RFC 7065). A comma would break the Link header of WHIP clients. */
export function isIceUrl(value: string): boolean {
  return /^(stuns?:[^\s,?]+|turns?:[^\s,?]+(\?transport=(udp|tcp))?)$/.test(value);
}

/** A stream name in which `*` may stand for characters of a segment. */
export function isStreamPattern(value: string): boolean {
  return value.length <= 128 && /^[A-Za-z0-9._+*-]+(\/[A-Za-z0-9._+*-]+){0,2}$/.test(value);
}
