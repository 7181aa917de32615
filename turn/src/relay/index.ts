export type { Protocol } from "../net/index.ts";
export { type DropReason, dropReasons } from "./counters.ts";
export { type RelayLog, type RelayPorts, systemPorts } from "./relay-ports.ts";
export { type Listening, type RelayEvents, RelayServer } from "./relay-server.ts";
export {
  type DataPath,
  defaultTurnLimits,
  type ListenAddress,
  type MediaAddress,
  type TurnLimits,
  type TurnOptions,
} from "./turn-options.ts";
export type { AllocationEvent, RefusedEvent, ReleaseReason, TurnStats } from "./turn-stats.ts";
