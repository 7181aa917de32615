import type { ViewerFigures } from "./figures.ts";
import type { Grant, Transport } from "./ports.ts";
import type { ClientVisit } from "./visits.ts";

export interface ViewerInfo {
  readonly transport: Transport;
  /** IP address without a port. */
  readonly address: string;
  readonly userAgent?: string | undefined;
  /** By which the client is known again when it comes back; shown by the client, so nothing may hang on it. */
  readonly clientId?: string | undefined;
  /** What it was allowed; without one, nothing ends it. */
  readonly grant?: Grant | undefined;
  /** The session's id in logs and the API; made here when absent. */
  readonly id?: string;
  /** Ends the viewer's session; the session then calls `Viewer.close`. */
  onKick?(reason: string): void;
  /** Figures of the session of now; after its end those that it ended with. */
  stats?(): ViewerFigures;
}

/** One viewer as the stream counts it. Whoever made it closes it when its session ends. */
export interface Viewer {
  readonly id: string;
  readonly info: ViewerInfo;
  readonly joinedWallMs: number;
  /** All that its client saw of the stream lately, this session included. */
  readonly visit: ClientVisit;
  /** The first media went to the viewer. Without effect from the second call on. */
  mediaStarted(): void;
  /**
   * Logs the end and tells it, once. `reason` is a stable code; `LEFT` when the viewer went by itself. Figures are
   * complete by now. May be called twice.
   */
  close(reason?: string): void;
}
