import type { Protocol } from "../net/index.ts";
import type { DropReason } from "./counters.ts";

/** Why an allocation ended. */
export type ReleaseReason = "refresh" | "expired" | "closed" | "stopped";

/** What the relay tells of an allocation. Addresses of clients are in it, secrets never. */
export interface AllocationEvent {
  readonly id: string;
  /** The user without the expiry of the credentials. */
  readonly user: string;
  /** `address:port` of the client. */
  readonly client: string;
  readonly protocol: Protocol;
  /** `address:port`, as announced. */
  readonly relayed: string;
  readonly lifetimeSeconds: number;
  /** Payload from the client to peers, and from peers to the client. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly packetsIn: number;
  readonly packetsOut: number;
  readonly dropped: number;
  /** In `released` only. */
  readonly reason?: ReleaseReason;
}

/** A request that proved who sent it and got an error. */
export interface RefusedEvent {
  readonly user: string;
  readonly client: string;
  readonly protocol: Protocol;
  readonly method: "allocate" | "refresh" | "createPermission" | "channelBind" | "other";
  /** RFC 8656 section 19 and RFC 8489 section 14.8. */
  readonly code: number;
  readonly reason: string;
}

export interface TurnStats {
  readonly allocations: { readonly now: number; readonly total: number };
  readonly reservations: number;
  readonly connections: { readonly now: number; readonly total: number; readonly refused: number };
  readonly permissions: number;
  readonly channels: number;
  /** Free relayed ports of all relayed addresses. */
  readonly freePorts: number;
  /** Answered Binding requests. */
  readonly bindings: number;
  /** Payload over the relay's life. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly packetsIn: number;
  readonly packetsOut: number;
  /** `inbox`: requests and indications that came while too many waited already. */
  readonly drops: Readonly<Record<DropReason | "inbox", number>>;
  /** Who passes ChannelData on. */
  readonly dataPath: "native" | "node";
  /** Error answers by code. */
  readonly refusals: Readonly<Record<string, number>>;
  readonly socketErrors: number;
}
