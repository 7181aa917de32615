export {
  type CapacityConstants,
  type CapacityTier,
  type CapacityWay,
  capacityTiers,
  capacityWays,
  measuredConstants,
  packetPayloadBytes,
} from "./constants.ts";
export { type CapacityDemand, demandOf, rtcPacketsPerSecond } from "./demand.ts";
export {
  type Capacity,
  type CapacityLimit,
  type CapacityLimitId,
  capacityOf,
  plannedShare,
} from "./limits.ts";
export {
  type CapacityMachine,
  type CapacityPlan,
  type CapacityQuality,
  type CapacitySettings,
  defaultCapacityMachine,
  defaultCapacityPlan,
  defaultCapacitySettings,
  viewersOf,
  watchedBps,
} from "./plan.ts";
export { bitrateText, bytesText, parseAmount } from "./units.ts";
