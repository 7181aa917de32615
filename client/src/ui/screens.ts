/** WebKit on phones gives full screen to the video element only. */
interface WebKitVideo extends HTMLVideoElement {
  webkitEnterFullscreen?(): void;
  readonly webkitSupportsFullscreen?: boolean;
}

type Mode = "on" | "off" | "missing";

/** Full screen and picture in picture of one player. */
export class Screens {
  readonly #host: HTMLElement;
  readonly #root: ShadowRoot;
  readonly #video: WebKitVideo;

  constructor(host: HTMLElement, root: ShadowRoot, video: HTMLVideoElement) {
    this.#host = host;
    this.#root = root;
    this.#video = video;
  }

  get fullscreen(): Mode {
    if (document.fullscreenElement === this.#host) return "on";
    if (document.fullscreenEnabled) return "off";
    return this.#video.webkitEnterFullscreen === undefined ? "missing" : "off";
  }

  get pictureInPicture(): Mode {
    if (!document.pictureInPictureEnabled) return "missing";
    return this.#root.pictureInPictureElement === this.#video ? "on" : "off";
  }

  /** Calls back when either changes, until `signal`. */
  listen(changed: () => void, signal: AbortSignal): void {
    this.#video.addEventListener("enterpictureinpicture", changed, { signal });
    this.#video.addEventListener("leavepictureinpicture", changed, { signal });
    document.addEventListener("fullscreenchange", changed, { signal });
  }

  /** Refusals by the browser are the viewer's to see: nothing happens then. */
  async toggleFullscreen(): Promise<void> {
    try {
      if (this.fullscreen === "on") await document.exitFullscreen();
      else if (document.fullscreenEnabled) await this.#host.requestFullscreen();
      else this.#video.webkitEnterFullscreen?.();
    } catch {
      // Without a user gesture, or forbidden by the page around an iframe.
    }
  }

  async togglePictureInPicture(): Promise<void> {
    try {
      if (this.pictureInPicture === "on") await document.exitPictureInPicture();
      else if (this.pictureInPicture === "off") await this.#video.requestPictureInPicture();
    } catch {
      // Without metadata or a user gesture.
    }
  }
}
