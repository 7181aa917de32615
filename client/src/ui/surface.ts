import { startPlayback } from "../player/playback.ts";

/** What happens to the video element besides what the player asks of it. */
export interface SurfaceEvents {
  /** Sound or volume changed. */
  changed(): void;
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

/** The video element: what is attached to it, whether it plays, and its sound. */
export class Surface {
  readonly video: HTMLVideoElement;
  readonly #events: SurfaceEvents;
  #gesture: AbortController | undefined;
  /** The viewer muted it: no offer to unmute. */
  #declined = false;
  #unmutedAtMs = Number.NEGATIVE_INFINITY;

  constructor(video: HTMLVideoElement, events: SurfaceEvents) {
    this.video = video;
    this.#events = events;
  }

  /** Whether the viewer should be offered sound: it is off, and not by the viewer's own wish. */
  get offersUnmute(): boolean {
    return this.video.muted && !this.#declined;
  }

  /** Listens to the element until `signal`. */
  listen(signal: AbortSignal): void {
    const { video } = this;
    video.addEventListener("volumechange", () => this.#events.changed(), { signal });
    video.addEventListener("pause", () => this.#paused(), { signal });
    video.addEventListener("play", () => this.#events.playedByBrowser(), { signal });
    signal.addEventListener("abort", () => this.#gesture?.abort());
  }

  /** Shows `source` and plays it, muted when the browser gives no sound without a gesture. */
  attach(source: MediaProvider): void {
    this.video.srcObject = source;
    void this.#start(source);
  }

  /** Takes the last picture away. */
  detach(): void {
    this.video.srcObject = null;
  }

  pause(): void {
    this.video.pause();
  }

  /** Starts again what the browser stopped while the page was hidden. */
  resume(): void {
    const source = this.video.srcObject;
    if (source !== null && this.video.paused) void this.#start(source);
  }

  setMuted(muted: boolean): void {
    this.#declined = muted;
    if (!muted && this.video.muted) this.#unmutedAtMs = performance.now();
    this.video.muted = muted;
    if (!muted && this.video.volume === 0) this.video.volume = 0.5;
  }

  /** Takes 0 to 1; what is outside is cut off. */
  setVolume(volume: number): void {
    this.video.volume = Math.min(1, Math.max(0, volume));
    this.video.muted = this.video.volume === 0;
    this.#declined = this.video.muted;
  }

  async #start(source: MediaProvider): Promise<void> {
    const { video } = this;
    const current = () => video.srcObject === source && this.#events.wanted();
    if ((await startPlayback(video, current)) === "blocked") this.#blocked();
    this.#events.changed();
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
    const media = this.video.srcObject;
    const flowing = media instanceof MediaStream && media.active && !this.video.ended;
    if (!flowing || document.visibilityState !== "visible") return;
    if (performance.now() - this.#unmutedAtMs < unmuteRefusedMs) this.resume();
    else this.#events.pausedByBrowser();
  }
}
