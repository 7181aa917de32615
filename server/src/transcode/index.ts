export { createTranscodePool, type TranscodePoolOptions } from "./create-pool.ts";
export { defaultTranscodeLimits, type TranscodeLimits } from "./limits.ts";
export type { EngineName, TranscodeCounters, TranscodePool } from "./pool.ts";
