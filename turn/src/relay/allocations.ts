import { randomBytes } from "node:crypto";
import { addressPrefix, type ClientPath } from "../net/index.ts";
import { Allocation, type AllocationOwner } from "./allocation.ts";
import type { Counters } from "./counters.ts";
import type { FastPath } from "./fast-path.ts";
import type { PeerPolicy } from "./peer-policy.ts";
import { Quotas } from "./quotas.ts";
import type { RelayAddress, RelayPort } from "./relay-address.ts";
import { Reservations } from "./reservations.ts";
import type { TurnLimits } from "./turn-options.ts";
import type { ReleaseReason } from "./turn-stats.ts";

export interface AllocationsOptions {
  readonly limits: TurnLimits;
  /** One per family at most. */
  readonly addresses: readonly RelayAddress[];
  readonly policy: PeerPolicy;
  readonly counters: Counters;
  readonly nowMs: () => number;
  readonly fastPath: () => FastPath | undefined;
  readonly released: (allocation: Allocation, reason: ReleaseReason) => void;
}

export interface AllocateRequest {
  readonly owner: AllocationOwner;
  readonly path: ClientPath;
  readonly family: 4 | 6;
  /** `pair` also holds the next port. */
  readonly port: "any" | "even" | "pair" | { readonly token: Uint8Array };
  readonly lifetimeSeconds: number;
}

export type AllocateResult =
  | {
      readonly type: "allocated";
      readonly allocation: Allocation;
      /** Of the port that is held. */
      readonly token: Uint8Array | undefined;
    }
  | { readonly type: "refused"; readonly code: 440 | 486 | 508 };

interface OpenPort {
  readonly address: RelayAddress;
  readonly port: RelayPort;
  readonly next?: RelayPort;
}

/** All allocations of a relay, with the ports and places they hold. */
export class Allocations {
  readonly #options: AllocationsOptions;
  readonly #quotas: Quotas;
  readonly #reservations = new Reservations();
  /** By relayed port, per family. */
  readonly #relayed: Readonly<Record<4 | 6, Map<number, Allocation>>> = {
    4: new Map(),
    6: new Map(),
  };
  readonly #closing = new Set<Promise<void>>();
  #draining = false;
  #emptied: (() => void) | undefined;

  constructor(options: AllocationsOptions) {
    this.#options = options;
    this.#quotas = new Quotas(options.limits);
  }

  get size(): number {
    return this.#relayed[4].size + this.#relayed[6].size;
  }

  get reservations(): number {
    return this.#reservations.size;
  }

  *[Symbol.iterator](): IterableIterator<Allocation> {
    yield* this.#relayed[4].values();
    yield* this.#relayed[6].values();
  }

  find(family: 4 | 6, port: number): Allocation | undefined {
    return this.#relayed[family].get(port);
  }

  /** RFC 8656 section 7.2, steps 6 to 12. */
  allocate(request: AllocateRequest): AllocateResult {
    if (this.#draining) return { type: "refused", code: 508 };
    const { owner, path, port } = request;
    if (typeof port === "object") {
      const held = this.#reservations.claim(port.token, owner.quotaUser);
      if (held === undefined) return { type: "refused", code: 508 };
      return this.#allocated(request, held, held.place, undefined);
    }
    const address = this.#options.addresses.find(({ family }) => family === request.family);
    if (address === undefined) return { type: "refused", code: 440 };
    const source = addressPrefix(path.address);
    const place = this.#quotas.take(owner.quotaUser, source);
    if (typeof place === "string") {
      return { type: "refused", code: place === "total" ? 508 : 486 };
    }
    const nextPlace = port === "pair" ? this.#quotas.take(owner.quotaUser, source) : undefined;
    const opened = typeof nextPlace === "string" ? undefined : open(address, port);
    if (opened === undefined) {
      place.release();
      if (typeof nextPlace === "object") nextPlace.release();
      const full = typeof nextPlace === "string" && nextPlace !== "total";
      return { type: "refused", code: full ? 486 : 508 };
    }
    const { next } = opened;
    let token: Uint8Array | undefined;
    if (next !== undefined && typeof nextPlace === "object") {
      const { nowMs, limits } = this.#options;
      const untilMs = nowMs() + limits.reservationSeconds * 1000;
      const { quotaUser } = owner;
      token = this.#reservations.hold({
        quotaUser,
        address,
        port: next,
        place: nextPlace,
        untilMs,
      });
    }
    return this.#allocated(request, opened, place, token);
  }

  #allocated(
    request: AllocateRequest,
    opened: OpenPort,
    place: ReturnType<Quotas["take"]> & object,
    token: Uint8Array | undefined,
  ): AllocateResult {
    const { limits, policy, counters, nowMs } = this.#options;
    const { port, address } = opened;
    const { family } = address;
    const allocation = new Allocation({
      id: randomBytes(9).toString("base64url"),
      owner: request.owner,
      path: request.path,
      relayed: { family, address: address.announced, port: port.port },
      port,
      place,
      limits,
      policy,
      counters,
      nowMs,
      fastPath: this.#options.fastPath(),
      findRelayed: (family, port) => this.find(family, port),
      closed: (allocation) => this.release(allocation, "closed"),
    });
    this.#relayed[family].set(port.port, allocation);
    allocation.expiresMs = nowMs() + request.lifetimeSeconds * 1000;
    counters.allocated++;
    return { type: "allocated", allocation, token };
  }

  /** May be called twice. */
  release(allocation: Allocation, reason: ReleaseReason): void {
    const { family, port } = allocation.relayed;
    if (this.#relayed[family].get(port) !== allocation) return;
    this.#relayed[family].delete(port);
    const closing = allocation.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
    this.#options.counters.past.add(allocation.traffic);
    this.#options.released(allocation, reason);
    if (this.size === 0) this.#emptied?.();
  }

  /** Ends what expired. Cheap as long as nothing did. */
  sweep(): void {
    const nowMs = this.#options.nowMs();
    for (const allocation of this) {
      if (allocation.expiresMs <= nowMs) this.release(allocation, "expired");
      else if (allocation.nextExpiryMs <= nowMs) {
        allocation.nextExpiryMs = allocation.peers.sweep(nowMs);
        allocation.followChannels();
      }
    }
    this.#reservations.sweep(nowMs);
  }

  /** Refuses new allocations from here on; resolves when the last one is gone. */
  drain(): Promise<void> {
    this.#draining = true;
    if (this.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#emptied = resolve;
    });
  }

  /** Ends all; resolves when every port is free. May be called twice. */
  async close(): Promise<void> {
    this.#draining = true;
    for (const allocation of [...this]) this.release(allocation, "stopped");
    await this.#reservations.close();
    await Promise.all(this.#closing);
  }
}

function open(address: RelayAddress, port: "any" | "even" | "pair"): OpenPort | undefined {
  if (port === "pair") {
    const pair = address.openPair();
    return pair && { address, port: pair[0], next: pair[1] };
  }
  const opened = port === "any" ? address.open() : address.openEven();
  return opened && { address, port: opened };
}
