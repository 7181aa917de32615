export {
  type DataFromViewers,
  type DataHandler,
  DataHubs,
  type DataHubsOptions,
  type OpenData,
} from "./hubs.ts";
export { type DataLimits, PUBLISHER_DATA_LIMITS, VIEWER_DATA_LIMITS } from "./limits.ts";
