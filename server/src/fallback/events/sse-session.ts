import type { ServerResponse } from "node:http";
import { writeSseComment, writeSseEvent } from "@millrace/media/text";
import type { Clock, Timer, ViewerFigures } from "../../core/index.ts";
import { HttpTraffic } from "../http-traffic.ts";
import type { EventLog, LoggedEvent, LogListener } from "./event-log.ts";
import type { Share } from "./hub.ts";
import type { SseLimits } from "./limits.ts";
import { PartCursor } from "./part-cursor.ts";
import type { FeedListener, PartFeed } from "./part-feed.ts";
import { type Place, writePlace } from "./place.ts";

export interface SseSessionOptions {
  readonly response: ServerResponse;
  readonly log: Share<EventLog>;
  /** Absent for those who listen to events only. */
  readonly feed: Share<PartFeed> | undefined;
  readonly place: Place | undefined;
  readonly clock: Clock;
  readonly limits: SseLimits;
  /** The first part was written. */
  onMedia(): void;
  /** Nothing more is written, for that reason; the connection may still drain. */
  onEnd(code: string): void;
  /** The connection is gone. */
  onClose(): void;
}

/** Figures of one event stream. */
export interface SseStats extends ViewerFigures {
  readonly eventsSent: number;
  readonly partsSent: number;
  /** Parts that it was not given because it was too slow. */
  readonly partsDropped: number;
}

const heartbeat: string = writeSseComment();

/**
 * One client's event stream. Nothing is queued for it but what its connection holds: it walks through the
 * shared log and the shared parts, and while its network is full it stands still.
 */
export class SseSession implements LogListener, FeedListener {
  readonly #options: SseSessionOptions;
  readonly #response: ServerResponse;
  readonly #cursor: PartCursor | undefined;
  readonly #startUs: number;
  #seq = 0;
  #lastWriteUs: number;
  /** When the network last took something. */
  #progressUs: number;
  #drain: Timer | undefined;
  #ended = false;
  readonly #traffic = new HttpTraffic();
  #parts = 0;
  #events = 0;

  constructor(options: SseSessionOptions) {
    this.#options = options;
    this.#response = options.response;
    const feed = options.feed?.of;
    this.#cursor = feed && new PartCursor(feed, options.place?.media, false);
    this.#startUs = options.clock.nowUs();
    this.#lastWriteUs = this.#startUs;
    this.#progressUs = this.#startUs;
  }

  get stats(): SseStats {
    const { bytesSent, bytesReceived, waitingBytes } = this.#traffic;
    const codecs = this.#options.feed?.of.codecs ?? [];
    return {
      ...{ bytesSent, bytesReceived, waitingBytes, codecs },
      eventsSent: this.#events,
      partsSent: this.#parts,
      partsDropped: this.#cursor?.missed ?? 0,
    };
  }

  /** Counts what is written from now on, the head included. */
  follow(): void {
    this.#traffic.follow(this.#response);
  }

  /** Sends what the client lacks and goes on live. Call once, after the head was written. */
  start(): void {
    const { response, log, feed, place, limits } = this.#options;
    response.on("drain", () => this.#pump());
    response.once("close", () => this.#closed());
    response.cork();
    this.#write(writeSseEvent({ retryMs: limits.retryMs }));
    for (const event of log.of.after(place)) this.#writeEvent(event);
    this.#seq = log.of.head;
    log.of.listen(this);
    feed?.of.listen(this);
    response.uncork();
    this.#pump();
  }

  logged(): void {
    this.#pump();
  }

  parted(): void {
    this.#pump();
  }

  feedEnded(code: string): void {
    this.end(code, this.#options.limits.retryMs);
  }

  /** Heartbeat, end of time, stalled clients; call about once a second. */
  tick(nowUs: number): void {
    if (this.#ended) return;
    const { heartbeatMs, maxDurationMs, stallMs, renewRetryMs } = this.#options.limits;
    if (this.#response.writableLength === 0) this.#progressUs = nowUs;
    if (nowUs - this.#progressUs >= stallMs * 1000) {
      this.#leave("VIEWER_STALLED");
      this.#response.destroy();
    } else if (maxDurationMs > 0 && nowUs - this.#startUs >= maxDurationMs * 1000) {
      this.#write(writeSseEvent({ retryMs: renewRetryMs }));
      this.#finish("SESSION_RENEWED");
    } else if (nowUs - this.#lastWriteUs >= heartbeatMs * 1000 && !this.#isFull) {
      this.#write(heartbeat);
    }
  }

  /** Says goodbye and when to come back. May be called twice. */
  end(reason: string, retryMs: number): void {
    if (this.#ended) return;
    const data = JSON.stringify({ reason });
    this.#write(writeSseEvent({ retryMs, event: "bye", data }));
    this.#finish(reason);
  }

  get #isFull(): boolean {
    const { writableNeedDrain, writableLength } = this.#response;
    return writableNeedDrain && writableLength >= this.#options.limits.maxWaitingBytes;
  }

  #pump(): void {
    if (this.#ended) return;
    const log = this.#options.log.of;
    const feed = this.#options.feed?.of;
    this.#response.cork();
    // The end is told to those who are late, too: it is little, and nothing comes after it.
    if (this.#seq !== log.head && (log.over || !this.#isFull)) {
      for (const event of log.since(this.#seq)) this.#writeEvent(event);
      this.#seq = log.head;
    }
    if (feed !== undefined && this.#cursor !== undefined && !log.over) {
      this.#pumpParts(feed, this.#cursor);
    }
    this.#response.uncork();
    if (log.over) this.#finish("STREAM_ENDED");
  }

  #pumpParts(feed: PartFeed, cursor: PartCursor): void {
    if (!this.#isFull) cursor.skipLate(this.#options.limits.maxLagMs * 1000);
    while (!this.#isFull) {
      const part = cursor.take();
      const gap = cursor.takeGap();
      if (gap !== undefined) {
        this.#write(
          writeSseEvent({ event: "gap", data: JSON.stringify({ type: "gap", missed: gap }) }),
        );
      }
      if (part === undefined) return;
      if (cursor.newInit) this.#write(feed.initText(part.init));
      this.#write(`id: ${this.#place()}\n`);
      this.#write(feed.partText(part));
      if (this.#parts++ === 0) this.#options.onMedia();
    }
  }

  #writeEvent(event: LoggedEvent): void {
    this.#seq = event.seq;
    this.#write(`id: ${this.#place()}\n`);
    this.#write(event.sse);
    this.#events++;
  }

  #place(): string {
    const { log, feed } = this.#options;
    return writePlace(log.of.epoch, this.#seq, feed?.of.id, this.#cursor?.last);
  }

  #write(text: string | Uint8Array): void {
    this.#lastWriteUs = this.#options.clock.nowUs();
    this.#response.write(text, this.#written);
  }

  /** One function for all writes, for the network's progress is all that matters. */
  readonly #written = (error?: Error | null): void => {
    this.#progressUs = this.#options.clock.nowUs();
    if (!error) this.#traffic.note();
  };

  #finish(code: string): void {
    if (this.#ended) return;
    this.#traffic.settle();
    this.#leave(code);
    const { clock, limits } = this.#options;
    this.#response.end();
    this.#drain = clock.after(limits.drainMs, () => this.#response.destroy());
  }

  #closed(): void {
    this.#leave("LEFT");
    this.#drain?.cancel();
    this.#options.onClose();
  }

  #leave(code: string): void {
    if (this.#ended) return;
    this.#ended = true;
    const { log, feed } = this.#options;
    log.of.unlisten(this);
    feed?.of.unlisten(this);
    log.release();
    feed?.release();
    this.#options.onEnd(code);
  }
}
