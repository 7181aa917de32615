import type { Stages } from "../player/ladder/stages.ts";
import { startPlayback } from "../player/playback.ts";
import type { TransportSurface } from "../player/transports/transport.ts";
import type { Picture } from "./picture.ts";

/** What happens to the picture besides what the player asks of it. */
export interface SurfaceEvents {
  /** Sound or volume changed. */
  changed(): void;
  /** Another video is in sight. */
  moved(from: HTMLVideoElement, to: HTMLVideoElement): void;
  /** The browser plays nothing without a gesture, not even muted. */
  blocked(): void;
  /** A gesture came after `blocked`. */
  unblocked(): void;
  /** The browser's own controls (picture in picture, media keys) paused or started the video. */
  pausedByBrowser(): void;
  playedByBrowser(): void;
  /** Whether what is attached shall play. */
  wanted(): boolean;
}

/** Browsers pause a video that is unmuted without a gesture this soon. */
const unmuteRefusedMs = 500;

/** Playback and sound of what is in sight, silent playback of what warms up. */
export class Surface implements Stages {
  readonly #picture: Picture;
  readonly #events: SurfaceEvents;
  #gesture: AbortController | undefined;
  /** The viewer muted it: no offer to unmute. */
  #declined = false;
  #unmutedAtMs = Number.NEGATIVE_INFINITY;
  /** Counts starts: only the last one is current. */
  #starts = 0;

  constructor(picture: Picture, events: SurfaceEvents) {
    this.#picture = picture;
    this.#events = events;
  }

  /** The video in sight. */
  get video(): HTMLVideoElement {
    return this.#picture.video;
  }

  /** Whether the viewer should be offered sound: it is off, and not by the viewer's own wish. */
  get offersUnmute(): boolean {
    return this.video.muted && !this.#declined && !this.#picture.isImage;
  }

  /** Listens to the elements until `signal`. */
  listen(signal: AbortSignal): void {
    for (const video of this.#picture.videos) {
      const on = (name: string, told: () => void) => {
        video.addEventListener(name, () => video === this.video && told(), { signal });
      };
      on("volumechange", () => this.#events.changed());
      on("pause", () => this.#paused());
      on("play", () => this.#events.playedByBrowser());
    }
    signal.addEventListener("abort", () => this.#gesture?.abort());
  }

  take(drivesElement: boolean): TransportSurface {
    const place = this.#picture.take();
    // A stream of before would win over the transport's own source.
    if (drivesElement) place.video.srcObject = null;
    return place;
  }

  attach(place: TransportSurface, source: MediaProvider | "attached"): void {
    if (source !== "attached") place.video.srcObject = source;
    if (this.#picture.isInSight(place)) void this.#start(place);
    else this.#playSilently(place);
  }

  show(place: TransportSurface, drawn: "video" | "image"): void {
    const before = this.video;
    const moved = before !== place.video;
    if (moved) {
      place.video.volume = before.volume;
      place.video.muted = before.muted;
      if (!before.muted) this.#unmutedAtMs = performance.now();
    }
    this.#picture.show(place, drawn);
    if (!moved) return;
    before.muted = true;
    if (drawn === "video") void this.#start(place);
    this.#events.moved(before, place.video);
  }

  keep(place: TransportSurface): void {
    if (this.#picture.isInSight(place)) this.#picture.keep();
  }

  free(place: TransportSurface): void {
    this.#picture.free(place);
  }

  /** Takes the last picture away. */
  detach(): void {
    this.#picture.clear();
  }

  pause(): void {
    this.video.pause();
  }

  /** Starts again what the browser stopped while the page was hidden. */
  resume(): void {
    const { video } = this;
    if (hasMedia(video) && video.paused) void this.#startVideo(video);
  }

  /** Call it in a gesture of the viewer when it gives sound. */
  setMuted(muted: boolean): void {
    this.#declined = muted;
    if (!muted && this.video.muted) {
      this.#unmutedAtMs = performance.now();
      this.#picture.bless();
    }
    this.video.muted = muted;
    if (!muted && this.video.volume === 0) this.video.volume = 0.5;
  }

  /** Takes 0 to 1; what is outside is cut off. */
  setVolume(volume: number): void {
    this.video.volume = Math.min(1, Math.max(0, volume));
    this.video.muted = this.video.volume === 0;
    this.#declined = this.video.muted;
  }

  async #start(place: TransportSurface): Promise<void> {
    await this.#startVideo(place.video);
    // It went out of sight meanwhile: there it warms up, or shines through until its transport lets go.
    if (!this.#picture.isInSight(place)) this.#playSilently(place);
  }

  async #startVideo(video: HTMLVideoElement): Promise<void> {
    const start = ++this.#starts;
    const current = () => start === this.#starts && video === this.video && this.#events.wanted();
    if ((await startPlayback(video, current)) === "blocked") this.#blocked();
    this.#events.changed();
  }

  #playSilently(place: TransportSurface): void {
    place.video.muted = true;
    if (this.#picture.isLent(place)) void place.video.play().catch(() => {});
  }

  /** Any gesture on the page will do, once. */
  #blocked(): void {
    this.#events.blocked();
    this.#gesture?.abort();
    const gesture = new AbortController();
    this.#gesture = gesture;
    for (const name of ["pointerup", "keydown"]) {
      document.addEventListener(
        name,
        () => {
          gesture.abort();
          this.#events.unblocked();
        },
        { signal: gesture.signal, capture: true },
      );
    }
  }

  #paused(): void {
    const flowing = hasMedia(this.video) && !this.video.ended;
    if (!flowing || document.visibilityState !== "visible") return;
    if (performance.now() - this.#unmutedAtMs < unmuteRefusedMs) this.resume();
    else this.#events.pausedByBrowser();
  }
}

/** Whether there is something to play that has not ended. */
function hasMedia(video: HTMLVideoElement): boolean {
  const stream = video.srcObject;
  if (stream instanceof MediaStream) return stream.active;
  return video.readyState >= HTMLMediaElement.HAVE_METADATA;
}
