import type { TransportSurface } from "../player/transports/transport.ts";
import { h } from "./dom.ts";

/**
 * Two places for a picture, one above the other: one in sight, one for what warms up. Over them an image for ways that
 * draw on one, and a still that keeps the last picture while nothing moves.
 */
export class Picture {
  readonly element: HTMLElement;
  readonly #places: readonly [TransportSurface, TransportSurface];
  readonly #image: HTMLImageElement;
  readonly #still: HTMLCanvasElement;
  readonly #lent = new Set<TransportSurface>();
  #front: TransportSurface;
  /** Every picture was taken away, and none has come since. */
  #blank = true;

  constructor() {
    this.#image = h("img", { alt: "", hidden: true, "data-testid": "image" });
    this.#still = h("canvas", { hidden: true, "aria-hidden": "true", "data-testid": "still" });
    const place = (): TransportSurface => ({
      video: h("video", { playsinline: true }),
      image: this.#image,
    });
    this.#places = [place(), place()];
    this.#front = this.#places[0];
    this.#order();
    this.element = h(
      "div",
      { class: "picture" },
      ...this.#places.map(({ video }) => video),
      this.#image,
      this.#still,
    );
  }

  /** The video in sight; it has the sound too. */
  get video(): HTMLVideoElement {
    return this.#front.video;
  }

  /** Both videos. */
  get videos(): readonly HTMLVideoElement[] {
    return this.#places.map(({ video }) => video);
  }

  /** Whether an image is shown, which has no sound. */
  get isImage(): boolean {
    return !this.#image.hidden;
  }

  set poster(url: string) {
    for (const { video } of this.#places) video.poster = url;
  }

  isInSight(place: TransportSurface): boolean {
    return place === this.#front;
  }

  /** Whether a transport has it. */
  isLent(place: TransportSurface): boolean {
    return this.#lent.has(place);
  }

  /** A place that no transport has; the one in sight first. */
  take(): TransportSurface {
    const spare = this.#spare;
    const place = this.#lent.has(this.#front) ? spare : this.#front;
    this.#lent.add(place);
    return place;
  }

  /** The transport has let go of it. */
  free(place: TransportSurface): void {
    this.#lent.delete(place);
    // The last frame of one in sight stays, and with it the window of picture in picture.
    if (!this.isInSight(place) || this.#blank) this.#empty(place);
  }

  /** Brings `place` into sight. */
  show(place: TransportSurface, drawn: "video" | "image"): void {
    this.#front = place;
    this.#blank = false;
    this.#image.hidden = drawn !== "image";
    this.#still.hidden = true;
    this.#order();
  }

  /** Keeps what is in sight as a still, until `show` or `clear`. */
  keep(): void {
    if (this.#blank) return;
    const { video } = this.#front;
    const source = this.isImage ? this.#image : video;
    const width = this.isImage ? this.#image.naturalWidth : video.videoWidth;
    const height = this.isImage ? this.#image.naturalHeight : video.videoHeight;
    const drawable = this.isImage
      ? width > 0
      : video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
    if (!drawable || width === 0 || height === 0) return;
    this.#still.width = width;
    this.#still.height = height;
    try {
      this.#still.getContext("2d")?.drawImage(source, 0, 0);
    } catch {
      // A broken image: the still before it stays.
      return;
    }
    this.#still.hidden = false;
    this.#image.hidden = true;
  }

  /** Takes every picture away. */
  clear(): void {
    this.#blank = true;
    this.#still.hidden = true;
    this.#image.hidden = true;
    for (const place of this.#places) {
      place.video.srcObject = null;
      // What a transport drives itself goes when it lets go.
      if (!this.isLent(place)) this.#empty(place);
    }
  }

  /**
   * Gives the video out of sight what only a gesture of the viewer gives: WebKit lets each video play sound only after
   * one. Call it in a gesture.
   */
  bless(): void {
    const { video } = this.#spare;
    if (!this.isLent(this.#spare)) video.load();
    else if (!video.paused) void video.play().catch(() => {});
  }

  #empty(place: TransportSurface): void {
    place.video.srcObject = null;
    place.video.removeAttribute("src");
  }

  get #spare(): TransportSurface {
    return this.#places[this.#front === this.#places[0] ? 1 : 0];
  }

  /** Names and styles go with what is in sight. */
  #order(): void {
    const { video } = this.#front;
    const spare = this.#spare.video;
    video.className = "";
    video.setAttribute("part", "video");
    video.dataset["testid"] = "video";
    video.removeAttribute("aria-hidden");
    spare.className = "away";
    spare.removeAttribute("part");
    spare.dataset["testid"] = "video-away";
    spare.setAttribute("aria-hidden", "true");
  }
}
