import {
  requiredFourCc,
  TagType,
  tagTypeOf,
  writeConfigBody,
  writeMetadataBody,
} from "@millrace/media/flv";
import type { Frame, MediaKind, TrackInfo } from "@millrace/media/frame";
import { FrameQueue, type FrameQueueLimits, type QueuedFrame } from "../core/frame-queue.ts";
import type { Stream } from "../core/stream.ts";
import type { StreamChange } from "../core/stream-events.ts";
import type { FrameSink, Track } from "../core/track.ts";
import type { TagBodies } from "./tag-bodies.ts";

/** Where a player's tags go. */
export interface TagOutput {
  /** Bytes handed over that the network has not taken. */
  readonly waitingBytes: number;
  /** Takes a tag and keeps its body. `timestampMs` wraps at 2^32. */
  writeTag(tagType: number, timestampMs: number, body: Uint8Array): void;
  /** Hands over what was written. */
  flush(): void;
  /** The stream is over; nothing follows. `code` is a stable string. */
  streamEnded(code: string): void;
}

export interface RtmpPlayerOptions {
  readonly stream: Stream;
  readonly output: TagOutput;
  readonly bodies: TagBodies;
  /** FourCCs that the client knows; `*` stands for all. */
  readonly fourCcs: ReadonlySet<string>;
  readonly queue: FrameQueueLimits;
  /** Bytes handed over before frames wait in the queue. */
  readonly maxWaitingBytes: number;
  /** The first frame was sent. */
  onMedia(): void;
}

const kinds = ["video", "audio"] as const;

/**
 * Sends one stream to one player: metadata, configurations, the current group of pictures from its
 * key frame, then live. Times begin at 0.
 */
export class RtmpPlayer implements FrameSink {
  readonly #options: RtmpPlayerOptions;
  readonly #queue: FrameQueue;
  readonly #stopObserving: () => void;
  readonly #tracks = new Map<MediaKind, Track>();
  readonly #sentInfo = new Map<MediaKind, TrackInfo>();
  readonly #unwanted = new Set<MediaKind>();
  #replay: readonly QueuedFrame[] = [];
  #replayAt = 0;
  #metadataSent = false;
  #awaitsKey = true;
  #paused = false;
  #baseMs: number | undefined;
  /** Time of the last tag, as the player knows it. */
  #lastMs = 0;
  #closed = false;
  /** Frames sent. */
  sentFrames = 0;

  constructor(options: RtmpPlayerOptions) {
    this.#options = options;
    this.#queue = new FrameQueue(options.queue);
    this.#stopObserving = options.stream.observe((change) => this.#changed(change));
  }

  /** Frames that were not sent because the player was too slow. */
  get droppedFrames(): number {
    return this.#queue.droppedFrames;
  }

  /** Bytes of frames that wait. */
  get queuedBytes(): number {
    return this.#queue.sizeBytes;
  }

  /** Of what the player is sent, video first. */
  get codecs(): readonly string[] {
    return kinds.flatMap((kind) => this.#sentInfo.get(kind)?.codecString ?? []);
  }

  /** Sends what a late viewer needs and goes on live. Call once. */
  start(): void {
    this.#follow();
    this.#rewind();
  }

  /** The network took what was handed over. */
  drained(): void {
    this.#pump();
  }

  pause(paused: boolean): void {
    if (this.#closed || paused === this.#paused) return;
    this.#paused = paused;
    this.#rewind();
  }

  /** Leaves one kind of track out, or takes it in again. */
  select(kind: MediaKind, wanted: boolean): void {
    if (this.#closed || wanted !== this.#unwanted.has(kind)) return;
    if (wanted) this.#unwanted.delete(kind);
    else this.#unwanted.add(kind);
    this.#follow();
    if (kind === "video" && wanted) this.#rewind();
  }

  /** May be called twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopObserving();
    for (const track of this.#tracks.values()) track.unsubscribe(this);
    this.#tracks.clear();
    this.#queue.clear();
    this.#replay = [];
  }

  frame(frame: Frame, track: Track): void {
    if (this.#paused || this.#awaits(frame, track)) return;
    if (!this.#isIdle) {
      // A player this late goes on at the next key frame; what is left of the past only delays it.
      if (!this.#queue.push(track, frame)) this.#replay = [];
      this.#pump();
      return;
    }
    this.#write(frame, track);
    this.#options.output.flush();
  }

  info(_info: TrackInfo, track: Track): void {
    // Frames that wait belong to the old configuration; the next video frame is a key frame.
    if (track.kind === "video") this.#drop();
  }

  ended(track: Track): void {
    if (this.#tracks.get(track.kind) !== track) return;
    this.#forget(track.kind);
  }

  get #isIdle(): boolean {
    return (
      this.#replayAt >= this.#replay.length &&
      this.#queue.length === 0 &&
      this.#options.output.waitingBytes < this.#options.maxWaitingBytes
    );
  }

  /** Nothing comes before the first key frame, audio included, unless there is no video. */
  #awaits(frame: Frame, track: Track): boolean {
    if (!this.#awaitsKey) return false;
    if (track.kind === "video" ? !frame.key : this.#tracks.has("video")) return true;
    if (track.kind === "video") this.#awaitsKey = false;
    return false;
  }

  #changed(change: StreamChange): void {
    if (change.type === "tracks") this.#follow();
    if (change.type !== "state" || change.state !== "offline") return;
    this.close();
    this.#options.output.streamEnded("STREAM_ENDED");
  }

  /** Subscribes to the tracks that there are and that the player can play. */
  #follow(): void {
    for (const kind of kinds) {
      const track = this.#options.stream.track(kind);
      const next = track !== undefined && this.#plays(track.info) ? track : undefined;
      const present = this.#tracks.get(kind);
      if (present === next) continue;
      present?.unsubscribe(this);
      this.#forget(kind);
      if (next === undefined) continue;
      this.#tracks.set(kind, next);
      next.subscribe(this);
    }
  }

  #forget(kind: MediaKind): void {
    this.#tracks.delete(kind);
    this.#sentInfo.delete(kind);
    this.#metadataSent = false;
    if (kind === "video") this.#awaitsKey = true;
  }

  #plays(info: TrackInfo): boolean {
    if (this.#unwanted.has(info.kind)) return false;
    const fourCc = requiredFourCc(info.codec);
    const { fourCcs } = this.#options;
    return fourCc === undefined || fourCcs.has(fourCc) || fourCcs.has("*");
  }

  #drop(): void {
    this.#queue.clear();
    this.#replay = [];
    this.#awaitsKey = true;
  }

  /** Begins at the last key frame, or waits for the next one where the player is past that already. */
  #rewind(): void {
    this.#drop();
    if (this.#paused) return;
    const video = this.#tracks.get("video");
    const gop = video?.cache.frames ?? [];
    if (video !== undefined && this.#isNews(gop[0])) {
      this.#awaitsKey = false;
      this.#replay = inOrder(video, gop, this.#tracks.get("audio"));
      this.#replayAt = 0;
    }
    this.#pump();
  }

  /** Whether a group of pictures begins after what the player has seen. */
  #isNews(first: Frame | undefined): boolean {
    if (first === undefined) return false;
    return this.#baseMs === undefined || first.dtsUs / 1000 - this.#baseMs > this.#lastMs;
  }

  /** Sends what waits, as far as the network takes it. */
  #pump(): void {
    const { output, maxWaitingBytes } = this.#options;
    let wrote = false;
    while (!this.#closed && output.waitingBytes < maxWaitingBytes) {
      const entry = this.#replay[this.#replayAt] ?? this.#queue.shift();
      if (entry === undefined) break;
      if (this.#replayAt < this.#replay.length) this.#replayAt++;
      else this.#replay = [];
      this.#write(entry.frame, entry.track);
      output.flush();
      wrote = true;
    }
    if (!wrote && !this.#metadataSent && !this.#closed) {
      this.#announce();
      output.flush();
    }
  }

  #write(frame: Frame, track: Track): void {
    const { output, bodies } = this.#options;
    if (!this.#metadataSent || this.#sentInfo.get(track.kind) !== track.info) this.#announce();
    const timeMs = Math.floor(frame.dtsUs / 1000);
    this.#baseMs ??= timeMs;
    this.#lastMs = Math.max(0, timeMs - this.#baseMs);
    output.writeTag(tagTypeOf(track.info), this.#lastMs, bodies.of(track, frame));
    if (this.sentFrames++ === 0) this.#options.onMedia();
  }

  /** Metadata and the configurations that the player does not have. */
  #announce(): void {
    const { output } = this.#options;
    const infos = kinds.flatMap((kind) => this.#tracks.get(kind)?.info ?? []);
    if (infos.length === 0) return;
    output.writeTag(TagType.script, this.#lastMs, writeMetadataBody(infos));
    this.#metadataSent = true;
    for (const info of infos) {
      if (this.#sentInfo.get(info.kind) === info) continue;
      this.#sentInfo.set(info.kind, info);
      const config = writeConfigBody(info);
      if (config !== undefined) output.writeTag(tagTypeOf(info), this.#lastMs, config);
    }
  }
}

/** The group of pictures with the audio that belongs to it, by decoding time. */
function inOrder(
  video: Track,
  gop: readonly Frame[],
  audio: Track | undefined,
): readonly QueuedFrame[] {
  const entries: QueuedFrame[] = gop.map((frame) => ({ track: video, frame }));
  const startUs = gop[0]?.dtsUs ?? 0;
  for (const frame of audio?.cache.frames ?? []) {
    if (audio !== undefined && frame.dtsUs >= startUs) entries.push({ track: audio, frame });
  }
  return entries.sort((a, b) => a.frame.dtsUs - b.frame.dtsUs);
}
