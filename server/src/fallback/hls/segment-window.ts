import type { Fmp4Init, Fmp4Part } from "../fmp4/index.ts";
import type { HlsLimits } from "./limits.ts";

/** A segment: consecutive parts with the same initialization. */
export interface HlsSegment {
  /** Media sequence number. */
  readonly msn: number;
  readonly init: Fmp4Init;
  readonly discontinuity: boolean;
  /** Grows until `complete`. */
  readonly parts: readonly Fmp4Part[];
  readonly durationUs: number;
  readonly sizeBytes: number;
  readonly complete: boolean;
}

interface GrowingSegment extends HlsSegment {
  readonly parts: Fmp4Part[];
  durationUs: number;
  sizeBytes: number;
  complete: boolean;
}

/** Numbers that go on when the window of the same stream is made again. */
export interface WindowNumbering {
  nextMsn: number;
  discontinuitySequence: number;
}

export interface SegmentWindowOptions {
  readonly limits: HlsLimits;
  /** Whole seconds. No segment is longer by half a second. */
  readonly targetS: number;
  /** Time between key frames; segments end at the one that is nearest to `segmentMs`. */
  readonly keyUs: number;
  readonly numbering: WindowNumbering;
}

/** A segment's duration is rounded before it is compared with the target duration (RFC 8216bis section 4.4.3.1). */
const roundingUs = 450_000;

/** Groups parts into segments and keeps as many as players need. */
export class SegmentWindow {
  readonly #options: SegmentWindowOptions;
  readonly #retired: GrowingSegment[] = [];
  readonly #parts = new Map<number, Fmp4Part>();
  #segments: readonly GrowingSegment[] = [];
  #sizeBytes = 0;
  /** Grows with every change. */
  version = 0;

  constructor(options: SegmentWindowOptions) {
    this.#options = options;
  }

  /** Oldest first; the last one may be incomplete. */
  get segments(): readonly HlsSegment[] {
    return this.#segments;
  }

  get discontinuitySequence(): number {
    return this.#options.numbering.discontinuitySequence;
  }

  get hasComplete(): boolean {
    return this.#segments[0]?.complete === true;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** The number of the segment that is growing, or that comes next. */
  get currentMsn(): number {
    return this.#growing?.msn ?? this.#options.numbering.nextMsn;
  }

  /** How many parts the growing segment has. */
  get currentParts(): number {
    return this.#growing?.parts.length ?? 0;
  }

  push(part: Fmp4Part): void {
    this.version++;
    const growing = this.#growing;
    const isBreak = growing !== undefined && (part.discontinuous || part.init !== growing.init);
    if (growing !== undefined && (isBreak || this.#endsBefore(growing, part))) {
      growing.complete = true;
      this.#trim();
    }
    const segment = this.#growing ?? this.#open(part, isBreak);
    segment.parts.push(part);
    segment.durationUs += part.durationUs;
    segment.sizeBytes += part.bytes.byteLength;
    this.#sizeBytes += part.bytes.byteLength;
    this.#parts.set(part.sequence, part);
    this.#trim();
  }

  /** Completes the growing segment although no key frame came. */
  complete(): void {
    const growing = this.#growing;
    if (growing === undefined) return;
    growing.complete = true;
    this.version++;
    this.#trim();
  }

  part(sequence: number): Fmp4Part | undefined {
    return this.#parts.get(sequence);
  }

  /** A complete segment, also one that is not listed any more. */
  segment(msn: number): HlsSegment | undefined {
    const found =
      this.#segments.find((segment) => segment.msn === msn) ??
      this.#retired.find((segment) => segment.msn === msn);
    return found?.complete === true ? found : undefined;
  }

  init(id: number): Fmp4Init | undefined {
    for (const segment of this.#segments) if (segment.init.id === id) return segment.init;
    for (const segment of this.#retired) if (segment.init.id === id) return segment.init;
    return undefined;
  }

  get #growing(): GrowingSegment | undefined {
    const last = this.#segments.at(-1);
    return last?.complete === false ? last : undefined;
  }

  #open(part: Fmp4Part, discontinuity: boolean): GrowingSegment {
    const segment: GrowingSegment = {
      msn: this.#options.numbering.nextMsn++,
      init: part.init,
      discontinuity: discontinuity || (part.discontinuous && this.#segments.length > 0),
      parts: [],
      durationUs: 0,
      sizeBytes: 0,
      complete: false,
    };
    this.#segments = [...this.#segments, segment];
    return segment;
  }

  #endsBefore(growing: GrowingSegment, part: Fmp4Part): boolean {
    const { limits, keyUs, targetS } = this.#options;
    const { durationUs } = growing;
    const longestUs = targetS * 1_000_000 + roundingUs;
    if (durationUs + part.durationUs > longestUs) return true;
    if (!part.independent) return false;
    const segmentUs = limits.segmentMs * 1000;
    return (
      growing.parts[0]?.independent === false ||
      durationUs >= segmentUs - Math.min(keyUs, segmentUs) / 2 ||
      durationUs + keyUs > longestUs
    );
  }

  #trim(): void {
    const { limits, targetS, numbering } = this.#options;
    const keptUs = Math.max(limits.windowTargets * targetS * 1000, limits.windowMs) * 1000;
    for (;;) {
      const isTooBig = this.#sizeBytes > limits.maxWindowBytes;
      if (isTooBig && this.#retired.length > 0) {
        this.#dropRetired();
        continue;
      }
      const [oldest, next] = this.#segments;
      if (oldest === undefined || next?.complete !== true) break;
      if (!isTooBig && this.#completeUs - oldest.durationUs < keptUs) break;
      this.#segments = this.#segments.slice(1);
      // RFC 8216bis section 6.2.2: counted when the tag leaves the list.
      if (oldest.discontinuity) numbering.discontinuitySequence++;
      this.#retired.push(oldest);
      this.version++;
    }
    while (this.#retired.length > limits.retiredSegments) this.#dropRetired();
  }

  #dropRetired(): void {
    const gone = this.#retired.shift();
    this.#sizeBytes -= gone?.sizeBytes ?? 0;
    for (const { sequence } of gone?.parts ?? []) this.#parts.delete(sequence);
  }

  get #completeUs(): number {
    let us = 0;
    for (const { complete, durationUs } of this.#segments) us += complete ? durationUs : 0;
    return us;
  }
}
