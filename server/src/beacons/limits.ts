import type { Rate } from "@millrace/signaling/gate";

/** Limits of what players may tell. An address is an IPv4 address or an IPv6 /64. */
export interface BeaconLimits {
  /** Largest body, bytes. */
  readonly maxBytes: number;
  readonly bodyTimeoutMs: number;
  /** Of one address: many viewers may sit behind it. */
  readonly perAddress: Rate;
  /** Addresses that are remembered for it. */
  readonly maxAddresses: number;
  /** Of all together. */
  readonly inAll: Rate;
  /** Of one viewer of one stream. */
  readonly perViewer: Rate;
  /** How long after its last session a viewer may still tell how it was. */
  readonly recentMs: number;
  /** Viewers that are remembered after their last session. */
  readonly maxRecent: number;
  /** Viewers whose newest experience is kept. */
  readonly maxExperiences: number;
  /** How long an experience is kept after it was told. */
  readonly experienceMs: number;
  /** Newest switches that are kept of an experience. */
  readonly maxSwitches: number;
  /** Time that a viewer may tell of at once, played and frozen together; it grows back as time passes. Seconds. */
  readonly maxSpareSeconds: number;
}

export const defaultBeaconLimits: BeaconLimits = {
  maxBytes: 8192,
  bodyTimeoutMs: 10_000,
  perAddress: { perSecond: 50, burst: 500 },
  maxAddresses: 10_000,
  inAll: { perSecond: 2000, burst: 4000 },
  perViewer: { perSecond: 0.5, burst: 8 },
  recentMs: 60_000,
  maxRecent: 10_000,
  maxExperiences: 20_000,
  experienceMs: 60_000,
  maxSwitches: 10,
  maxSpareSeconds: 130,
};
