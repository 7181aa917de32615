import type { ServerResponse } from "node:http";
import { type ByteTaker, MetadataInterleaver } from "@millrace/media/icy";
import type { Clock, Timer, Viewer, ViewerFigures } from "../../core/index.ts";
import { HttpTraffic } from "../http-traffic.ts";
import type { SoundFeed, SoundTaker } from "./feed.ts";
import type { SoundLimits } from "./limits.ts";

/** Figures of a listener. */
export interface SoundStats extends ViewerFigures {
  /** How often it was moved ahead because it was too slow. */
  readonly skips: number;
}

export interface SoundSessionOptions {
  readonly response: ServerResponse;
  readonly feed: SoundFeed;
  readonly clock: Clock;
  readonly limits: SoundLimits;
  /** Whether metadata blocks stand in the audio. */
  readonly metadata: boolean;
  /** Called once, when it closes. */
  onClose(session: SoundSession, code: string): void;
}

/**
 * One listener: a place in the feed's ring, and the count of audio bytes to its next metadata block.
 * One that falls behind the ring goes on where a new listener would begin, at the start of a frame.
 */
export class SoundSession implements SoundTaker, ByteTaker {
  readonly #options: SoundSessionOptions;
  readonly #interleaver: MetadataInterleaver | undefined;
  readonly #traffic = new HttpTraffic();
  readonly #flushed = (error?: Error | null): void => this.#taken(error);
  #viewer: Viewer | undefined;
  /** Number of the piece that is sent next. */
  #next = 0;
  /** Frames of the feed before that piece; undefined before the first. */
  #framesSeen: number | undefined;
  /** Writes that the network has not taken. */
  #pending = 0;
  #progressUs = 0;
  #sentFrames = 0;
  #droppedFrames = 0;
  #skips = 0;
  #ending: Timer | undefined;
  #closed = false;

  constructor(options: SoundSessionOptions) {
    this.#options = options;
    const { metadata, limits } = options;
    this.#interleaver = metadata ? new MetadataInterleaver(limits.metadataInterval) : undefined;
  }

  get stats(): SoundStats {
    const { bytesSent, bytesReceived, waitingBytes } = this.#traffic;
    return {
      ...{ bytesSent, bytesReceived, waitingBytes, codecs: this.#options.feed.codecs },
      framesSent: this.#sentFrames,
      framesDropped: this.#droppedFrames,
      skips: this.#skips,
    };
  }

  /** Counts what is written from now on, the head included. */
  follow(): void {
    this.#traffic.follow(this.#options.response);
  }

  /** Begins the body, whose head is written already, a moment in the past. Takes the viewer over. */
  start(viewer: Viewer): void {
    const { response, feed } = this.#options;
    this.#viewer = viewer;
    response.on("close", () => this.#gone());
    response.on("error", () => this.#gone());
    response.flushHeaders();
    this.#next = feed.start;
    feed.join(this);
    this.#pump();
  }

  grown(): void {
    this.#pump();
  }

  tick(): void {
    const { clock, limits } = this.#options;
    const sinceMs = (clock.nowUs() - this.#progressUs) / 1000;
    if (this.#pending > 0 && sinceMs >= limits.stallMs) this.close("VIEWER_STALLED");
  }

  ended(code: string): void {
    // The last moments are worth their few bytes.
    this.#pump(Number.POSITIVE_INFINITY);
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

  /** For the interleaver. */
  take(bytes: Uint8Array): void {
    if (this.#pending === 0) this.#progressUs = this.#options.clock.nowUs();
    this.#pending++;
    this.#options.response.write(bytes, this.#flushed);
  }

  /** Sends what there is, as far as the network takes it. */
  #pump(maxAheadBytes: number = this.#options.limits.maxAheadBytes): void {
    const { response, feed } = this.#options;
    const { ring } = feed;
    while (!this.#closed && response.writableLength < maxAheadBytes) {
      if (this.#next < ring.first) this.#skip();
      const piece = ring.at(this.#next);
      if (piece === undefined || response.destroyed) return;
      this.#next++;
      if (this.#framesSeen === undefined) this.#viewer?.mediaStarted();
      this.#droppedFrames += piece.framesBefore - (this.#framesSeen ?? piece.framesBefore);
      this.#framesSeen = piece.framesBefore + piece.frames;
      this.#sentFrames += piece.frames;
      if (this.#interleaver === undefined) this.take(piece.bytes);
      else this.#interleaver.write(piece.bytes, feed.block, this);
    }
  }

  #skip(): void {
    const { feed } = this.#options;
    this.#skips++;
    this.#next = Math.max(feed.start, feed.ring.first);
  }

  #taken(error: Error | null | undefined): void {
    this.#pending--;
    if (error) return;
    this.#traffic.note();
    this.#progressUs = this.#options.clock.nowUs();
    if (this.#next < this.#options.feed.ring.next) this.#pump();
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
