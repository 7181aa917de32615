import type { TransportSurface } from "../transports/transport.ts";

/**
 * The places where something can be shown: one in sight, one for the rung that warms up. Playback, sound and what is in
 * sight are theirs; transports only fill them.
 */
export interface Stages {
  /**
   * A place that is free; the one in sight, when it is. There are two, and never more are taken. `drivesElement`: the
   * transport sets the element's source itself.
   */
  take(drivesElement: boolean): TransportSurface;
  /** Puts media on a place and plays it: with the viewer's sound in sight, muted out of sight. */
  attach(surface: TransportSurface, source: MediaProvider | "attached"): void;
  /** Brings a place into sight, with the sound; the other one goes out of sight and silent. */
  show(surface: TransportSurface, drawn: "video" | "image"): void;
  /** Keeps the picture that is in sight, if it is this place's, before its transport lets go of it. */
  keep(surface: TransportSurface): void;
  /** Its transport has let go: empties the place. A picture that was kept stays in sight until the next `show`. */
  free(surface: TransportSurface): void;
}

/** Places of nothing, for players without a view. */
export function blindStages(): Stages {
  return {
    take: () => ({}) as TransportSurface,
    attach() {},
    show() {},
    keep() {},
    free() {},
  };
}
