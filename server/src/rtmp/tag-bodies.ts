import { writeFrameBody } from "@millrace/media/flv";
import type { Frame, TrackInfo } from "@millrace/media/frame";
import type { Track } from "../core/track.ts";

interface LastBody {
  readonly frame: Frame;
  readonly info: TrackInfo;
  readonly body: Uint8Array;
}

/**
 * Tag bodies shared by all players: a track hands a frame to one after the other, so the body made
 * for the first serves them all. Only who is late costs a body of its own.
 */
export class TagBodies {
  readonly #last = new WeakMap<Track, LastBody>();

  /** The frame's tag body; must not be changed. */
  of(track: Track, frame: Frame): Uint8Array {
    const last = this.#last.get(track);
    const { info } = track;
    if (last?.frame === frame && last.info === info) return last.body;
    const body = writeFrameBody(frame, info);
    this.#last.set(track, { frame, info, body });
    return body;
  }
}
