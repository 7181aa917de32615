import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import type { ProxyTrust } from "@millrace/signaling/gate";

const forwardingHeaders = ["x-forwarded-for", "x-forwarded-host", "x-real-ip", "forwarded", "via"];

/** Who sent a request, as far as it can be told. */
export interface Caller {
  /** IP address without a port; `unknown` once the socket is closed. */
  readonly address: string;
  /** From `Authorization: Bearer` or `?token=`. Secret. */
  readonly token: string | undefined;
  /**
   * False when the request came through a proxy that nobody declared, or names a host that is not ours
   * (DNS rebinding): a loopback address then does not mean that somebody on this machine asks.
   */
  readonly addressProven: boolean;
  readonly userAgent: string | undefined;
}

/** `ownHosts` are the host names (without port) under which this server is known. */
export function callerOf(
  request: IncomingMessage,
  trust: ProxyTrust,
  ownHosts: ReadonlySet<string>,
): Caller {
  const peer = request.socket.remoteAddress ?? "";
  const forwarded = forwardingHeaders.some((name) => request.headers[name] !== undefined);
  const trusted = trust.trusts(peer.replace(/^::ffff:/i, ""));
  return {
    address: trust.clientAddress(request),
    token: tokenOf(request),
    addressProven: (!forwarded || trusted) && isOwnHost(trust.host(request), ownHosts),
    userAgent: request.headers["user-agent"],
  };
}

function isOwnHost(host: string, ownHosts: ReadonlySet<string>): boolean {
  const name = host.replace(/:\d*$/, "").toLowerCase();
  const bare = name.replace(/^\[|\]$/g, "");
  return isIP(bare) !== 0 || name === "localhost" || ownHosts.has(name);
}

function tokenOf(request: IncomingMessage): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
  if (bearer !== undefined) return bearer;
  const query = (request.url ?? "").split("?", 2)[1];
  return query === undefined ? undefined : (new URLSearchParams(query).get("token") ?? undefined);
}
