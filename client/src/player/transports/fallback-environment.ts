import type { LatencyEstimator } from "../latency.ts";
import type { Scheduler } from "../scheduler.ts";
import type { SignalingEvents, SignalingLink } from "./signaling-link.ts";

/**
 * What the chunk with these transports is given by the player's script. It imports nothing of it at run time: a page
 * that loads the script under two addresses would otherwise run it twice.
 */
export interface FallbackEnvironment {
  readonly scheduler: Scheduler;
  readonly fetch: typeof fetch;
  /** A way to hear of the stream and of the server's clock; undefined: there is none. */
  createLink(events: SignalingEvents): SignalingLink | undefined;
  createLatency(): LatencyEstimator;
}
