import type { Picture } from "./picture.ts";

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
  readonly #picture: Picture;

  constructor(host: HTMLElement, root: ShadowRoot, picture: Picture) {
    this.#host = host;
    this.#root = root;
    this.#picture = picture;
  }

  get #video(): WebKitVideo {
    return this.#picture.video;
  }

  get fullscreen(): Mode {
    if (document.fullscreenElement === this.#host) return "on";
    if (document.fullscreenEnabled) return "off";
    return this.#video.webkitEnterFullscreen === undefined ? "missing" : "off";
  }

  get pictureInPicture(): Mode {
    if (!document.pictureInPictureEnabled) return "missing";
    const inWindow = this.#root.pictureInPictureElement;
    return this.#picture.videos.some((video) => video === inWindow) ? "on" : "off";
  }

  /** Calls back when either changes, until `signal`. */
  listen(changed: () => void, signal: AbortSignal): void {
    for (const video of this.#picture.videos) {
      video.addEventListener("enterpictureinpicture", changed, { signal });
      video.addEventListener("leavepictureinpicture", changed, { signal });
    }
    document.addEventListener("fullscreenchange", changed, { signal });
  }

  /** Another video is in sight: a window of picture in picture goes on with it. That needs no gesture. */
  follow(from: HTMLVideoElement, to: HTMLVideoElement): void {
    if (this.#root.pictureInPictureElement !== from) return;
    // An image has no window, and phones may refuse: the player on the page has the picture in any case.
    void to.requestPictureInPicture().catch(() => {});
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
