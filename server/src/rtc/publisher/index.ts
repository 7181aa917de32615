export { defaultPublishLimits, type PublishLimits } from "./limits.ts";
export type { PublisherLinkStats } from "./publisher-link.ts";
export {
  PublishSession,
  type PublishSessionOptions,
  type PublishSessionStats,
} from "./session.ts";
