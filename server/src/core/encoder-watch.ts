import type { MediaKind } from "@millrace/media/frame";
import {
  type AudioSight,
  adviceList,
  type PublisherSight,
  type VideoSight,
} from "./encoder-advice.ts";
import type { ViewerFigures } from "./figures.ts";
import type { FrameMeter } from "./frame-meter.ts";
import type { PublisherInfo } from "./publisher.ts";
import type { SourceClock } from "./source-clock.ts";
import type { Stream } from "./stream.ts";
import { frameRateOf, trackBitrateBps } from "./track-rates.ts";

export interface EncoderWatchOptions {
  readonly stream: Stream;
  readonly info: PublisherInfo;
  readonly clock: SourceClock;
  readonly meters: Readonly<Record<MediaKind, FrameMeter>>;
}

/** How often a publisher is looked at, at most. */
const lookUs = 1_000_000;
/** What was better for so long is not told any more. */
const betterUs = 10_000_000;
const speedUs = 10_000_000;
const jumpsUs = 60_000_000;
/** A track's bit rate is that of two seconds. */
const bitrateUs = 2_000_000;
const maxBitrates = 15;
/** Viewers whose networks are asked for, and how many must tell. */
const maxAsked = 200;
const minTelling = 3;
const askUs = 5_000_000;

interface Mark {
  readonly nowUs: number;
  readonly newestUs: number;
  readonly line: number;
}

interface Judgement {
  /** Since when it has been so, or better, without a break. */
  sinceUs: number;
  isSo: boolean;
}

/**
 * Looks at a publisher now and then and tells, as hints of its stream, what its encoder should be set to; takes back what is put
 * right. Costs nothing for each frame.
 */
export class EncoderWatch {
  readonly #options: EncoderWatchOptions;
  readonly #judgements = new Map<string, Judgement>();
  #lookedUs = Number.NEGATIVE_INFINITY;
  #marks: Mark[] = [];
  #jumpsUs: number[] = [];
  #jumpsSeen = 0;
  #bitrates: number[] = [];
  #bitrateAtUs = 0;
  #keyUs: number | undefined;
  #askedUs = Number.NEGATIVE_INFINITY;
  #viewersBps: number | undefined;

  constructor(options: EncoderWatchOptions) {
    this.#options = options;
  }

  /** To be called several times a second while media comes. */
  look(): void {
    const nowUs = this.#options.stream.nowUs();
    if (nowUs - this.#lookedUs < lookUs) return;
    this.#lookedUs = nowUs;
    const sight = this.#sight(nowUs);
    for (const { code, holdMs, find } of adviceList) {
      const message = find(sight);
      this.#judge(code, message, holdMs * 1000, nowUs);
    }
  }

  #judge(code: string, message: string | undefined, holdUs: number, nowUs: number): void {
    const { stream } = this.#options;
    const isSo = message !== undefined;
    const before = this.#judgements.get(code);
    if (before === undefined || before.isSo !== isSo) {
      if (before === undefined && !isSo) return;
      this.#judgements.set(code, { sinceUs: nowUs, isSo });
    }
    const sinceUs = this.#judgements.get(code)?.sinceUs ?? nowUs;
    if (isSo && nowUs - sinceUs >= holdUs) stream.addHint(code, message);
    if (!isSo && nowUs - sinceUs >= betterUs) {
      this.#judgements.delete(code);
      stream.clearHint(code);
    }
  }

  #sight(nowUs: number): PublisherSight {
    const { clock, info, meters } = this.#options;
    const { video, audio } = meters;
    const bothCome = video.arrivedUs !== undefined && audio.arrivedUs !== undefined;
    return {
      transport: info.transport,
      video: this.#video(nowUs),
      audio: this.#audio(nowUs),
      speed: this.#speed(nowUs),
      driftPpm: clock.drift.ppm,
      apartUs: bothCome ? audio.dtsUs - video.dtsUs : undefined,
      jumps: this.#jumps(nowUs),
      viewersBps: this.#viewers(nowUs),
    };
  }

  #video(nowUs: number): VideoSight | undefined {
    const { stream, meters } = this.#options;
    const track = stream.track("video");
    if (track === undefined) {
      this.#bitrates = [];
      this.#keyUs = undefined;
      return undefined;
    }
    this.#keyUs ??= nowUs;
    const { packets } = track;
    const { arrivedUs, keyArrivedUs, unevenness } = meters.video;
    if (packets === undefined) this.#keyUs = Math.max(this.#keyUs, keyArrivedUs ?? 0);
    // Who forwards packets asks for key frames when somebody needs one.
    else if (packets.encodings.some(({ group }) => group.length > 0)) this.#keyUs = nowUs;
    const isActive = packets?.encodings.some(({ active }) => active);
    const sinceUs = arrivedUs === undefined ? undefined : nowUs - arrivedUs;
    const rateBps = trackBitrateBps(track);
    if (rateBps > 0 && nowUs - this.#bitrateAtUs >= bitrateUs) {
      this.#bitrateAtUs = nowUs;
      this.#bitrates = [...this.#bitrates.slice(1 - maxBitrates), rateBps];
    }
    return {
      frameRate: frameRateOf(track) ?? 0,
      unevenness: packets === undefined ? unevenness : undefined,
      sinceUs: packets === undefined ? sinceUs : isActive ? 0 : undefined,
      sinceKeyUs: nowUs - this.#keyUs,
      bitratesBps: this.#bitrates,
    };
  }

  #audio(nowUs: number): AudioSight | undefined {
    const { stream, meters } = this.#options;
    const track = stream.track("audio");
    if (track?.info.kind !== "audio") return undefined;
    const { arrivedUs } = meters.audio;
    const { codec, sampleRate } = track.info;
    // A microphone that is muted sends nothing, and that is no fault.
    const sinceUs =
      track.packets !== undefined ? 0 : arrivedUs === undefined ? undefined : nowUs - arrivedUs;
    return { codec, sampleRate, sinceUs };
  }

  #speed(nowUs: number): number | undefined {
    const { clock, meters, stream } = this.#options;
    const { reanchored: line } = clock;
    const isSeen = meters.video.arrivedUs !== undefined && !stream.track("video")?.packets;
    // Of the picture alone, so that sound which comes earlier or later than before is no change of speed.
    const newestUs = isSeen ? meters.video.dtsUs : clock.newestUs;
    if (newestUs === undefined) return undefined;
    if (this.#marks[0]?.line !== line) this.#marks = [];
    this.#marks.push({ nowUs, newestUs, line });
    while ((this.#marks[1]?.nowUs ?? nowUs) <= nowUs - speedUs) this.#marks.shift();
    const first = this.#marks[0];
    if (first === undefined || nowUs - first.nowUs < speedUs) return undefined;
    return (newestUs - first.newestUs) / (nowUs - first.nowUs);
  }

  #jumps(nowUs: number): number {
    const { reanchored } = this.#options.clock;
    while (this.#jumpsSeen < reanchored) {
      this.#jumpsSeen++;
      this.#jumpsUs.push(nowUs);
    }
    this.#jumpsUs = this.#jumpsUs.filter((atUs) => nowUs - atUs < jumpsUs);
    return this.#jumpsUs.length;
  }

  /** What the network of the viewer in the middle carries. */
  #viewers(nowUs: number): number | undefined {
    if (nowUs - this.#askedUs < askUs) return this.#viewersBps;
    this.#askedUs = nowUs;
    const told: number[] = [];
    let asked = 0;
    for (const { info } of this.#options.stream.viewers.values()) {
      if (asked++ >= maxAsked) break;
      const estimateBps = (info.stats?.() as ViewerFigures | undefined)?.estimateBps;
      if (estimateBps !== undefined) told.push(estimateBps);
    }
    told.sort((a, b) => a - b);
    this.#viewersBps = told.length < minTelling ? undefined : told[(told.length - 1) >> 1];
    return this.#viewersBps;
  }
}
