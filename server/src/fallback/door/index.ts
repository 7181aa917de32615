export { createFallback, type Fallback } from "./fallback.ts";
export { type DoorLimits, defaultDoorLimits, type FallbackOptions } from "./options.ts";
export { HttpRefusal, type Problem, problemOf, refuseUpgrade, sendProblem } from "./problem.ts";
