import type { ServerResponse } from "node:http";
import { type Clock, type Log, systemClock } from "../../core/index.ts";
import type { AskedOutput, FallbackOutput, Visit } from "../output.ts";
import { checkVideo, PictureFeeds } from "./feeds.ts";
import { defaultPictureLimits, type PictureLimits } from "./limits.ts";
import { boundary } from "./picture.ts";
import { parseFps } from "./rate.ts";
import { MjpegSession } from "./session.ts";
import { Snapshots } from "./snapshots.ts";

export interface PicturesOptions {
  readonly log: Log;
  readonly clock?: Clock;
  readonly limits?: Partial<PictureLimits>;
}

/** Figures of the output. */
export interface PicturesStats {
  /** Streams whose pictures are made. */
  readonly feeds: number;
  readonly sessions: number;
  /** Streams for which snapshots wait. */
  readonly waiting: number;
}

/** M-JPEG (`.mjpg`) and snapshots (`.jpg`) of streams. */
export interface PicturesOutput extends FallbackOutput {
  readonly stats: PicturesStats;
}

export function createPicturesOutput(options: PicturesOptions): PicturesOutput {
  return new Pictures(options);
}

const headers: Readonly<Record<string, string>> = {
  "Content-Type": `multipart/x-mixed-replace; boundary=${boundary}`,
  "Cache-Control": "no-cache, no-store, no-transform",
  Pragma: "no-cache",
  Expires: "0",
  // nginx would gather pictures before it hands them on.
  "X-Accel-Buffering": "no",
  Connection: "close",
};

class Pictures implements PicturesOutput {
  readonly suffixes: readonly string[] = [".mjpg", ".jpg"];
  readonly transport = "mjpeg";
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #limits: PictureLimits;
  readonly #feeds: PictureFeeds;
  readonly #snapshots: Snapshots;
  readonly #sessions = new Set<MjpegSession>();

  constructor(options: PicturesOptions) {
    this.#log = options.log;
    this.#clock = options.clock ?? systemClock;
    this.#limits = { ...defaultPictureLimits, ...options.limits };
    this.#feeds = new PictureFeeds(this.#clock, this.#limits);
    this.#snapshots = new Snapshots(this.#feeds, this.#clock, this.#limits);
  }

  get stats(): PicturesStats {
    return {
      feeds: this.#feeds.size,
      sessions: this.#sessions.size,
      waiting: this.#snapshots.size,
    };
  }

  /** Single pictures of one client are one visit. */
  sessionOf({ suffix }: AskedOutput): string | undefined {
    return suffix === ".jpg" ? "" : undefined;
  }

  serve(visit: Visit, response: ServerResponse): void | Promise<void> {
    if (visit.suffix === ".jpg") return this.#snapshots.serve(visit, response);
    const fps = parseFps(visit.query, this.#limits);
    if (visit.request.method === "HEAD") {
      checkVideo(visit.stream);
      response.writeHead(200, headers).end();
      return;
    }
    this.#watch(visit, response, fps);
  }

  close(reason: string): void {
    this.#feeds.close(reason);
  }

  #watch(visit: Visit, response: ServerResponse, fps: number | undefined): void {
    const { stream } = visit;
    const feed = this.#feeds.of(stream);
    const session = new MjpegSession({
      response,
      feed,
      clock: this.#clock,
      limits: this.#limits,
      fps,
      onClose: (closed) => void this.#sessions.delete(closed),
    });
    try {
      const viewer = visit.addViewer("mjpeg", {
        onKick: (reason) => session.close(reason),
        stats: () => session.stats,
      });
      // The end is where the connection closes: no viewer needs chunks, and some cannot read them.
      response.useChunkedEncodingByDefault = false;
      session.follow();
      response.writeHead(200, headers);
      this.#sessions.add(session);
      session.start(viewer);
    } finally {
      this.#feeds.drop(feed);
    }
  }
}
