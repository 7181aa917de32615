import { writeChunk } from "@millrace/media/fmp4";
import type { AudioTrackInfo, Frame, MediaKind, VideoTrackInfo } from "@millrace/media/frame";
import type { Clock, Log, RefusedError, Stream, StreamChange, Timer } from "../../core/index.ts";
import { ProtocolError } from "../../core/index.ts";
import type { Fmp4Init, Fmp4Listener, Fmp4Output, Fmp4Part, Fmp4Sound } from "./fragments.ts";
import { KeyRequests } from "./key-requests.ts";
import type { Fmp4Limits } from "./limits.ts";
import { type CutPart, type CutterTracks, PartCutter } from "./part-cutter.ts";
import { PartStore } from "./part-store.ts";
import { prepareAudio, prepareInit, prepareVideo } from "./prepared.ts";
import { replayOrder } from "./replay-order.ts";
import { SourceSet } from "./source-set.ts";

/** Numbers that go on when an output of the same stream is made again. */
export interface Numbering {
  nextSequence: number;
  nextInit: number;
}

export interface StreamFragmentsOptions {
  readonly stream: Stream;
  readonly sound: Fmp4Sound;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: Fmp4Limits;
  readonly numbering: Numbering;
  /** Called once when the stream ended. */
  onEnd(): void;
}

/** How often it is looked after what waits. Milliseconds. */
const tickMs = 250;

/** The fragments of one stream with one kind of sound. Begins with the cached group of pictures. */
export class StreamFragments implements Fmp4Output {
  readonly stream: Stream;
  readonly #options: StreamFragmentsOptions;
  readonly #sources: SourceSet;
  readonly #cutter: PartCutter;
  readonly #store: PartStore;
  readonly #keyRequests: KeyRequests;
  readonly #openedUs: number;
  readonly #stopObserving: () => void;
  // Replaced, never changed in place, so that a listener may come or go while parts are handed out.
  #listeners: readonly Fmp4Listener[] = [];
  #tracks: CutterTracks = { video: undefined, audio: undefined };
  #init: Fmp4Init | undefined;
  #videoSinceUs: number | undefined;
  #lastVideoUs = Number.NEGATIVE_INFINITY;
  #tick: Timer;
  #endCode: string | undefined;

  constructor(options: StreamFragmentsOptions) {
    const { stream, limits } = options;
    this.#options = options;
    this.stream = stream;
    this.#openedUs = stream.nowUs();
    this.#cutter = new PartCutter(limits, (part) => this.#emit(part));
    this.#store = new PartStore(limits);
    this.#keyRequests = new KeyRequests(stream, limits.keyIntervalMs);
    this.#sources = new SourceSet({
      ...options,
      retryMs: limits.retryMs,
      frame: (kind, frame) => this.#frame(kind, frame),
    });
    this.#stopObserving = stream.observe((change) => this.#changed(change));
    this.#tick = this.#nextTick();
    this.#sources.select();
    this.#tryBegin();
  }

  get parts(): readonly Fmp4Part[] {
    return this.#store.parts;
  }

  get nextSequence(): number {
    return this.#options.numbering.nextSequence;
  }

  get lacks(): Fmp4Output["lacks"] {
    return this.#sources.lacks;
  }

  /** Why nothing can be made of the stream; undefined when something can. */
  get refusal(): RefusedError | undefined {
    return this.#sources.refusal;
  }

  /** Told at once that nothing follows, when that is so already. */
  listen(listener: Fmp4Listener): void {
    if (this.#endCode !== undefined) listener.ended(this.#endCode);
    else if (!this.#listeners.includes(listener)) this.#listeners = [...this.#listeners, listener];
  }

  unlisten(listener: Fmp4Listener): void {
    this.#listeners = this.#listeners.filter((other) => other !== listener);
  }

  /** May be called twice. */
  close(code: string): void {
    if (this.#endCode !== undefined) return;
    if (this.stream.state === "ended") this.#cutter.flush();
    this.#endCode = code;
    this.#tick.cancel();
    this.#stopObserving();
    this.#sources.close();
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) this.#guard(listener, () => listener.ended(code));
  }

  #changed(change: StreamChange): void {
    if (change.type === "tracks") {
      this.#sources.select();
      this.#tryBegin();
    }
    if (change.type !== "state") return;
    if (change.state === "waiting") this.#cutter.flush();
    if (change.state === "live") {
      this.#cutter.restart();
      const audio = this.#sources.feed("audio");
      // It was silent for as long as nobody published.
      if (audio?.lastUs !== undefined) audio.lastUs = this.stream.nowUs();
      this.#lastVideoUs = Number.NEGATIVE_INFINITY;
    }
    if (change.state === "offline") {
      this.close("STREAM_ENDED");
      this.#options.onEnd();
    }
  }

  #frame(kind: MediaKind, frame: Frame): void {
    if (this.#init === undefined) {
      // What has come by now is cached.
      this.#tryBegin();
      return;
    }
    if (kind === "video") {
      if (frame.key) {
        this.#keyRequests.keyCame();
        this.#configureAt(frame);
      }
      this.#lastVideoUs = frame.dtsUs;
      // Another track is followed from its first key frame on.
      if (this.#tracks.video?.track.info !== this.#sources.feed("video")?.trackInfo) return;
      this.#cutter.pushVideo(frame);
      return;
    }
    const video = this.#sources.feed("video");
    const isAlone = this.#tracks.video === undefined || video === undefined;
    if (isAlone && this.#needsNewInit(undefined, this.#audioInfo())) {
      this.#configure(undefined, this.#audioInfo(), undefined, frame.ptsUs);
    }
    if (this.#tracks.audio?.track.info === this.#sources.feed("audio")?.trackInfo) {
      this.#cutter.pushAudio(frame);
    }
  }

  /** The beginning: as soon as the tracks are known that the stream has or is soon to have. */
  #tryBegin(): void {
    if (this.#init !== undefined || this.#endCode !== undefined) return;
    const { audioWaitMs, videoWaitMs } = this.#options.limits;
    const video = this.#sources.feed("video");
    const audio = this.#sources.feed("audio");
    const nowUs = this.stream.nowUs();
    if (video?.isReady === true) {
      this.#videoSinceUs ??= nowUs;
      const sinceUs = audio === undefined ? 0 : this.#videoSinceUs;
      const isLate = nowUs - sinceUs >= audioWaitMs * 1000;
      if (audio?.isReady === true || isLate || this.#isRefused("audio"))
        this.#begin(video.track.cache.frames);
      return;
    }
    if (audio?.isReady !== true) return;
    const waitMs = video === undefined ? audioWaitMs : videoWaitMs;
    const sinceUs = video === undefined ? 0 : this.#openedUs;
    if (nowUs - sinceUs >= waitMs * 1000 || this.#isRefused("video")) this.#begin([]);
  }

  #isRefused(kind: MediaKind): boolean {
    return this.lacks.some((lack) => lack.kind === kind);
  }

  #begin(group: readonly Frame[]): void {
    const [key] = group;
    const video = this.#sources.feed("video")?.trackInfo as VideoTrackInfo;
    if (key !== undefined) this.#configure(video, this.#audioInfo(), key, undefined);
    else this.#configure(undefined, this.#audioInfo(), undefined, undefined);
    if (this.#init === undefined) return;
    const sound = this.#tracks.audio && this.#sources.feed("audio")?.track.cache.frames;
    const keptUs = this.#options.limits.keptMs * 1000;
    for (const { kind, frame } of replayOrder(group, sound ?? [], keptUs)) {
      if (kind === "video") this.#lastVideoUs = frame.dtsUs;
      if (kind === "video") this.#cutter.pushVideo(frame);
      else this.#cutter.pushAudio(frame);
    }
    if (this.stream.state === "waiting") this.#cutter.flush();
  }

  #configureAt(key: Frame): void {
    const video = this.#sources.feed("video")?.trackInfo as VideoTrackInfo | undefined;
    if (video === undefined) return;
    const audio = this.#audioInfo();
    if (this.#needsNewInit(video, audio)) this.#configure(video, audio, key, key.dtsUs);
  }

  /** The sound that players can count on; undefined when there is none at present. */
  #audioInfo(): AudioTrackInfo | undefined {
    const audio = this.#sources.feed("audio");
    if (audio === undefined || !audio.isReady) return undefined;
    const silentUs = this.#lastVideoUs - (audio.lastUs ?? 0);
    return silentUs > this.#options.limits.audioLostMs * 1000
      ? undefined
      : (audio.trackInfo as AudioTrackInfo);
  }

  #needsNewInit(video: VideoTrackInfo | undefined, audio: AudioTrackInfo | undefined): boolean {
    if (video === undefined && audio === undefined) return false;
    return this.#tracks.video?.track.info !== video || this.#tracks.audio?.track.info !== audio;
  }

  /** `endUs`: where what came before ends, if that is known. */
  #configure(
    videoInfo: VideoTrackInfo | undefined,
    audioInfo: AudioTrackInfo | undefined,
    key: Frame | undefined,
    endUs: number | undefined,
  ): void {
    const { numbering, log } = this.#options;
    const video = videoInfo && key && prepareVideo(videoInfo, key);
    const audio = audioInfo && this.#prepareAudio(audioInfo);
    if (video === undefined && audio === undefined) return;
    // Parts that wait belong to the old tracks.
    this.#cutter.configure({ video, audio }, endUs);
    this.#tracks = { video, audio };
    this.#init = prepareInit(numbering.nextInit++, video, audio);
    const { id, mime } = this.#init;
    log.debug({ stream: this.stream.name, init: id, mime }, "fragments have a new configuration");
  }

  #prepareAudio(info: AudioTrackInfo): CutterTracks["audio"] {
    try {
      return prepareAudio(info);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#sources.refuse("audio", error.code);
      return undefined;
    }
  }

  #emit(cut: CutPart): void {
    const init = this.#init;
    if (init === undefined) return;
    const sequence = this.#options.numbering.nextSequence++;
    const { independent, discontinuous, startUs, durationUs, runs } = cut;
    const part: Fmp4Part = {
      sequence,
      init,
      independent,
      discontinuous,
      startUs,
      durationUs,
      captureWallMs: this.stream.captureWallMs(startUs),
      // ISO/IEC 14496-12 section 8.8.5: counted from 1, 32 bits.
      bytes: writeChunk((sequence + 1) % 2 ** 32, runs),
    };
    this.#store.push(part);
    for (const listener of this.#listeners) this.#guard(listener, () => listener.part(part));
  }

  /** A listener that throws is a bug of ours; it must not cost the others their parts. */
  #guard(listener: Fmp4Listener, tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.#options.log.error({ stream: this.stream.name, err: error }, "a listener failed");
      this.unlisten(listener);
    }
  }

  #nextTick(): Timer {
    return this.#options.clock.after(tickMs, () => {
      this.#tick = this.#nextTick();
      this.#tryBegin();
      this.#cutter.idle(tickMs);
      this.#keyRequests.tick();
    });
  }
}
