import type { ClientPath, DatagramReceiver, PathSession } from "../net/index.ts";
import type { SocketAddress } from "../stun/index.ts";
import { type Counters, Traffic } from "./counters.ts";
import { channelHeaderBytes, paddingOf, writeChannelHeader } from "./data-header.ts";
import { ChannelRoutes, type FastPath } from "./fast-path.ts";
import type { PeerPolicy } from "./peer-policy.ts";
import { type Endpoint, PeerTable, type PeerTableLimits } from "./peer-table.ts";
import type { QuotaPlace } from "./quotas.ts";
import type { RelayPort } from "./relay-address.ts";
import { TokenBucket } from "./token-bucket.ts";

/** Who an allocation belongs to. */
export interface AllocationOwner {
  readonly username: string;
  /** What quotas count: the user without the expiry. */
  readonly quotaUser: string;
  /** The key that proves it, for as long as the allocation lives. */
  readonly key: Uint8Array;
}

export interface AllocationOptions {
  readonly id: string;
  readonly owner: AllocationOwner;
  readonly path: ClientPath;
  readonly relayed: SocketAddress;
  readonly port: RelayPort;
  readonly place: QuotaPlace;
  readonly limits: PeerTableLimits & {
    readonly maxBytesPerSecond: number;
    readonly burstSeconds: number;
  };
  readonly policy: PeerPolicy;
  readonly counters: Counters;
  readonly nowMs: () => number;
  /** The allocation that has a relayed port of this relay now. */
  readonly findRelayed: (family: 4 | 6, port: number) => Allocation | undefined;
  readonly fastPath: FastPath | undefined;
  /** The client's connection is gone. */
  readonly closed: (allocation: Allocation) => void;
}

/** A relayed address of one client, and the way of its packets. RFC 8656 section 3.2. */
export class Allocation implements PathSession, DatagramReceiver {
  readonly id: string;
  readonly owner: AllocationOwner;
  readonly path: ClientPath;
  readonly relayed: SocketAddress;
  readonly peers: PeerTable;
  readonly #traffic = new Traffic();
  /** When it ends unless it is refreshed. */
  expiresMs = 0;
  /** When something of it expires at the earliest; 0 when that must be found out. */
  nextExpiryMs = 0;
  /** The answer to the request that made it, for retransmissions. */
  transaction: { readonly id: string; readonly answer: Uint8Array } | undefined;
  readonly #options: AllocationOptions;
  readonly #port: RelayPort;
  readonly #counters: Counters;
  readonly #routes: ChannelRoutes | undefined;
  readonly #toPeers: TokenBucket;
  readonly #toClient: TokenBucket;
  #closed: Promise<void> | undefined;

  constructor(options: AllocationOptions) {
    const { limits, nowMs, port, path } = options;
    this.id = options.id;
    this.owner = options.owner;
    this.path = path;
    this.relayed = options.relayed;
    this.peers = new PeerTable(limits);
    this.#options = options;
    this.#port = port;
    this.#counters = options.counters;
    this.#toPeers = new TokenBucket(limits.maxBytesPerSecond, limits.burstSeconds, nowMs);
    this.#toClient = new TokenBucket(limits.maxBytesPerSecond, limits.burstSeconds, nowMs);
    this.#routes = this.#openRoutes();
    port.receiver = this;
    path.hold(this);
  }

  /** What it has relayed until now. */
  get traffic(): Traffic {
    this.#routes?.settle(this.#traffic);
    return this.#traffic;
  }

  /** To be called after permissions or channels changed. */
  followChannels(): void {
    const { findRelayed } = this.#options;
    this.#routes?.follow(this.peers, ({ family, port }) => {
      const other = findRelayed(family, port);
      return other === undefined ? undefined : other.#routes;
    });
  }

  #openRoutes(): ChannelRoutes | undefined {
    const { fastPath, limits, path, port, counters } = this.#options;
    if (fastPath === undefined || path.place === undefined || port.place === undefined) {
      return undefined;
    }
    const flow = fastPath.flow({
      listener: path.place,
      relay: port.place,
      clientAddress: path.address,
      clientPort: path.port,
      bytesPerSecond: limits.maxBytesPerSecond,
      burstBytes: limits.maxBytesPerSecond * limits.burstSeconds,
    });
    return flow && new ChannelRoutes(flow, counters);
  }

  #mayPass(toPeers: boolean, bytes: number): boolean {
    if (this.#routes !== undefined) return this.#routes.take(toPeers, bytes);
    return (toPeers ? this.#toPeers : this.#toClient).take(bytes);
  }

  /** From the client. RFC 8656 section 12.6; the length says where padding begins. */
  channelData(message: Uint8Array): void {
    if (message.length < channelHeaderBytes) {
      this.#drop("channel");
      return;
    }
    const channel = ((message[0] as number) << 8) | (message[1] as number);
    const end = channelHeaderBytes + (((message[2] as number) << 8) | (message[3] as number));
    const endpoint = this.peers.channel(channel);
    if (endpoint === undefined || end > message.length) {
      this.#drop("channel");
      return;
    }
    this.#toPeer(endpoint, message.subarray(channelHeaderBytes, end));
  }

  /** A Send indication of the client. RFC 8656 section 11.2. */
  send(peer: SocketAddress, payload: Uint8Array): void {
    const host = this.peers.host(peer.address);
    if (host?.permitted !== true) {
      this.#drop("permission");
      return;
    }
    let endpoint = host.endpoints.get(peer.port);
    if (endpoint === undefined) {
      const route = this.#options.policy.route(peer);
      if (route === undefined) {
        this.#drop("policy");
        return;
      }
      endpoint = this.peers.endpoint(host, peer, route);
    }
    this.#toPeer(endpoint, payload);
  }

  #toPeer(endpoint: Endpoint, payload: Uint8Array): void {
    const bytes = payload.length;
    if (!this.#mayPass(true, bytes)) {
      this.#drop("bandwidth");
      return;
    }
    const { route } = endpoint;
    if (route.type === "wire") {
      if (!this.#port.send(payload, route.address, route.port)) {
        this.#drop("queue");
        return;
      }
    } else {
      const other = this.#options.findRelayed(endpoint.family, endpoint.port);
      if (other === undefined) {
        this.#drop("policy");
        return;
      }
      other.datagram(payload, this.relayed.address, this.relayed.port);
    }
    this.#traffic.bytesIn += bytes;
    this.#traffic.packetsIn++;
  }

  /** From a peer, by the address it is really at. RFC 8656 section 11.3. Any bytes are taken as they are. */
  datagram(payload: Uint8Array, address: string, port: number): void {
    const endpoint = this.peers.source(address, port) ?? this.#newSource(address, port);
    if (endpoint?.host.permitted !== true) {
      this.#drop("permission");
      return;
    }
    const bytes = payload.length;
    if (!this.#mayPass(false, bytes)) {
      this.#drop("bandwidth");
      return;
    }
    const { path } = this;
    const { channel } = endpoint;
    const sent =
      channel !== 0
        ? path.sendParts(
            writeChannelHeader(channel, bytes),
            payload,
            path.padded ? paddingOf(bytes) : 0,
          )
        : path.sendParts(endpoint.headers.write(bytes), payload, paddingOf(bytes));
    if (!sent) {
      this.#drop("queue");
      return;
    }
    this.#traffic.bytesOut += bytes;
    this.#traffic.packetsOut++;
  }

  /** A source that is met the first time. */
  #newSource(address: string, port: number): Endpoint | undefined {
    const { policy } = this.#options;
    const family = this.relayed.family;
    const peer = policy.announcedOf(address, port) ?? { family, address, port };
    const host = this.peers.host(peer.address);
    if (host?.permitted !== true) return undefined;
    const route = policy.route(peer);
    return route === undefined ? undefined : this.peers.endpoint(host, peer, route);
  }

  #drop(reason: keyof Counters["drops"]): void {
    this.#counters.drops[reason]++;
    this.#traffic.dropped++;
  }

  pathClosed(): void {
    this.#options.closed(this);
  }

  /** Ends its packets at once; resolves when the port is free. May be called twice. */
  close(): Promise<void> {
    if (this.#closed === undefined) {
      this.#routes?.settle(this.#traffic);
      this.#routes?.end();
      this.path.free();
      this.#options.place.release();
      this.#closed = this.#port.close();
    }
    return this.#closed;
  }
}
