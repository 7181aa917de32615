import { MillracePublisher } from "./publisher-element.ts";

export type { DataMessage, SendableData } from "./player/data-port.ts";
export type { SendStats } from "./publisher/send-stats-delta.ts";
export type { PublishSettings } from "./publisher/settings.ts";
export type {
  PublisherErrorDetail,
  PublisherEventMap,
  PublisherStateDetail,
  PublisherStatsDetail,
  PublisherStreamDetail,
} from "./publisher-events.ts";
export { MillracePublisher };

// A page may load the script twice, from two servers: the first one wins.
if (customElements.get("millrace-publisher") === undefined) {
  customElements.define("millrace-publisher", MillracePublisher);
}
