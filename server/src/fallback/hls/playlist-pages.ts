import { type PlaylistSegment, writeMediaPlaylist } from "@millrace/media/m3u8";
import type { HlsLimits } from "./limits.ts";
import type { MediaNames } from "./media-names.ts";
import type { HlsSegment, SegmentWindow } from "./segment-window.ts";

export interface PlaylistPagesOptions {
  readonly window: SegmentWindow;
  readonly names: MediaNames;
  readonly limits: HlsLimits;
  /** Whole seconds. */
  readonly targetS: number;
  /** How long a part is meant to be at most. Microseconds. */
  readonly partUs: number;
  /** Sequence number of the part that comes next. */
  nextSequence(): number;
}

/** Stands in the text for what each client adds to addresses; no address has it. */
const mark = "\0";
/** RFC 8216bis section 4.4.3.8: at least three part targets; more would not help, less stalls on real networks. */
const partHoldBackTargets = 3;
const minPartHoldBackS = 1;
/** The same section: at least three and six target durations. */
const holdBackTargets = 3;
const skipTargets = 6;
/** What a playlist has of its parts before the growing segment, at most. */
const second = 1_000_000;

/** The text of a stream's media playlist, made once for every change and shared by all its viewers. */
export class PlaylistPages {
  readonly #options: PlaylistPagesOptions;
  #partUs: number;
  #version = -1;
  #full: readonly string[] | undefined;
  #delta: readonly string[] | undefined;
  #ended = false;

  constructor(options: PlaylistPagesOptions) {
    this.#options = options;
    this.#partUs = options.partUs;
  }

  /** EXT-X-PART-INF. */
  get partTargetS(): number {
    return this.#partUs / second;
  }

  /** Nothing follows. */
  end(): void {
    this.#ended = true;
    this.#version = -1;
  }

  /** A part that is longer than all before raises the part target, for players must not meet one that is above it. */
  observe(partUs: number): void {
    if (partUs > this.#partUs) this.#partUs = Math.ceil(partUs / 10_000) * 10_000;
  }

  /** `suffix` is added to every address, such as `?session=…`. `delta`: leave out what the client has. */
  text(delta: boolean, suffix: string): string {
    const { window } = this.#options;
    if (this.#version !== window.version) {
      this.#version = window.version;
      this.#full = undefined;
      this.#delta = undefined;
    }
    if (delta) {
      this.#delta ??= this.#write(this.#skippable());
      return this.#delta.join(suffix);
    }
    this.#full ??= this.#write(0);
    return this.#full.join(suffix);
  }

  /** Segments that end before the skip boundary. */
  #skippable(): number {
    const { segments } = this.#options.window;
    const boundaryUs = this.#options.targetS * skipTargets * second;
    let behindUs = 0;
    for (let index = segments.length - 1; index >= 0; index--) {
      if (behindUs > boundaryUs) return index + 1;
      behindUs += segments[index]?.durationUs ?? 0;
    }
    return 0;
  }

  #write(skipped: number): readonly string[] {
    const { window, names, targetS, nextSequence } = this.#options;
    const { segments } = window;
    const listed = this.#firstWithParts(segments);
    const text = writeMediaPlaylist({
      version: 9,
      targetDurationS: targetS,
      lowLatency: {
        canBlockReload: true,
        partTargetS: this.partTargetS,
        partHoldBackS: Math.max(minPartHoldBackS, partHoldBackTargets * this.partTargetS),
        holdBackS: holdBackTargets * targetS,
        canSkipUntilS: skipTargets * targetS,
      },
      mediaSequence: segments[0]?.msn ?? window.currentMsn,
      discontinuitySequence: window.discontinuitySequence,
      // The first segment ends early and the one after it begins within a group.
      independentSegments: false,
      segments: segments.map((segment, index) => this.#entry(segment, index >= listed)),
      skipped,
      preloadHint: this.#ended
        ? undefined
        : { type: "PART", uri: names.part(nextSequence()) + mark },
      renditionReports: [],
      ended: this.#ended,
    });
    return text.split(mark);
  }

  /** Section 6.2.2: parts are of use near the end only. */
  #firstWithParts(segments: readonly HlsSegment[]): number {
    const { limits, targetS } = this.#options;
    const spanUs = Math.min(limits.partsMs * 1000, holdBackTargets * targetS * second);
    let behindUs = 0;
    for (let index = segments.length - 1; index >= 0; index--) {
      behindUs += segments[index]?.durationUs ?? 0;
      if (behindUs >= spanUs) return index;
    }
    return 0;
  }

  #entry(segment: HlsSegment, withParts: boolean): PlaylistSegment {
    const { names } = this.#options;
    const { msn, init, discontinuity, parts, durationUs, complete } = segment;
    return {
      uri: complete ? names.segment(msn) + mark : undefined,
      durationS: durationUs / second,
      mapUri: names.init(init.id) + mark,
      discontinuity,
      dateTimeMs: parts[0]?.captureWallMs,
      parts: withParts
        ? parts.map((part) => ({
            uri: names.part(part.sequence) + mark,
            durationS: part.durationUs / second,
            independent: part.independent,
          }))
        : [],
    };
  }
}
