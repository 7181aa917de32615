export { EventHub, type EventHubOptions } from "./hub.ts";
export {
  defaultHubLimits,
  defaultPollLimits,
  defaultSseLimits,
  type HubLimits,
  type PollLimits,
  type SeatLimits,
  type SseLimits,
} from "./limits.ts";
export { createPollOutput, type PollOptions } from "./poll-output.ts";
export { createSseOutput, type SseOptions } from "./sse-output.ts";
