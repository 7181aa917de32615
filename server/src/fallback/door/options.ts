import type { OriginPolicy, ProxyTrust, Rate } from "@millrace/signaling/gate";
import type { Access, Clock, Log, Registry } from "../../core/index.ts";
import type { FallbackOutput } from "../output.ts";

export interface DoorLimits {
  /** Requests of one address (IPv6: one /64), all outputs together. Segments and polls count too. */
  readonly requests: Rate;
  /** Addresses that are remembered for `requests`. */
  readonly maxAddresses: number;
  readonly maxTokenLength: number;
}

export const defaultDoorLimits: DoorLimits = {
  requests: { perSecond: 500, burst: 2000 },
  maxAddresses: 10_000,
  maxTokenLength: 4096,
};

export interface FallbackOptions {
  readonly registry: Registry;
  readonly access: Access;
  readonly clock: Clock;
  readonly log: Log;
  readonly trust: ProxyTrust;
  readonly origins: OriginPolicy;
  /** Path prefix under which clients reach us, such as `/gateway`, or empty. */
  readonly basePath: string;
  /** The ways to watch. The door closes them when it is closed. */
  readonly outputs: readonly FallbackOutput[];
  readonly limits?: Partial<DoorLimits>;
}
