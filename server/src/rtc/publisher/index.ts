export type { PublishSessionStats } from "./figures.ts";
export { defaultPublishLimits, type PublishLimits } from "./limits.ts";
export type { PublisherLinkStats } from "./publisher-link.ts";
export {
  PublishSession,
  type PublishSessionOptions,
} from "./session.ts";
