export { SignalingError } from "../protocol/index.ts";
export { type CallEvents, CallSession } from "./call-session.ts";
export type { ClockOffset } from "./clock-estimator.ts";
export type { ConnectionState } from "./connection.ts";
export type { IceRestarterOptions } from "./ice-restarter.ts";
export { rtcIceServers } from "./ice-servers.ts";
export {
  type NegotiateOptions,
  type Negotiating,
  type NegotiatingPeer,
  type NegotiationChannel,
  negotiateWatch,
} from "./negotiate.ts";
export { type LastingOptions, type LastingPeer, negotiatePublish } from "./negotiate-lasting.ts";
export type { StreamListener } from "./observed-streams.ts";
export type { SignalingClientOptions, TokenSource } from "./options.ts";
export {
  type ClientLease,
  type LeaseRequest,
  SharedClients,
  type SharedClientsOptions,
} from "./shared-clients.ts";
export {
  type CallOptions,
  type PublishOptions,
  SignalingClient,
  type SignalingClientEvents,
} from "./signaling-client.ts";
export { type SessionEvents, SignalingSession } from "./signaling-session.ts";
