import { MillracePlayer } from "./element.ts";

export type {
  ErrorDetail,
  LatencyDetail,
  LayerDetail,
  PlayerEventMap,
  PlayerStats,
  StateChangeDetail,
  StreamDetail,
  TransportDetail,
} from "./element-events.ts";
export type { DataMessage, SendableData } from "./player/data-port.ts";
export { MillracePlayer };

// A page may load the script twice, from two servers: the first one wins.
if (customElements.get("millrace-player") === undefined) {
  customElements.define("millrace-player", MillracePlayer);
}
