import type { StreamStatus } from "@millrace/signaling/session";
import type { Capabilities } from "./ladder/capabilities.ts";
import type { LadderLimits } from "./ladder/ladder-state.ts";
import type { Stages } from "./ladder/stages.ts";
import type { LatencySample } from "./latency.ts";
import type { Scheduler } from "./scheduler.ts";
import type { PlayerLimits, PlayerState } from "./state.ts";
import type { TransportFactory, TransportName } from "./transports/transport.ts";

/** What the player tells its view. */
export interface ControllerEvents {
  state(to: PlayerState, from: PlayerState): void;
  stream(status: StreamStatus): void;
  /** The layer of a simulcast stream that is shown; null: none, or there are no layers. */
  layer(rid: string | null): void;
  /** A transport has media; whether it is shown already is the stages' business. */
  media?(source: MediaProvider | "attached"): void;
  latency(sample: LatencySample): void;
  transport(from: TransportName | undefined, to: TransportName | undefined, reason: string): void;
}

export interface ControllerOptions {
  readonly scheduler: Scheduler;
  readonly createTransport: TransportFactory;
  readonly events: ControllerEvents;
  /** Absent: nothing is shown. */
  readonly stages?: Stages;
  /** Absent: every transport may be able to play. */
  readonly capabilities?: Capabilities;
  /** Ways that may be used, best first; WebRTC alone when absent. */
  readonly transports?: readonly TransportName[];
  readonly random?: () => number;
  readonly limits?: Partial<PlayerLimits>;
  readonly ladderLimits?: Partial<LadderLimits>;
}
