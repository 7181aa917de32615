/** When a connected publisher is looked after. Limits of its signaling are those of all sessions. */
export interface PublishLimits {
  /**
   * A connected publisher that has lines to send on and sends no RTP for so long is closed with `PUBLISHER_SILENT`; 0: never.
   * Muted microphones and cameras of browsers still send, so silence means that the sender hangs or its
   * device sleeps, while it keeps the name from others and viewers look at a still picture. Milliseconds.
   */
  readonly silentMs: number;
  /** How often that is looked at, and how soon the client is told how many watch. Milliseconds. */
  readonly watchMs: number;
}

export const defaultPublishLimits: PublishLimits = { silentMs: 30_000, watchMs: 1_000 };
