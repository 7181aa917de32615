import type { ServerResponse } from "node:http";
import { writeOpening } from "@millrace/media/multipart";
import type { Clock, Timer, Viewer, ViewerFigures } from "../../core/index.ts";
import { HttpTraffic } from "../http-traffic.ts";
import type { PictureFeed, PictureTaker } from "./feed.ts";
import type { PictureLimits } from "./limits.ts";
import { boundary, type Picture } from "./picture.ts";
import { RateLimit } from "./rate.ts";

const opening = writeOpening(boundary);

export interface MjpegSessionOptions {
  readonly response: ServerResponse;
  readonly feed: PictureFeed;
  readonly clock: Clock;
  readonly limits: PictureLimits;
  readonly fps: number | undefined;
  /** Called once, when it closes. */
  onClose(session: MjpegSession, code: string): void;
}

/**
 * One viewer of moving pictures. At most one picture is on its way to it; those that come meanwhile
 * are left out, and when it is through the newest one follows.
 */
export class MjpegSession implements PictureTaker {
  readonly #options: MjpegSessionOptions;
  readonly #rate: RateLimit;
  readonly #traffic = new HttpTraffic();
  readonly #flushed = (error?: Error | null): void => this.#taken(error);
  #viewer: Viewer | undefined;
  #last: Picture | undefined;
  #onItsWay = false;
  #missed = false;
  #repeated = false;
  #sentAtUs = 0;
  #sentPictures = 0;
  #droppedFrames = 0;
  #ending: Timer | undefined;
  #closed = false;

  constructor(options: MjpegSessionOptions) {
    this.#options = options;
    this.#rate = new RateLimit(options.fps);
  }

  get stats(): ViewerFigures {
    const { bytesSent, bytesReceived, waitingBytes } = this.#traffic;
    return {
      ...{ bytesSent, bytesReceived, waitingBytes, codecs: ["jpeg"] },
      framesSent: this.#sentPictures,
      framesDropped: this.#droppedFrames,
    };
  }

  /** Counts what is written from now on, the head included. */
  follow(): void {
    this.#traffic.follow(this.#options.response);
  }

  /** Begins the body, whose head is written already, with the newest picture. Takes the viewer over. */
  start(viewer: Viewer): void {
    const { response, feed } = this.#options;
    this.#viewer = viewer;
    response.on("close", () => this.#gone());
    response.on("error", () => this.#gone());
    response.write(opening);
    feed.join(this);
    if (feed.newest !== undefined) this.picture(feed.newest);
  }

  picture(picture: Picture): void {
    if (!this.#rate.admits(picture.ptsUs)) return;
    if (this.#onItsWay) {
      this.#droppedFrames++;
      this.#missed = true;
      return;
    }
    this.#send(picture);
  }

  tick(): void {
    const { clock, limits } = this.#options;
    const sinceMs = (clock.nowUs() - this.#sentAtUs) / 1000;
    if (this.#onItsWay) {
      if (sinceMs >= limits.stallMs) this.close("VIEWER_STALLED");
    } else if (!this.#repeated && this.#last !== undefined && sinceMs >= limits.repeatMs) {
      this.#send(this.#last);
      this.#repeated = true;
    }
  }

  ended(code: string): void {
    this.close(code);
  }

  /** What was handed over still goes out, for a short time. May be called twice. */
  close(code: string): void {
    if (code !== "VIEWER_STALLED") this.#traffic.settle();
    if (!this.#leave(code)) return;
    const { response, clock, limits } = this.#options;
    this.#ending = clock.after(limits.endMs, () => response.destroy());
    response.end();
  }

  #send(picture: Picture): void {
    this.#onItsWay = true;
    this.#missed = false;
    this.#repeated = false;
    this.#last = picture;
    this.#sentAtUs = this.#options.clock.nowUs();
    if (this.#sentPictures++ === 0) this.#viewer?.mediaStarted();
    this.#options.response.write(picture.part, this.#flushed);
  }

  #taken(error: Error | null | undefined): void {
    this.#onItsWay = false;
    if (error) return;
    this.#traffic.note();
    const { response, feed } = this.#options;
    if (!this.#missed || this.#closed || response.destroyed) return;
    if (feed.newest !== undefined) this.#send(feed.newest);
  }

  /** The connection is closed. */
  #gone(): void {
    this.#ending?.cancel();
    this.#leave("LEFT");
  }

  /** Whether it was not closed before. */
  #leave(code: string): boolean {
    if (this.#closed) return false;
    this.#closed = true;
    this.#options.feed.leave(this);
    this.#viewer?.close(code);
    this.#options.onClose(this, code);
    return true;
  }
}
