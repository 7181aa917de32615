export { defaultIngestLimits, type IngestLimits } from "./limits.ts";
export { PublisherIngest, type PublisherIngestOptions } from "./publisher-ingest.ts";
export type { EncodingStats, IngestStats } from "./stats.ts";
