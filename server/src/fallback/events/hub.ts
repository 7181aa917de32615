import { type Clock, RefusedError, type Stream, type Timer } from "../../core/index.ts";
import type { Fmp4Outputs, Fmp4Sound } from "../fmp4/fragments.ts";
import { EventLog } from "./event-log.ts";
import { defaultHubLimits, type HubLimits } from "./limits.ts";
import { PartFeed } from "./part-feed.ts";
import { StreamWatch } from "./stream-watch.ts";

export interface EventHubOptions {
  readonly fragments: Fmp4Outputs;
  readonly clock: Clock;
  readonly limits?: Partial<HubLimits>;
}

/** Somebody uses it; the last one's going starts the time after which it is closed. */
interface Use {
  users: number;
  lastUs: number;
}

interface KeptLog extends Use {
  readonly log: EventLog;
  readonly watch: StreamWatch;
}

interface KeptFeed extends Use {
  readonly feed: PartFeed;
}

/** A share in a log or a feed. */
export interface Share<T> {
  readonly of: T;
  /** May be called twice. */
  release(): void;
}

/**
 * The event log and the part feeds of each stream, from their first listener until some time after
 * the last, so that those who come back go on where they were.
 */
export class EventHub {
  readonly #fragments: Fmp4Outputs;
  readonly #clock: Clock;
  readonly #limits: HubLimits;
  readonly #logs = new Map<Stream, KeptLog>();
  readonly #feeds: Readonly<Record<Fmp4Sound, Map<Stream, KeptFeed>>> = {
    native: new Map(),
    aac: new Map(),
  };
  #timer: Timer | undefined;

  constructor(options: EventHubOptions) {
    this.#fragments = options.fragments;
    this.#clock = options.clock;
    this.#limits = { ...defaultHubLimits, ...options.limits };
  }

  /** How many logs and feeds there are. */
  get size(): { readonly logs: number; readonly feeds: number } {
    return { logs: this.#logs.size, feeds: this.#feeds.native.size + this.#feeds.aac.size };
  }

  /** @throws RefusedError `STREAM_NOT_FOUND` 404. */
  shareLog(stream: Stream): Share<EventLog> {
    refuseEnded(stream);
    let kept = this.#logs.get(stream);
    if (kept === undefined) {
      const log = new EventLog(stream, this.#limits);
      const watch = new StreamWatch(log, this.#limits, () => this.#logs.delete(stream));
      kept = { log, watch, users: 0, lastUs: 0 };
      this.#logs.set(stream, kept);
      this.#check();
    }
    return this.#share(kept, kept.log);
  }

  /** @throws RefusedError `STREAM_NOT_FOUND` 404, or why there are no fragments. */
  shareFeed(stream: Stream, sound: Fmp4Sound): Share<PartFeed> {
    refuseEnded(stream);
    const feeds = this.#feeds[sound];
    let kept = feeds.get(stream);
    if (kept === undefined) {
      const feed = new PartFeed(this.#fragments.lease(stream, sound), () => feeds.delete(stream));
      if (feed.endedCode !== undefined) {
        throw new RefusedError(feed.endedCode, 503, "The media of this stream cannot be had now.");
      }
      kept = { feed, users: 0, lastUs: 0 };
      feeds.set(stream, kept);
      this.#check();
    }
    return this.#share(kept, kept.feed);
  }

  /** Drops everything, without telling anybody. May be called twice. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const { watch } of this.#logs.values()) watch.close();
    this.#logs.clear();
    for (const feeds of [this.#feeds.native, this.#feeds.aac]) {
      for (const { feed } of feeds.values()) feed.close("SHUTTING_DOWN");
      feeds.clear();
    }
  }

  #share<T>(use: Use, of: T): Share<T> {
    use.users++;
    let held = true;
    return {
      of,
      release: () => {
        if (!held) return;
        held = false;
        use.users--;
        use.lastUs = this.#clock.nowUs();
      },
    };
  }

  #check(): void {
    this.#timer ??= this.#clock.after(this.#limits.checkMs, () => {
      this.#timer = undefined;
      this.#expire();
      for (const { watch } of [...this.#logs.values()]) watch.check();
      const { logs, feeds } = this.size;
      if (logs + feeds > 0) this.#check();
    });
  }

  #expire(): void {
    const nowUs = this.#clock.nowUs();
    const { logLingerMs, feedLingerMs } = this.#limits;
    for (const [stream, kept] of this.#logs) {
      if (kept.users > 0 || nowUs - kept.lastUs < logLingerMs * 1000) continue;
      kept.watch.close();
      this.#logs.delete(stream);
    }
    for (const feeds of [this.#feeds.native, this.#feeds.aac]) {
      for (const [stream, kept] of feeds) {
        if (kept.users > 0 || nowUs - kept.lastUs < feedLingerMs * 1000) continue;
        feeds.delete(stream);
        kept.feed.close("UNUSED");
      }
    }
  }
}

function refuseEnded(stream: Stream): void {
  if (stream.state !== "ended") return;
  throw new RefusedError("STREAM_NOT_FOUND", 404, `There is no stream ${stream.name}.`);
}
