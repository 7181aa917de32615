export {
  BeaconDesk,
  type BeaconOptions,
  type ExperienceObserver,
  type PlayerReport,
} from "./desk.ts";
export type { Experience } from "./experiences.ts";
export { type BeaconLimits, defaultBeaconLimits } from "./limits.ts";
