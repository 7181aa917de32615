export { SignalingError } from "../protocol/index.ts";
export type { ClockOffset } from "./clock-estimator.ts";
export type { ConnectionState } from "./connection.ts";
export {
  type Negotiating,
  type NegotiatingPeer,
  type NegotiationChannel,
  negotiateWatch,
} from "./negotiate.ts";
export type { StreamListener } from "./observed-streams.ts";
export type { SignalingClientOptions, TokenSource } from "./options.ts";
export { SignalingClient, type SignalingClientEvents } from "./signaling-client.ts";
export { type SessionEvents, SignalingSession } from "./signaling-session.ts";
