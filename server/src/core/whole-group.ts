import type { Stream } from "./stream.ts";

/** Of a stream without video, so much sound is as good as a group of pictures. Microseconds. */
const enoughSoundUs = 1_000_000;
/** Beginnings of groups that must have been seen, so that one group is whole. */
const enoughGroups = 2;

/** Finds out whether a stream has a whole group of pictures for late viewers, by looking now and then. */
export class WholeGroup {
  readonly #stream: Stream;
  #startUs: number | undefined;
  #groups = 0;

  /** What the stream has already is of a publisher before. */
  constructor(stream: Stream) {
    this.#stream = stream;
    this.#startUs = stream.track("video")?.cache.startUs;
  }

  isKept(): boolean {
    const video = this.#stream.track("video");
    if (video === undefined) return this.#hasSound();
    // Of forwarded packets, all since the newest key frame are kept.
    const layers = video.packets?.encodings;
    if (layers !== undefined) return layers.some(({ group }) => group.length > 0);
    const { startUs } = video.cache;
    if (startUs !== undefined && startUs !== this.#startUs) {
      this.#startUs = startUs;
      this.#groups++;
    }
    return this.#groups >= enoughGroups;
  }

  #hasSound(): boolean {
    const audio = this.#stream.track("audio");
    if (audio === undefined) return false;
    if (audio.packets !== undefined) {
      return audio.packets.encodings.some(({ active }) => active);
    }
    const { frames } = audio.cache;
    const first = frames[0];
    const last = frames.at(-1);
    return first !== undefined && (last?.dtsUs ?? 0) - first.dtsUs >= enoughSoundUs;
  }
}
