import type { SocketAddress } from "../stun/index.ts";
import { DataHeaders } from "./data-header.ts";
import type { PeerRoute } from "./peer-policy.ts";

/** A peer's address, with or without a permission. RFC 8656 section 9. */
export class PeerHost {
  readonly address: string;
  permitted = false;
  permittedUntilMs = 0;
  readonly endpoints: Map<number, Endpoint> = new Map();

  constructor(address: string) {
    this.address = address;
  }
}

/** One port of a peer. `address` and `port` are what the client calls it. */
export class Endpoint {
  readonly host: PeerHost;
  readonly family: 4 | 6;
  readonly address: string;
  readonly port: number;
  readonly route: PeerRoute;
  /** 0 while none is bound. */
  channel = 0;
  channelUntilMs = 0;
  #headers: DataHeaders | undefined;

  constructor(host: PeerHost, peer: SocketAddress, route: PeerRoute) {
    this.host = host;
    this.family = peer.family;
    this.address = peer.address;
    this.port = peer.port;
    this.route = route;
  }

  get headers(): DataHeaders {
    this.#headers ??= new DataHeaders(this);
    return this.#headers;
  }
}

export interface PeerTableLimits {
  readonly maxPermissions: number;
  readonly maxChannels: number;
  readonly maxEndpoints: number;
  readonly permissionSeconds: number;
  readonly channelSeconds: number;
}

/** Permissions and channels of one allocation. Times are the caller's; what expired goes at `sweep`. */
export class PeerTable {
  readonly #limits: PeerTableLimits;
  /** By the address that the client names. */
  readonly #hosts = new Map<string, PeerHost>();
  readonly #channels = new Map<number, Endpoint>();
  /** By where packets really come from: address, then port. */
  readonly #sources = new Map<string, Map<number, Endpoint>>();
  #permissions = 0;
  #endpoints = 0;

  constructor(limits: PeerTableLimits) {
    this.#limits = limits;
  }

  get permissions(): number {
    return this.#permissions;
  }

  get channels(): number {
    return this.#channels.size;
  }

  get endpoints(): number {
    return this.#endpoints;
  }

  host(address: string): PeerHost | undefined {
    return this.#hosts.get(address);
  }

  channel(number: number): Endpoint | undefined {
    return this.#channels.get(number);
  }

  /** Channels and their peers. */
  bound(): Iterable<readonly [number, Endpoint]> {
    return this.#channels;
  }

  /** The peer that packets of a source come from, as far as it is remembered. */
  source(address: string, port: number): Endpoint | undefined {
    return this.#sources.get(address)?.get(port);
  }

  /** Makes or renews permissions of all addresses, or of none: false when they were too many. RFC 8656 section 10.2. */
  permit(addresses: readonly string[], nowMs: number): boolean {
    const { maxPermissions, permissionSeconds } = this.#limits;
    const added = new Set(
      addresses.filter((address) => this.#hosts.get(address)?.permitted !== true),
    );
    if (this.#permissions + added.size > maxPermissions) return false;
    for (const address of addresses) {
      let host = this.#hosts.get(address);
      if (host === undefined) {
        host = new PeerHost(address);
        this.#hosts.set(address, host);
      }
      if (!host.permitted) this.#permissions++;
      host.permitted = true;
      host.permittedUntilMs = nowMs + permissionSeconds * 1000;
    }
    return true;
  }

  /**
   * Binds or renews a channel, and the peer's permission with it. RFC 8656 section 12.2.
   * `conflict`: the number has another peer, or the peer another number.
   */
  bind(
    channel: number,
    peer: SocketAddress,
    route: PeerRoute,
    nowMs: number,
  ): "bound" | "conflict" | "full" {
    const bound = this.#channels.get(channel);
    const known = this.#hosts.get(peer.address)?.endpoints.get(peer.port);
    if (bound !== known && (bound !== undefined || (known?.channel ?? 0) !== 0)) return "conflict";
    if (bound === undefined && this.#channels.size >= this.#limits.maxChannels) return "full";
    if (!this.permit([peer.address], nowMs)) return "full";
    const endpoint = known ?? this.#add(this.#hosts.get(peer.address) as PeerHost, peer, route);
    endpoint.channel = channel;
    endpoint.channelUntilMs = nowMs + this.#limits.channelSeconds * 1000;
    this.#channels.set(channel, endpoint);
    return "bound";
  }

  /** The endpoint of a host; it is remembered when there is room, which makes the next packet quick. */
  endpoint(host: PeerHost, peer: SocketAddress, route: PeerRoute): Endpoint {
    const known = host.endpoints.get(peer.port);
    if (known !== undefined) return known;
    if (this.#endpoints >= this.#limits.maxEndpoints) return new Endpoint(host, peer, route);
    return this.#add(host, peer, route);
  }

  /** Forgets what expired; tells when the next thing does, or `Infinity`. */
  sweep(nowMs: number): number {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const host of this.#hosts.values()) {
      if (host.permitted && host.permittedUntilMs <= nowMs) {
        host.permitted = false;
        this.#permissions--;
      }
      if (host.permitted) nextMs = Math.min(nextMs, host.permittedUntilMs);
      for (const endpoint of host.endpoints.values()) {
        if (endpoint.channel !== 0 && endpoint.channelUntilMs <= nowMs) {
          this.#channels.delete(endpoint.channel);
          endpoint.channel = 0;
        }
        if (endpoint.channel !== 0) nextMs = Math.min(nextMs, endpoint.channelUntilMs);
        else if (!host.permitted) this.#remove(endpoint);
      }
      if (!host.permitted && host.endpoints.size === 0) this.#hosts.delete(host.address);
    }
    return nextMs;
  }

  #add(host: PeerHost, peer: SocketAddress, route: PeerRoute): Endpoint {
    const endpoint = new Endpoint(host, peer, route);
    host.endpoints.set(peer.port, endpoint);
    this.#endpoints++;
    const source = route.type === "wire" ? route : peer;
    let ports = this.#sources.get(source.address);
    if (ports === undefined) {
      ports = new Map();
      this.#sources.set(source.address, ports);
    }
    if (!ports.has(source.port)) ports.set(source.port, endpoint);
    return endpoint;
  }

  #remove(endpoint: Endpoint): void {
    endpoint.host.endpoints.delete(endpoint.port);
    this.#endpoints--;
    const source = endpoint.route.type === "wire" ? endpoint.route : endpoint;
    const ports = this.#sources.get(source.address);
    if (ports?.get(source.port) !== endpoint) return;
    ports.delete(source.port);
    if (ports.size === 0) this.#sources.delete(source.address);
  }
}
