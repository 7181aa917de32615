import type { ServerResponse } from "node:http";
import { type Clock, type Log, systemClock } from "../../core/index.ts";
import type { FallbackOutput, Visit } from "../output.ts";
import { SoundFeeds } from "./feeds.ts";
import type { SoundFormat } from "./format.ts";
import { exposeIcyHeaders, soundHeaders } from "./headers.ts";
import { defaultSoundLimits, type SoundLimits } from "./limits.ts";
import { SoundSession } from "./session.ts";
import { checkSound, directTrack } from "./source.ts";
import { TitleBoard } from "./title-board.ts";

export interface SoundOptions {
  readonly log: Log;
  readonly clock?: Clock;
  /** Where titles are set; without one listeners are told the stream's name. */
  readonly titles?: TitleBoard;
  readonly limits?: Partial<SoundLimits>;
}

/** Figures of the output. */
export interface SoundOutputStats {
  /** Streams and formats that somebody listens to. */
  readonly feeds: number;
  readonly sessions: number;
}

/** Sound of streams as Icecast serves it: `.aac` and `.mp3`. */
export interface SoundOutput extends FallbackOutput {
  readonly titles: TitleBoard;
  readonly stats: SoundOutputStats;
}

/** @throws RangeError when limits contradict each other. */
export function createSoundOutput(options: SoundOptions): SoundOutput {
  return new Sound(options);
}

class Sound implements SoundOutput {
  readonly suffixes: readonly string[] = [".aac", ".mp3"];
  readonly transport = "icy";
  readonly titles: TitleBoard;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #limits: SoundLimits;
  readonly #feeds: SoundFeeds;
  readonly #sessions = new Set<SoundSession>();

  constructor(options: SoundOptions) {
    this.#log = options.log;
    this.#clock = options.clock ?? systemClock;
    this.titles = options.titles ?? new TitleBoard();
    this.#limits = { ...defaultSoundLimits, ...options.limits };
    if (this.#limits.maxLateMs <= this.#limits.burstMs) throw new RangeError("maxLateMs too small");
    this.#feeds = new SoundFeeds(this.#clock, this.#limits, this.titles);
  }

  get stats(): SoundOutputStats {
    return { feeds: this.#feeds.size, sessions: this.#sessions.size };
  }

  serve(visit: Visit, response: ServerResponse): void {
    const format = visit.suffix === ".mp3" ? "mp3" : "aac";
    if (visit.request.method === "HEAD") {
      checkSound(visit.stream, format);
      const own = directTrack(visit.stream, format);
      this.#writeHead(visit, response, format, own?.bitrateBps);
      response.end();
      return;
    }
    this.#listen(visit, response, format);
  }

  close(reason: string): void {
    this.#feeds.close(reason);
  }

  #listen(visit: Visit, response: ServerResponse, format: SoundFormat): void {
    const { stream } = visit;
    const feed = this.#feeds.of(stream, format);
    const session = new SoundSession({
      response,
      feed,
      clock: this.#clock,
      limits: this.#limits,
      metadata: wantsMetadata(visit),
      onClose: (closed) => void this.#sessions.delete(closed),
    });
    try {
      const viewer = visit.addViewer("icy", {
        onKick: (reason) => session.close(reason),
        stats: () => session.stats,
      });
      // The end is where the connection closes: players of this kind count bytes and know no chunks.
      response.useChunkedEncodingByDefault = false;
      session.follow();
      this.#writeHead(visit, response, format, feed.bitrateBps);
      this.#sessions.add(session);
      session.start(viewer);
    } finally {
      this.#feeds.drop(feed);
    }
  }

  #writeHead(
    visit: Visit,
    response: ServerResponse,
    format: SoundFormat,
    bitrateBps: number | undefined,
  ): void {
    exposeIcyHeaders(response);
    const headers = soundHeaders({
      format,
      name: visit.stream.name,
      bitrateBps: bitrateBps === 0 ? undefined : bitrateBps,
      metadataInterval: wantsMetadata(visit) ? this.#limits.metadataInterval : undefined,
    });
    response.writeHead(200, headers);
  }
}

function wantsMetadata(visit: Visit): boolean {
  return visit.request.headers["icy-metadata"] === "1";
}
