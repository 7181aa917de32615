export type { ActivityObserver, Refusal } from "./activity.ts";
export { admit } from "./admission.ts";
export { systemClock } from "./clock.ts";
export type { TrackLease } from "./derived-track.ts";
export { ProtocolError, RefusedError } from "./errors.ts";
export type { PublisherFigures, PublisherTrackFigures, ViewerFigures } from "./figures.ts";
export { noFigures } from "./figures.ts";
export type { FrameCache } from "./frame-cache.ts";
export { FrameQueue, type FrameQueueLimits, type QueuedFrame } from "./frame-queue.ts";
export { parseHost, parsePageUrl } from "./host.ts";
export { randomId } from "./ids.ts";
export { type CoreLimits, defaultCoreLimits } from "./limits.ts";
export { silentLog } from "./log.ts";
export type { PacketEncoding, PacketFrame, PacketSink, PacketSource } from "./packet-source.ts";
export type {
  Access,
  AccessRequest,
  Clock,
  Derivation,
  DerivedSink,
  DerivedTarget,
  Grant,
  Log,
  PlayPass,
  Timer,
  Transcoder,
  Transport,
} from "./ports.ts";
export { Publisher, type PublisherInfo } from "./publisher.ts";
export { randomArray, randomText } from "./random.ts";
export { Registry, type RegistryOptions } from "./registry.ts";
export type { Session } from "./session-index.ts";
export { Stream } from "./stream.ts";
export type { Hint, StreamChange, StreamObserver, StreamState } from "./stream-events.ts";
export type { BufferState, StreamHealth } from "./stream-health.ts";
export { parseStreamName } from "./stream-name.ts";
export { type FrameSink, Track } from "./track.ts";
export { frameRateOf, trackBitrateBps } from "./track-rates.ts";
export type { Viewer, ViewerInfo } from "./viewer.ts";
export type { ClientVisit } from "./visits.ts";
