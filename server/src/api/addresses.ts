import type { AddressDocument } from "./schemas/server.ts";

/** One place where the server listens. */
export interface ListenAddress {
  /** IP address; `::` and `0.0.0.0` stand for all. */
  readonly host: string;
  readonly port: number;
}

/** One place where the TURN relay listens. */
export interface TurnListenAddress extends ListenAddress {
  readonly protocol: "udp" | "tcp" | "tls";
}

/** Where the server listens, as it is logged and told by the API; absent what is switched off or not up. */
export interface GatewayAddresses {
  /** Pages, API and signaling. */
  readonly http?: ListenAddress;
  /** The same over TLS. */
  readonly https?: ListenAddress;
  readonly rtmp?: ListenAddress;
  readonly rtmps?: ListenAddress;
  /** Bare FLV over TCP. */
  readonly flvTcp?: ListenAddress;
  /** UDP, for WebRTC media. */
  readonly rtc?: ListenAddress;
  /** The TURN relay. */
  readonly turn?: readonly TurnListenAddress[];
}

/** The same as a list for the API. */
export function addressList({
  http,
  https,
  rtmp,
  rtmps,
  flvTcp,
  rtc,
  turn = [],
}: GatewayAddresses): readonly AddressDocument[] {
  const entry = (
    protocol: string,
    transport: "tcp" | "udp",
    at: ListenAddress | undefined,
  ): AddressDocument[] => (at === undefined ? [] : [{ protocol, transport, ...at }]);
  return [
    ...entry("http", "tcp", http),
    ...entry("https", "tcp", https),
    ...entry("rtmp", "tcp", rtmp),
    ...entry("rtmps", "tcp", rtmps),
    ...entry("flv", "tcp", flvTcp),
    ...entry("webrtc", "udp", rtc),
    ...turn.flatMap(({ protocol, host, port }) =>
      protocol === "tls"
        ? entry("turns", "tcp", { host, port })
        : entry("turn", protocol, { host, port }),
    ),
  ];
}
