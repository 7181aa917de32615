import { SampleQueue } from "./sample-queue.ts";

/** Samples per second of all sound between decoders and encoders. */
export const soundRate = 48_000;
/** Samples per channel of a 20 ms Opus frame. */
export const opusFrameSamples = 960;
/** Samples per channel of an AAC-LC access unit. */
export const aacFrameSamples = 1024;
const samplesPerMs = soundRate / 1000;

/** What frames sound is cut into, and what becomes of holes in it. */
export interface FramerGrid {
  /** Samples per channel of a frame. */
  readonly frameSamples: number;
  /** Input that comes this much too late has a hole in front of it, which is filled with silence. Infinity: never. */
  readonly fillFromUs: number;
  /** A longer hole begins a new grid instead. */
  readonly maxSilenceUs: number;
}

/** Input that is this far from where its samples fall starts a new time line, unless the hole is filled. */
export const resyncUs = 60_000;
/** Smaller errors are smoothed over about this many input frames before they are believed. */
const smoothing = 8;
/** Correction begins at this error, well above the millisecond rounding of FLV, and ends at that one. */
const correctFromUs = 2_000;
const correctToUs = 300;
/** Samples added to or taken from a frame: 0.8 % at most, for the largest errors. */
const maxCorrection = 8;
const usPerCorrectionSample = 2_500;

/** All that is needed to go on in another process, apart from the samples themselves. */
export interface FramerState {
  readonly started: boolean;
  readonly anchorUs: number;
  /** Frames since the anchor. */
  readonly frames: number;
  /** Samples that wait. */
  readonly buffered: number;
  readonly errorUs: number;
  readonly correcting: boolean;
  readonly overlapping: boolean;
}

/**
 * Cuts stereo sound at 48 kHz into frames on an exact grid, whose times follow the input's: drift is
 * taken up by adding or removing single samples, a gap is filled with silence or begins a new grid, and
 * sound that overlaps what was already cut is left out, so that times never run backwards.
 * The same input gives the same grid, also when another framer takes over with `state`.
 */
export class SoundFramer {
  /** How often the grid began anew because of a gap. */
  resyncs = 0;
  /** Samples left out because they overlapped. */
  overlapSamples = 0;
  /** Samples of silence put into holes. */
  filledSamples = 0;
  readonly #emit: (ptsUs: number, samples: Float32Array) => void;
  readonly #queue = new SampleQueue();
  readonly #frame: Float32Array;
  #grid: FramerGrid;
  #started: boolean;
  #anchorUs: number;
  #frames: number;
  #errorUs: number;
  #correcting: boolean;
  #overlapping: boolean;

  /** `emit` gets a frame's time and its interleaved samples, which are valid only during the call. */
  constructor(
    grid: FramerGrid,
    emit: (ptsUs: number, samples: Float32Array) => void,
    from?: FramerState,
  ) {
    this.#grid = grid;
    this.#frame = new Float32Array(grid.frameSamples * 2);
    this.#emit = emit;
    this.#started = from?.started ?? false;
    this.#anchorUs = from?.anchorUs ?? 0;
    this.#frames = from?.frames ?? 0;
    this.#errorUs = from?.errorUs ?? 0;
    this.#correcting = from?.correcting ?? false;
    this.#overlapping = from?.overlapping ?? false;
    this.#queue.pushSilence(from?.buffered ?? 0);
  }

  get state(): FramerState {
    return {
      started: this.#started,
      anchorUs: this.#anchorUs,
      frames: this.#frames,
      buffered: this.#queue.length,
      errorUs: this.#errorUs,
      correcting: this.#correcting,
      overlapping: this.#overlapping,
    };
  }

  /** Sound of another kind follows, with other holes. */
  setFillFrom(fillFromUs: number): void {
    this.#grid = { ...this.#grid, fillFromUs };
  }

  /** Takes `count` interleaved stereo samples, the first of which belongs to `ptsUs`. Copies them. */
  push(ptsUs: number, samples: Float32Array, count: number): void {
    if (!this.#started) {
      this.#started = true;
      this.#anchorUs = ptsUs;
    }
    const errorUs = ptsUs - this.#expectedUs();
    let skip = 0;
    if (errorUs > this.#grid.fillFromUs && errorUs <= this.#grid.maxSilenceUs) {
      this.#fill(errorUs);
    } else if (errorUs > resyncUs) {
      this.#restart(ptsUs);
    } else if (errorUs < -resyncUs || (this.#overlapping && errorUs < 0)) {
      skip = Math.min(count, Math.round((-errorUs * samplesPerMs) / 1000));
      this.overlapSamples += skip;
      this.#overlapping = skip === count;
      this.#errorUs = 0;
    } else {
      this.#overlapping = false;
      this.#errorUs += (errorUs - this.#errorUs) / smoothing;
    }
    this.#queue.push(samples, skip, count);
    while (this.#cut()) {}
  }

  #expectedUs(): number {
    return this.#nextUs() + Math.round((this.#queue.length * 1000) / samplesPerMs);
  }

  #nextUs(): number {
    const samples = this.#frames * this.#grid.frameSamples;
    return this.#anchorUs + Math.round((samples * 1000) / samplesPerMs);
  }

  /** The sound goes on after a hole, on the same grid. */
  #fill(errorUs: number): void {
    const count = Math.round((errorUs * samplesPerMs) / 1000);
    this.#queue.pushSilence(count);
    this.filledSamples += count;
    this.#errorUs = 0;
    this.#correcting = false;
    this.#overlapping = false;
  }

  /** Ends the grid with silence up to a whole frame and begins a new one. */
  #restart(ptsUs: number): void {
    if (this.#queue.length > 0) {
      const { frameSamples } = this.#grid;
      this.#queue.pushSilence(Math.max(0, frameSamples - this.#queue.length));
      this.#send(frameSamples);
      this.#queue.clear();
    }
    this.#anchorUs = ptsUs;
    this.#frames = 0;
    this.#errorUs = 0;
    this.#correcting = false;
    this.#overlapping = false;
    this.resyncs++;
  }

  #cut(): boolean {
    const correction = this.#correction();
    const take = this.#grid.frameSamples - correction;
    // Interpolation looks two samples ahead.
    if (this.#queue.length < (correction === 0 ? take : take + 2)) return false;
    this.#errorUs -= (correction * 1000) / samplesPerMs;
    this.#send(take);
    return true;
  }

  #send(take: number): void {
    this.#queue.shift(this.#frame, this.#grid.frameSamples, take);
    const ptsUs = this.#nextUs();
    this.#frames++;
    this.#emit(ptsUs, this.#frame);
  }

  /** How many samples longer the next frame is to become; negative: shorter. */
  #correction(): number {
    const size = Math.abs(this.#errorUs);
    if (size > correctFromUs) this.#correcting = true;
    else if (size < correctToUs) this.#correcting = false;
    if (!this.#correcting) return 0;
    const samples = Math.min(maxCorrection, Math.ceil(size / usPerCorrectionSample));
    return this.#errorUs > 0 ? samples : -samples;
  }
}
