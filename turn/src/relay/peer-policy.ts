import { formatAddress, parseAddress, type SocketAddress } from "../stun/index.ts";
import { type AddressRange, isInRange, parseAddressRange, specialRanges } from "./address-range.ts";
import type { MediaAddress } from "./turn-options.ts";

/** Where packets for a peer go: out of the relayed socket, or to another allocation of this relay. */
export type PeerRoute =
  | { readonly type: "wire"; readonly address: string; readonly port: number }
  | { readonly type: "relayed" };

export interface PeerPolicyOptions {
  readonly media: readonly MediaAddress[];
  readonly allowPeers: readonly string[];
  /** What relayed addresses are called, one per family at most. */
  readonly relayedIps: readonly string[];
  /** Further addresses of this machine: here only `media`, allocated ports and what is named one by one is a peer. */
  readonly ownIps: readonly string[];
  /** True while the port is allocated on the family's relayed address. */
  readonly isRelayed: (family: 4 | 6, port: number) => boolean;
}

/**
 * Decides which peers exist for clients, and where they really are.
 *
 * Peers are the gateway's media addresses, relayed addresses that are allocated now, and what `allowPeers` names.
 * A wide network such as `0.0.0.0/0` names no special address in it (see `specialRanges`) and none of this machine:
 * those count only when an entry lies inside their range.
 */
export class PeerPolicy {
  readonly #options: PeerPolicyOptions;
  readonly #allowed: readonly AddressRange[];
  readonly #guarded: readonly AddressRange[];
  /** By announced address, then port. */
  readonly #local = new Map<string, Map<number, SocketAddress>>();
  /** By local address, then port. */
  readonly #announced = new Map<string, Map<number, SocketAddress>>();

  /** Throws `Error` when `allowPeers` or an address is malformed. */
  constructor(options: PeerPolicyOptions) {
    this.#options = options;
    this.#allowed = options.allowPeers.map(readRange);
    const own = [...options.ownIps, ...options.relayedIps].map(readRange);
    // All of loopback is this machine: who names it means it.
    this.#guarded = [...specialRanges, ...own.filter(({ bytes }) => !isLoopback(bytes))];
    for (const media of options.media) {
      const [announced, local] = [canonical(media.announced), canonical(media.local)];
      put(this.#local, announced, local);
      put(this.#announced, local, announced);
    }
  }

  /** Whether a permission for the address makes sense: some port of it can be a peer. */
  permits(address: string): boolean {
    return (
      this.#local.has(address) || this.#options.relayedIps.includes(address) || this.#names(address)
    );
  }

  /** The way to a peer; undefined when it is none. */
  route(peer: SocketAddress): PeerRoute | undefined {
    const local = this.#local.get(peer.address)?.get(peer.port);
    if (local !== undefined) return { type: "wire", address: local.address, port: local.port };
    if (this.isRelayed(peer)) return { type: "relayed" };
    if (peer.port === 0 || !this.#names(peer.address)) return undefined;
    return { type: "wire", address: peer.address, port: peer.port };
  }

  /** True for a relayed address that is allocated now. */
  isRelayed(peer: SocketAddress): boolean {
    const { relayedIps, isRelayed } = this.#options;
    return relayedIps.includes(peer.address) && isRelayed(peer.family, peer.port);
  }

  /** What a packet's real source is called; undefined when it goes by its own name. */
  announcedOf(address: string, port: number): SocketAddress | undefined {
    return this.#announced.get(address)?.get(port);
  }

  #names(address: string): boolean {
    if (this.#allowed.length === 0) return false;
    const bytes = parseAddress(address);
    if (bytes === undefined) return false;
    let neededBits = 0;
    for (const range of this.#guarded) {
      if (isInRange(bytes, range)) neededBits = Math.max(neededBits, range.prefixBits);
    }
    return this.#allowed.some((range) => range.prefixBits >= neededBits && isInRange(bytes, range));
  }
}

const loopbacks: readonly AddressRange[] = ["127.0.0.0/8", "::1"].map(readRange);

function isLoopback(address: Uint8Array): boolean {
  return loopbacks.some((range) => isInRange(address, range));
}

function readRange(text: string): AddressRange {
  const range = parseAddressRange(text);
  if (range === undefined) throw new Error(`${text} is neither an IP address nor a network`);
  return range;
}

/** As addresses of packets are written. */
function canonical({ address, port }: SocketAddress): SocketAddress {
  const bytes = parseAddress(address);
  if (bytes === undefined) throw new Error(`${address} is no IP address`);
  return { family: bytes.length === 4 ? 4 : 6, address: formatAddress(bytes), port };
}

function put(
  table: Map<string, Map<number, SocketAddress>>,
  from: SocketAddress,
  to: SocketAddress,
): void {
  let ports = table.get(from.address);
  if (ports === undefined) {
    ports = new Map();
    table.set(from.address, ports);
  }
  ports.set(from.port, to);
}
