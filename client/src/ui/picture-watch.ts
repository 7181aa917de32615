import type { PlayerController } from "../player/controller.ts";
import { listenForNetwork } from "../player/network.ts";
import { browserScheduler } from "../player/scheduler.ts";
import { FrameWatch } from "./frame-watch.ts";
import type { Picture } from "./picture.ts";
import { ViewportWatch } from "./viewport-watch.ts";

/** Is told what is seen. */
export interface PictureWitness {
  /** A frame of the video in sight is shown. Monotonic milliseconds. */
  frame(shownAtMs: number): void;
  /** Looks at the page until `signal`. */
  start(signal: AbortSignal): void;
}

/** Tells the controller what browsers tell of a picture and its page: frames, size, network. */
export class PictureWatch {
  readonly #controller: PlayerController;
  readonly #frames: readonly FrameWatch[];
  readonly #viewport: ViewportWatch;

  readonly #witness: PictureWitness;

  constructor(picture: Picture, controller: PlayerController, witness: PictureWitness) {
    this.#controller = controller;
    this.#witness = witness;
    this.#frames = picture.videos.map(
      (video) =>
        new FrameWatch(video, (frame) => {
          controller.frame(frame, video);
          if (video === picture.video) witness.frame(frame.shownAtMs);
        }),
    );
    this.#viewport = new ViewportWatch(picture, browserScheduler, (viewport) =>
      controller.prefer({ viewport }),
    );
  }

  /** Until `signal`. */
  start(signal: AbortSignal): void {
    this.#viewport.start(signal);
    this.#witness.start(signal);
    for (const frames of this.#frames) frames.start();
    listenForNetwork((online) => this.#controller.networkIs(online), signal);
    signal.addEventListener("abort", () => {
      for (const frames of this.#frames) frames.stop();
    });
  }
}
