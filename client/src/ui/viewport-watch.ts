import type { Scheduler } from "../player/scheduler.ts";

/** Size in device pixels. */
export interface Viewport {
  readonly width: number;
  readonly height: number;
}

/** How long a size has to last before it is told: it changes with every frame while a window is dragged. */
export const viewportQuietMs = 300;

/** Tells in which size a picture is shown, when that has come to rest; null: not at all. */
export class ViewportReporter {
  readonly #scheduler: Scheduler;
  readonly #told: (viewport: Viewport | null) => void;
  #last: string | undefined;
  #cancel: (() => void) | undefined;

  constructor(scheduler: Scheduler, told: (viewport: Viewport | null) => void) {
    this.#scheduler = scheduler;
    this.#told = told;
  }

  /** The size is now `width` times `height` device pixels, with fractions; nothing of it means not shown. */
  sizeIs(width: number, height: number): void {
    const shown = width >= 1 && height >= 1;
    const viewport = shown ? { width: Math.round(width), height: Math.round(height) } : null;
    const text = JSON.stringify(viewport);
    this.#cancel?.();
    this.#cancel = undefined;
    if (text === this.#last) return;
    const tell = () => {
      this.#cancel = undefined;
      this.#last = text;
      this.#told(viewport);
    };
    // The first size counts at once: the first layer is chosen by it.
    if (this.#last === undefined) tell();
    else this.#cancel = this.#scheduler.after(viewportQuietMs, tell);
  }

  /** May be called twice. */
  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}

/** Watches the size of a picture on the page, or of its window while one of its videos is in picture in picture. */
export class ViewportWatch {
  readonly #picture: { readonly element: Element; readonly videos: readonly HTMLVideoElement[] };
  readonly #reporter: ViewportReporter;
  readonly #observer: ResizeObserver | undefined;
  #window: PictureInPictureWindow | undefined;
  #onPage: Viewport = { width: 0, height: 0 };

  constructor(
    picture: { readonly element: Element; readonly videos: readonly HTMLVideoElement[] },
    scheduler: Scheduler,
    told: (viewport: Viewport | null) => void,
  ) {
    this.#picture = picture;
    this.#reporter = new ViewportReporter(scheduler, told);
    if (!("ResizeObserver" in globalThis)) return;
    this.#observer = new ResizeObserver((entries) => {
      for (const { contentRect } of entries) {
        const { devicePixelRatio } = globalThis;
        this.#onPage = {
          width: contentRect.width * devicePixelRatio,
          height: contentRect.height * devicePixelRatio,
        };
      }
      this.#report();
    });
  }

  /** Until `signal`. */
  start(signal: AbortSignal): void {
    this.#observer?.observe(this.#picture.element);
    for (const video of this.#picture.videos) this.#watchWindow(video, signal);
    signal.addEventListener("abort", () => {
      this.#observer?.disconnect();
      this.#reporter.close();
    });
  }

  #watchWindow(video: HTMLVideoElement, signal: AbortSignal): void {
    let own: PictureInPictureWindow | undefined;
    video.addEventListener(
      "enterpictureinpicture",
      (event) => {
        own = (event as PictureInPictureEvent).pictureInPictureWindow;
        this.#window = own;
        own.addEventListener("resize", () => this.#report(), { signal });
        this.#report();
      },
      { signal },
    );
    video.addEventListener(
      "leavepictureinpicture",
      () => {
        // The other video may have taken the window over already.
        if (this.#window === own) this.#window = undefined;
        this.#report();
      },
      { signal },
    );
  }

  #report(): void {
    const scale = globalThis.devicePixelRatio;
    const { width, height } =
      this.#window === undefined
        ? this.#onPage
        : { width: this.#window.width * scale, height: this.#window.height * scale };
    this.#reporter.sizeIs(width, height);
  }
}
