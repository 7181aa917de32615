import type { Protocol } from "../net/index.ts";
import type { SocketAddress } from "../stun/index.ts";

export type DataPath = "auto" | "native" | "node";

/** Where clients reach the relay. */
export interface ListenAddress {
  readonly protocol: Protocol;
  /** IP address; `*` opens both families, as far as the machine has them. */
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
}

/** An address of the gateway's own media: what peers call it, and where packets really go. */
export interface MediaAddress {
  readonly announced: SocketAddress;
  readonly local: SocketAddress;
}

/** All limits of the relay. Each is refused or dropped beyond, and counted. */
export interface TurnLimits {
  /** Allocations, and ports that are held by reservations. Beyond: 508. */
  readonly maxAllocations: number;
  /** Of one user, however often the credentials were renewed. Beyond: 486. */
  readonly maxAllocationsPerUser: number;
  /** Of one client address (IPv6: /64). Companies sit behind one. Beyond: 486. */
  readonly maxAllocationsPerAddress: number;
  /** Peer addresses of one allocation. Beyond: 508. */
  readonly maxPermissions: number;
  /** Channels of one allocation. Beyond: 508. */
  readonly maxChannels: number;
  /** Peer addresses with ports that an allocation remembers the way to; more work, but slower. */
  readonly maxEndpoints: number;
  /** Shorter lifetimes that clients ask for become this. */
  readonly minLifetimeSeconds: number;
  /** Lifetime of an allocation when the client asks for none. */
  readonly defaultLifetimeSeconds: number;
  readonly maxLifetimeSeconds: number;
  /** RFC 8656 section 9: 300. */
  readonly permissionSeconds: number;
  /** RFC 8656 section 12: 600. */
  readonly channelSeconds: number;
  /** How long EVEN-PORT holds the next port for its RESERVATION-TOKEN. */
  readonly reservationSeconds: number;
  /** How long a nonce is taken. */
  readonly nonceSeconds: number;
  /** Bytes of payload per second and direction of one allocation; more is dropped. */
  readonly maxBytesPerSecond: number;
  /** How much may come at once, in seconds of `maxBytesPerSecond`. */
  readonly burstSeconds: number;
  /** TCP and TLS connections, in all and of one client address (IPv6: /64). The next one is closed at once. */
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  /** A connection without an allocation is closed when it says nothing for so long. */
  readonly idleSeconds: number;
  /** A connection without a first whole message, TLS included, is closed after so long. */
  readonly handshakeSeconds: number;
  /** Longest message that is taken from a TCP or TLS client, bytes. What belongs into UDP is below 1500. */
  readonly maxFrameBytes: number;
  /** Bytes that may wait for a client that reads slowly. Whole packets beyond are dropped, as UDP does. */
  readonly maxQueuedBytes: number;
  /** Kernel buffers of a listening UDP socket, bytes. */
  readonly recvBufferBytes: number;
  readonly sendBufferBytes: number;
  /** Kernel's receive buffer of a relayed UDP socket, bytes. */
  readonly relayRecvBufferBytes: number;
  /** Longest USERNAME, bytes. RFC 8489 section 14.3: 508. */
  readonly maxUsernameBytes: number;
  /**
   * Bytes that go to one source address (IPv6: /64) at once, and per second, in answer to UDP requests that prove
   * nothing. Beyond, such a request is answered only when the answer is hardly longer.
   */
  readonly unauthenticatedBurstBytes: number;
  readonly unauthenticatedBytesPerSecond: number;
  /** The same for all sources together: what a flood with forged sources can make the relay send. */
  readonly unauthenticatedTotalBytesPerSecond: number;
  /** How many sources are counted at a time. */
  readonly maxUnauthenticatedSources: number;
}

export const defaultTurnLimits: TurnLimits = {
  maxAllocations: 8_192,
  maxAllocationsPerUser: 16,
  maxAllocationsPerAddress: 1_024,
  maxPermissions: 64,
  maxChannels: 64,
  maxEndpoints: 256,
  minLifetimeSeconds: 30,
  defaultLifetimeSeconds: 600,
  maxLifetimeSeconds: 3_600,
  permissionSeconds: 300,
  channelSeconds: 600,
  reservationSeconds: 30,
  nonceSeconds: 3_600,
  // 40 Mbit/s: more than any one viewer or publisher needs.
  maxBytesPerSecond: 5_000_000,
  burstSeconds: 1,
  maxConnections: 8_192,
  maxConnectionsPerAddress: 1_024,
  idleSeconds: 60,
  handshakeSeconds: 10,
  maxFrameBytes: 16_384,
  maxQueuedBytes: 1_048_576,
  recvBufferBytes: 4_194_304,
  sendBufferBytes: 1_048_576,
  relayRecvBufferBytes: 1_048_576,
  maxUsernameBytes: 508,
  unauthenticatedBurstBytes: 65_536,
  unauthenticatedBytesPerSecond: 8_192,
  unauthenticatedTotalBytesPerSecond: 8_388_608,
  maxUnauthenticatedSources: 16_384,
};

export interface TurnOptions {
  readonly realm: string;
  /** Secrets of time-limited credentials; several while they are changed. */
  readonly secrets: readonly string[];
  readonly users: readonly { readonly username: string; readonly password: string }[];
  readonly listen: readonly ListenAddress[];
  /** PEM text; needed for `tls`. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  /** Local addresses of the relayed sockets, at most one per family. `0.0.0.0` and `::` follow the route. */
  readonly relayHosts: readonly string[];
  /** What clients and peers are told instead of `relayHosts`, at most one per family. */
  readonly announcedIps: readonly string[];
  readonly minPort: number;
  readonly maxPort: number;
  readonly media: readonly MediaAddress[];
  /** Networks as `10.0.0.0/8` or addresses that peers may have besides `media`. See `PeerPolicy`. */
  readonly allowPeers: readonly string[];
  /** Who passes ChannelData on. `auto`: native code where it was built; `native`: no start without it. */
  readonly dataPath?: DataPath | undefined;
  /** What is left out is as in `defaultTurnLimits`. */
  readonly limits: Partial<TurnLimits>;
}
