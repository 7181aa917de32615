import type { StreamAddress } from "../address.ts";
import type { LiveEdgeLimits } from "../sink/live-edge.ts";
import { findMediaSource, type MediaSourceKind } from "../sink/media-source.ts";
import type { CaptureLatency } from "./capture-latency.ts";
import type { FallbackEnvironment } from "./fallback-environment.ts";
import type { HttpTalkOptions } from "./http-talk.ts";
import type { MediaSession, MediaSessionEvents } from "./media-session.ts";
import type { StreamWatch } from "./stream-watch.ts";
import type { TransportCapabilities, TransportSurface } from "./transport.ts";

/** What a way makes a session with. */
export interface WayContext {
  readonly address: StreamAddress;
  readonly environment: FallbackEnvironment;
  /** How far behind the live edge to play, seconds; undefined: the way's own default. */
  readonly targetLatency: number | undefined;
  readonly surface: TransportSurface;
  readonly events: MediaSessionEvents;
  readonly watch: StreamWatch;
  readonly latency: CaptureLatency;
}

/** One way to watch without WebRTC. */
export interface Way {
  readonly surface: TransportCapabilities["surface"];
  /** Its media brings the stream's events. */
  readonly tellsStatus: boolean;
  createSession(context: WayContext): MediaSession;
  /** Fetches what only this way needs, when it needs anything; its sessions do so by themselves. */
  loadLibrary?(): Promise<unknown>;
}

/** @throws Error where there are no Media Source Extensions; the player looks before it asks for such a way. */
export function requireMediaSource(): MediaSourceKind {
  const kind = findMediaSource();
  if (kind === undefined) throw new Error("This browser has no Media Source Extensions.");
  return kind;
}

/** How a session of this way talks HTTP; the server's clock is read off every answer. */
export function webOf({ environment, watch }: WayContext): HttpTalkOptions {
  const { fetch, scheduler } = environment;
  return { fetch, scheduler, answered: (response, sentMs) => watch.answered(response, sentMs) };
}

/** The page's wish, or how far behind the end of its buffer a way plays best, seconds. */
export function edgeLimits(context: WayContext, ownSeconds: number): Partial<LiveEdgeLimits> {
  return { targetSeconds: context.targetLatency ?? ownSeconds };
}
