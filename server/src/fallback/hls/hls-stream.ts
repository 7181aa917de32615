import { createHash } from "node:crypto";
import type { ServerResponse } from "node:http";
import { type Clock, RefusedError, type Stream, type Timer } from "../../core/index.ts";
import type { Fmp4Init, Fmp4Lease, Fmp4Listener, Fmp4Part } from "../fmp4/index.ts";
import type { Directives } from "./directives.ts";
import { type HeldCount, HeldRequests, type Holder } from "./held-requests.ts";
import type { HlsLimits } from "./limits.ts";
import { MediaNames } from "./media-names.ts";
import { PlaylistPages } from "./playlist-pages.ts";
import { type HlsSegment, SegmentWindow, type WindowNumbering } from "./segment-window.ts";
import { HlsSessions, type SessionCount } from "./sessions.ts";
import { planSegments } from "./target-duration.ts";

export interface HlsStreamOptions {
  readonly stream: Stream;
  readonly lease: Fmp4Lease;
  readonly clock: Clock;
  readonly limits: HlsLimits;
  readonly numbering: WindowNumbering;
  readonly held: HeldCount;
  readonly sessions: SessionCount;
  /** How long parts are at most while nothing holds frames up. Microseconds. */
  readonly partUs: number;
  /** How often key frames are asked for where they come only when asked. Milliseconds. */
  readonly requestedKeyMs: number;
  /** Called once when it is over. */
  onEnd(): void;
}

/** Who waits: the answer to be given and the session it counts for. */
export interface Waiting {
  readonly response: ServerResponse;
  readonly holder: Holder | undefined;
}

const sweepMs = 1000;
const epochLength = 8;
/** RFC 8216bis section 6.2.5.2: how far ahead of the playlist a request may ask. */
const maxSegmentsAhead = 1;
const maxPartsAheadS = 3;

/** The playlist and the segments of one stream, from its first viewer until some time after its last. */
export class HlsStream implements Fmp4Listener {
  readonly stream: Stream;
  readonly names: MediaNames;
  readonly sessions: HlsSessions;
  /** EXT-X-TARGETDURATION. */
  readonly targetS: number;
  readonly #options: HlsStreamOptions;
  readonly #held: HeldRequests;
  readonly #window: SegmentWindow;
  readonly #pages: PlaylistPages;
  #sweep: Timer;
  #usedUs: number;
  #isOver = false;

  constructor(options: HlsStreamOptions) {
    const { stream, lease, clock, limits, partUs } = options;
    const { output } = lease;
    this.#options = options;
    this.stream = stream;
    const { targetS, keyUs } = planSegments(stream, output.parts, options.requestedKeyMs, limits);
    this.targetS = targetS;
    const hash = createHash("sha256").update(stream.id).digest("base64url");
    this.names = new MediaNames(hash.slice(0, epochLength));
    this.#held = new HeldRequests(clock, options.held);
    this.#window = new SegmentWindow({ limits, targetS, keyUs, numbering: options.numbering });
    this.#pages = new PlaylistPages({
      ...{ window: this.#window, names: this.names, limits, targetS, partUs },
      nextSequence: () => output.nextSequence,
    });
    this.sessions = new HlsSessions({
      ...{ clock, limits, targetS, count: options.sessions },
      codecs: () => this.newestInit?.codecs ?? [],
      kicked: () => this.#held.check(),
    });
    this.#usedUs = clock.nowUs();
    this.#sweep = this.#nextSweep();
    for (const part of output.parts) this.#take(part);
    this.#completeFirst();
    output.listen(this);
  }

  /** What the newest segment begins with; undefined before the first part. */
  get newestInit(): Fmp4Init | undefined {
    return this.#window.segments.at(-1)?.init;
  }

  get segments(): readonly HlsSegment[] {
    return this.#window.segments;
  }

  init(id: number): Fmp4Init | undefined {
    return this.#window.init(id);
  }

  segment(msn: number): HlsSegment | undefined {
    return this.#window.segment(msn);
  }

  part(part: Fmp4Part): void {
    this.#take(part);
    this.#completeFirst();
    this.#held.check();
  }

  /** The stream is over, and whoever waits learns it from the end of the playlist; or the server closes. */
  ended(code: string): void {
    if (this.stream.state === "ended") {
      this.#window.complete();
      this.#pages.end();
    }
    this.close(code);
  }

  /** Resolves when there is a part at least. @throws RefusedError `HLS_HOLD_TIMEOUT` 503 and others of `HeldRequests` */
  async begun(waiting: Waiting): Promise<void> {
    await this.#wait(
      () => this.newestInit !== undefined,
      waiting,
      this.#options.limits.startWaitMs,
    );
  }

  /**
   * The media playlist once it has what the directives ask for.
   * @throws RefusedError `HLS_REQUEST_INVALID` 400 for what is too far ahead, others of `HeldRequests`
   */
  async playlist(directives: Directives, suffix: string, waiting: Waiting): Promise<string> {
    const { msn, part, skip } = directives;
    await this.#wait(() => this.#window.hasComplete, waiting, this.#options.limits.startWaitMs);
    if (msn !== undefined) {
      this.#refuseTooFar(msn, part ?? 0);
      await this.#wait(() => this.#has(msn, part), waiting, this.#holdMs);
    }
    return this.#pages.text(skip, suffix);
  }

  /** A part, also the one that comes next. Undefined when there is none. @throws RefusedError of `HeldRequests` */
  async partOf(sequence: number, waiting: Waiting): Promise<Fmp4Part | undefined> {
    const isNext = sequence === this.#options.lease.output.nextSequence;
    const has = (): boolean => this.#window.part(sequence) !== undefined;
    if (isNext) await this.#wait(has, waiting, this.#holdMs);
    return this.#window.part(sequence);
  }

  /** May be called twice. */
  close(code: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#sweep.cancel();
    const { lease, onEnd } = this.#options;
    lease.output.unlisten(this);
    lease.release();
    if (this.stream.state === "ended") this.#held.check();
    this.#held.refuseAll(new RefusedError(code, 503, "The stream is not served any more."));
    this.sessions.close(code);
    onEnd();
  }

  get #holdMs(): number {
    const { holdTargets, maxHoldMs } = this.#options.limits;
    return Math.min(maxHoldMs, holdTargets * this.targetS * 1000);
  }

  async #wait(isDone: () => boolean, waiting: Waiting, timeoutMs: number): Promise<void> {
    this.#usedUs = this.#options.clock.nowUs();
    const { response, holder } = waiting;
    const maxPerHolder = this.#options.limits.maxHeldPerSession;
    const isSettled = (): boolean => this.#isOver || holder?.closedCode !== undefined || isDone();
    await this.#held.until(isSettled, { response, holder, timeoutMs, maxPerHolder });
    if (holder?.closedCode !== undefined && !this.#isOver) {
      throw new RefusedError("SESSION_CLOSED", 403, "The session was ended.");
    }
  }

  /** Section 6.2.5.2: a part beyond a complete segment's last is the next segment's first. */
  #has(msn: number, part: number | undefined): boolean {
    const { currentMsn, currentParts } = this.#window;
    if (msn > currentMsn) return false;
    if (msn === currentMsn) return part !== undefined && part < currentParts;
    const segment = this.#window.segment(msn);
    if (part === undefined || segment === undefined || part < segment.parts.length) return true;
    return msn + 1 < currentMsn || currentParts > 0;
  }

  #refuseTooFar(msn: number, part: number): void {
    const { currentMsn, currentParts } = this.#window;
    const { partTargetS } = this.#pages;
    const ahead = partTargetS < 1 ? Math.ceil(maxPartsAheadS / partTargetS) : maxPartsAheadS;
    const lastPart = msn === currentMsn ? currentParts - 1 : 0;
    const isAhead = msn >= currentMsn && part > lastPart + ahead;
    if (msn <= currentMsn + maxSegmentsAhead && !isAhead) return;
    throw new RefusedError("HLS_REQUEST_INVALID", 400, "That is too far ahead of the playlist.");
  }

  #take(part: Fmp4Part): void {
    this.#pages.observe(part.durationUs);
    this.#window.push(part);
  }

  /** The first viewer need not wait for the end of a group of pictures. */
  #completeFirst(): void {
    if (this.#window.hasComplete) return;
    const durationUs = this.#window.segments.at(-1)?.durationUs ?? 0;
    if (durationUs >= this.#options.limits.firstSegmentMs * 1000) this.#window.complete();
  }

  #nextSweep(): Timer {
    return this.#options.clock.after(sweepMs, () => {
      this.#sweep = this.#nextSweep();
      this.sessions.sweep();
      const isUsed = this.sessions.size > 0 || this.#held.size > 0;
      const nowUs = this.#options.clock.nowUs();
      if (isUsed) this.#usedUs = nowUs;
      else if (nowUs - this.#usedUs > this.#options.limits.lingerMs * 1000) this.close("UNUSED");
    });
  }
}
