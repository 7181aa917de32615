import type { StreamStatus } from "@millrace/signaling/session";
import type { LatencySample } from "../latency.ts";
import type { StatsSample } from "../stats.ts";

/** What a session tells until it is closed; nothing from inside a call into it. */
export interface MediaSessionEvents {
  /** The server answers by this way, or does not. */
  link(up: boolean): void;
  status(status: StreamStatus): void;
  /** Media is there: the session before it lets go of the surface. Then this one may touch it. Once, before `media`. */
  ready(): void;
  /** The surface is set up; again whenever it was set up anew. */
  media(): void;
  /** A picture is on the image. */
  shown(sample: LatencySample | undefined): void;
  /** It is over; what is on the surface stays until `close`. Once. */
  failed(code: string, message: string): void;
}

/** One try to play a stream on a surface. */
export interface MediaSession {
  /** Begins. Call once. */
  start(): void;
  /** Capture time of what a `<video>` shows there, server wall clock in milliseconds; undefined while not known. */
  captureWallMs(mediaSeconds: number): number | undefined;
  /** Counters of now. */
  sample(): StatsSample;
  /** Ends it and lets go of the surface. May be called twice. */
  close(): void;
}
