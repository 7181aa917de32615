import { writeFrameTag } from "@millrace/media/flv";
import type { Frame, TrackInfo } from "@millrace/media/frame";
import {
  type Clock,
  type FrameSink,
  type Log,
  RefusedError,
  type Stream,
  type StreamChange,
  type Timer,
  type Track,
} from "../../core/index.ts";
import { BlockChain, type Group } from "./block-chain.ts";
import { cachedFrames } from "./cached-frames.ts";
import { CaptureTime } from "./capture-time.ts";
import type { FanOut } from "./fan-out.ts";
import { FlushPlan } from "./flush-plan.ts";
import { type Heading, makeHeading } from "./heading.ts";
import type { FlvLimits } from "./limits.ts";
import type { Pace } from "./pace.ts";
import { configTag, metadataTag, tagTime } from "./script-tags.ts";
import { type FlvSound, Sources } from "./sources.ts";
import type { FlvViewer, ViewerSource } from "./viewer.ts";

export interface ChannelOptions {
  readonly stream: Stream;
  readonly sound: FlvSound;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: FlvLimits;
  readonly pace: Pace;
  /** Writes blocks to many viewers at once, where that can be had. */
  readonly fanOut?: FanOut | undefined;
  /** A viewer's end: the stream is over or the viewer failed. It calls `remove`. */
  endViewer(viewer: FlvViewer, code: string): void;
}

/**
 * The FLV of one stream. Each frame becomes one tag, tags become blocks, and every viewer is written the
 * same blocks. Lives from its first viewer to its last; whoever made it closes it.
 */
export class FlvChannel implements FrameSink, ViewerSource {
  readonly chain: BlockChain;
  readonly #options: ChannelOptions;
  readonly #sources: Sources;
  readonly #viewers = new Set<FlvViewer>();
  readonly #waiting = new Set<FlvViewer>();
  readonly #stopObserving: () => void;
  readonly #flushPlan: FlushPlan;
  readonly #captureTime: CaptureTime;
  #tags: Uint8Array[] = [];
  #tagBytes = 0;
  #tagFrames = 0;
  #newestUs = 0;
  #version = 0;
  #heading: { readonly group: Group | undefined; readonly made: Heading } | undefined;
  /** From when on viewers are served although a track is missing, on the stream's clock. */
  #openUs: number | undefined;
  readonly #refuseUs: number;
  /** Until then the cached group of pictures waits for its sound, and viewers for both. */
  #seedDueUs: number | undefined;
  #openTimer: Timer | undefined;
  #seedTimer: Timer | undefined;
  #retryUs: number;
  #closed = false;

  constructor(options: ChannelOptions) {
    this.#options = options;
    const { stream, clock, limits } = options;
    this.chain = new BlockChain(limits);
    this.#flushPlan = new FlushPlan(clock, options.pace, () => this.#flush());
    this.#captureTime = new CaptureTime(stream, limits.captureTimeMs);
    this.#sources = new Sources(stream, options.sound, this);
    this.#refuseUs = stream.nowUs() + limits.firstTrackMs * 1000;
    this.#retryUs = clock.nowUs() + limits.retryMs * 1000;
    this.#stopObserving = stream.observe((change) => this.#changed(change));
    this.#sources.follow(false);
    // A stream that is older than the grace time has the tracks that it will have.
    if (this.#sources.announced > 0) this.#openUs = limits.trackGraceMs * 1000;
    this.#planSeed();
  }

  get viewers(): number {
    return this.#viewers.size;
  }

  /** Of what viewers are sent, video first. */
  get codecs(): readonly string[] {
    return this.#infos().map((info) => info.codecString);
  }

  /** Serves a viewer from now on, as soon as it is known what there is. */
  add(viewer: FlvViewer): void {
    this.#viewers.add(viewer);
    this.#waiting.add(viewer);
    this.#openWaiting();
  }

  remove(viewer: FlvViewer): void {
    this.#waiting.delete(viewer);
    if (!this.#viewers.delete(viewer)) return;
    if (viewer.isOpen) this.#options.pace.viewers--;
    viewer.close();
  }

  /** Looks after what takes time. Called about once a second. */
  tick(nowUs: number): void {
    for (const viewer of [...this.#viewers]) {
      const code = viewer.isStalled(nowUs) ? "VIEWER_TOO_SLOW" : viewer.carrier.tick?.(nowUs);
      if (code !== undefined) this.#options.endViewer(viewer, code);
    }
    if (nowUs < this.#retryUs || this.#closed) return;
    this.#retryUs = nowUs + this.#options.limits.retryMs * 1000;
    this.#follow(true);
  }

  /** Lets go of the stream; viewers are left to whoever made the channel. May be called twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopObserving();
    this.#sources.close();
    this.#flushPlan.close();
    this.#openTimer?.cancel();
    this.#seedTimer?.cancel();
    this.#tags = [];
  }

  frame(frame: Frame, track: Track): void {
    if (this.#seedDueUs !== undefined) {
      // What has come by now is cached.
      if (track.kind === "audio") this.#seed();
      return;
    }
    this.#take(frame, track);
    // Sound can wait for the picture, which then need not wait for what sound began.
    this.#flushPlan.request(track.kind === "audio" && this.#sources.hasVideo());
  }

  info(info: TrackInfo, track: Track): void {
    // A codec that has to be derived is followed by a change of tracks.
    if (this.#sources.has(track)) this.#announce([info]);
  }

  ended(track: Track, code: string): void {
    const { stream } = this.#options;
    // The publisher took it away or the stream is over, which is told in a moment.
    if (stream.state === "ended" || stream.track(track.kind) === undefined) return;
    this.#sources.ended(track, code);
    this.#seedWhenComplete();
    this.#tracksChanged();
  }

  heading(group: Group | undefined): Heading {
    if (this.#heading === undefined || this.#heading.group !== group) {
      const made = makeHeading({
        version: this.#version,
        infos: this.#infos(),
        before: group?.infos ?? [],
        capture: this.#captureTime.map,
        startUs: group?.startUs ?? this.#newestUs,
        place: this.chain.tail.place,
      });
      this.#heading = { group, made };
    }
    return this.#heading.made;
  }

  #infos(): readonly TrackInfo[] {
    return this.#sources.tracks.map((track) => track.info);
  }

  #planSeed(): void {
    const { stream, clock, limits } = this.#options;
    const { tracks } = this.#sources;
    const hasPictures = tracks.some(
      ({ kind, cache }) => kind === "video" && cache.frames.length > 0,
    );
    if (!hasPictures || !this.#sources.awaitsSound) {
      this.#seed();
      return;
    }
    this.#seedDueUs = stream.nowUs() + limits.soundWaitMs * 1000;
    this.#seedTimer = clock.after(limits.soundWaitMs, () => this.#seed());
  }

  /** Nothing is waited for that does not come. */
  #seedWhenComplete(): void {
    if (this.#seedDueUs !== undefined && !this.#sources.awaitsSound) this.#seed();
  }

  /** What a late viewer of the stream would have been sent. */
  #seed(): void {
    this.#seedTimer?.cancel();
    this.#seedDueUs = undefined;
    const audioUs = this.#options.limits.audioGroupMs * 1000;
    for (const { frame, track } of cachedFrames(this.#sources.tracks, audioUs)) {
      this.#take(frame, track);
    }
    this.#seal();
    this.#openWaiting();
  }

  #take(frame: Frame, track: Track): void {
    if (this.#startsGroup(frame, track)) {
      const capture = this.#captureTime.repeated();
      if (capture !== undefined) this.#push(metadataTag(this.#infos(), capture));
      this.#seal();
      this.chain.beginGroup(frame.dtsUs, this.#infos());
      this.#heading = undefined;
    }
    this.#tagFrames++;
    this.#newestUs = Math.max(this.#newestUs, frame.dtsUs);
    this.#push(writeFrameTag(frame, track.info, tagTime(frame.dtsUs)));
    if (this.#tagBytes >= this.#options.limits.maxBlockBytes) this.#seal();
  }

  #startsGroup(frame: Frame, track: Track): boolean {
    if (track.kind === "video") return frame.key;
    if (this.#sources.hasVideo()) return false;
    const { group } = this.chain;
    const spanUs = this.#options.limits.audioGroupMs * 1000;
    return group === undefined || frame.dtsUs - group.startUs >= spanUs;
  }

  #push(tag: Uint8Array): void {
    this.#tags.push(tag);
    this.#tagBytes += tag.length;
  }

  #seal(): void {
    if (this.#tags.length === 0) return;
    this.chain.append(this.#tags, this.#tagFrames, this.#newestUs);
    this.#tags = [];
    this.#tagBytes = 0;
    this.#tagFrames = 0;
  }

  #flush(): void {
    this.#seal();
    const { fanOut } = this.#options;
    // What it took can be followed by more: a flush has few blocks, most often one.
    do this.#pump(fanOut);
    while (fanOut?.flush() === true);
  }

  #pump(fanOut: FanOut | undefined): void {
    for (const viewer of this.#viewers) {
      try {
        viewer.pump(fanOut);
      } catch (error) {
        // A bug of ours; it must not cost the other viewers their stream.
        this.#options.log.error({ err: error }, "an FLV viewer failed and was removed");
        this.#options.endViewer(viewer, "INTERNAL_ERROR");
      }
    }
  }

  #changed(change: StreamChange): void {
    if (change.type === "tracks") this.#follow(false);
    if (change.type !== "state" || change.state !== "offline") return;
    this.#flush();
    for (const viewer of [...this.#viewers]) this.#options.endViewer(viewer, "STREAM_ENDED");
  }

  #follow(again: boolean): void {
    const before = this.#sources.announced;
    const added = this.#sources.follow(again);
    this.#seedWhenComplete();
    if (added.length > 0) this.#announce(added.map((track) => track.info));
    if (before === 0 && this.#sources.announced > 0) {
      const { stream, limits } = this.#options;
      this.#openUs = stream.nowUs() + limits.trackGraceMs * 1000;
    }
    this.#tracksChanged();
  }

  /** New tracks and configurations, in band for those who watch. */
  #announce(changed: readonly TrackInfo[]): void {
    this.#version++;
    this.#heading = undefined;
    this.#push(metadataTag(this.#infos(), this.#captureTime.map));
    for (const info of changed) {
      const tag = configTag(info, tagTime(this.#newestUs));
      if (tag !== undefined) this.#push(tag);
    }
  }

  #tracksChanged(): void {
    this.#heading = undefined;
    this.#openWaiting();
    const { refusal } = this.#sources;
    if (refusal === undefined || this.#waiting.size === this.#viewers.size) return;
    for (const viewer of [...this.#viewers]) {
      if (viewer.isOpen) this.#options.endViewer(viewer, refusal.code);
    }
  }

  #openWaiting(): void {
    if (this.#waiting.size === 0 || this.#closed || this.#seedDueUs !== undefined) return;
    const nowUs = this.#options.stream.nowUs();
    const dueUs = this.#sources.announced > 1 ? nowUs : (this.#openUs ?? this.#refuseUs);
    if (dueUs > nowUs) {
      this.#openTimer?.cancel();
      this.#openTimer = this.#options.clock.after((dueUs - nowUs) / 1000, () =>
        this.#openWaiting(),
      );
      return;
    }
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    const refusal = this.#sources.announced === 0 ? notReady() : this.#sources.refusal;
    for (const viewer of waiting) {
      if (refusal !== undefined) {
        viewer.carrier.refuse(refusal);
        continue;
      }
      this.#options.pace.viewers++;
      viewer.open(this);
    }
  }
}

function notReady(): RefusedError {
  return new RefusedError("STREAM_NOT_READY", 503, "The stream has no track yet.");
}
