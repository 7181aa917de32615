import type { ServerResponse } from "node:http";
import type { Clock, Stream } from "../../core/index.ts";
import { HttpRefusal } from "../door/problem.ts";
import type { Visit } from "../output.ts";
import type { PictureFeeds } from "./feeds.ts";
import type { PictureLimits } from "./limits.ts";
import type { Picture } from "./picture.ts";
import { SnapshotWait } from "./snapshot-wait.ts";

/** Answers with the newest picture of a stream as a file. Requests in short succession share one. */
export class Snapshots {
  readonly #feeds: PictureFeeds;
  readonly #clock: Clock;
  readonly #limits: PictureLimits;
  readonly #waiting = new Map<Stream, Set<SnapshotWait>>();

  constructor(feeds: PictureFeeds, clock: Clock, limits: PictureLimits) {
    this.#feeds = feeds;
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Streams for which snapshots wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /**
   * GET and HEAD alike: both need the picture, for its length and time.
   * @throws RefusedError `PICTURE_TIMEOUT` 504, `SNAPSHOTS_BUSY` 503, and what `PictureFeeds.of` throws.
   */
  async serve(visit: Visit, response: ServerResponse): Promise<void> {
    const picture = await this.#newest(visit.stream, response);
    if (picture === undefined || response.destroyed) return;
    exposeCaptureTime(response);
    const stalled = this.#clock.after(this.#limits.stallMs, () => response.destroy());
    response.once("close", () => stalled.cancel());
    response.writeHead(200, {
      "Content-Type": "image/jpeg",
      "Content-Length": picture.jpeg.byteLength,
      "Cache-Control": "no-cache",
      "Last-Modified": new Date(picture.capturedMs).toUTCString(),
      "Millrace-Captured-At": new Date(picture.capturedMs).toISOString(),
    });
    response.end(visit.request.method === "HEAD" ? undefined : picture.jpeg);
  }

  /** Undefined when the client left. */
  async #newest(stream: Stream, response: ServerResponse): Promise<Picture | undefined> {
    const feed = this.#feeds.of(stream);
    if (feed.newest !== undefined && feed.ageMs <= this.#limits.snapshotMaxAgeMs) {
      this.#feeds.drop(feed);
      return feed.newest;
    }
    const waiting = this.#waiting.get(stream) ?? new Set();
    if (waiting.size >= this.#limits.maxWaitingSnapshots) {
      throw new HttpRefusal("SNAPSHOTS_BUSY", 503, "Too many wait for a picture already.", {
        "Retry-After": "1",
      });
    }
    const wait = new SnapshotWait(feed, this.#clock, this.#limits);
    waiting.add(wait);
    this.#waiting.set(stream, waiting);
    const cancel = (): void => wait.cancel();
    response.once("close", cancel);
    try {
      return await wait.result;
    } catch (error) {
      if (response.destroyed) return undefined;
      throw error;
    } finally {
      response.off("close", cancel);
      waiting.delete(wait);
      if (waiting.size === 0) this.#waiting.delete(stream);
    }
  }
}

/** Lets pages of other origins, where they may read the answer, read the capture time too. */
function exposeCaptureTime(response: ServerResponse): void {
  const present = response.getHeader("Access-Control-Expose-Headers");
  if (typeof present !== "string") return;
  response.setHeader("Access-Control-Expose-Headers", `${present}, Millrace-Captured-At`);
}
