export { createProbeHandler, type ProbeHandler } from "./handler.ts";
export { defaultProbeLimits, type ProbeLimits } from "./limits.ts";
export type { ProbeOptions, ProbePeer, ProbePeers } from "./options.ts";
