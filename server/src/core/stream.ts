import type { Frame, MediaKind, TrackInfo } from "@millrace/media/frame";
import type { Activity } from "./activity.ts";
import type { Attendance } from "./attendance.ts";
import { DerivedTrack, type TrackLease, targetId } from "./derived-track.ts";
import { RefusedError } from "./errors.ts";
import type { FrameCacheLimits } from "./frame-cache.ts";
import { randomId } from "./ids.ts";
import type { CoreLimits } from "./limits.ts";
import type { PacketSource } from "./packet-source.ts";
import type { Clock, DerivedTarget, Log, Timer, Transcoder } from "./ports.ts";
import type { Hint, StreamChange, StreamObserver, StreamState } from "./stream-events.ts";
import { emptyHealth, type StreamHealth } from "./stream-health.ts";
import { Track } from "./track.ts";
import type { Viewer, ViewerInfo } from "./viewer.ts";

export interface StreamOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly attendance: Attendance;
  readonly activity: Activity;
  readonly log: Log;
  readonly limits: CoreLimits;
  readonly transcoder: Transcoder | undefined;
  /** Called once when the stream has ended. */
  onEnd(stream: Stream): void;
  /** Told every change, before the stream's own observers and those of the activity. */
  onChange(stream: Stream, change: StreamChange): void;
}

/** Key frames further apart than this make late viewers of segment outputs wait. */
const longKeyIntervalUs = 4_500_000;

/** A named live broadcast: tracks, viewers and the time they share. It outlives its publisher by the grace time. */
export class Stream {
  readonly name: string;
  /** Unguessable; tells two streams of the same name apart. */
  readonly id: string = randomId();
  readonly startedWallMs: number;
  /** For Publisher: from capture to the gateway, as far as the publisher tells. Microseconds. */
  captureDelayUs = 0;
  /** For Publisher: viewers that its grant allows; undefined: as many as any stream. */
  maxGrantedViewers: number | undefined;
  readonly #options: StreamOptions;
  readonly #originUs: number;
  readonly #cacheLimits: FrameCacheLimits;
  readonly #tracks = new Map<MediaKind, Track>();
  readonly #derived = new Map<string, DerivedTrack>();
  readonly #viewers = new Map<string, Viewer>();
  #listeners = 0;
  readonly #observers = new Set<StreamObserver>();
  readonly #hints = new Map<string, Hint>();
  #state: StreamState = "live";
  #grace: Timer | undefined;
  #health: StreamHealth;

  constructor(options: StreamOptions) {
    this.#options = options;
    this.name = options.name;
    this.#originUs = options.clock.nowUs();
    this.startedWallMs = options.clock.wallMs();
    this.#health = emptyHealth(this.startedWallMs);
    this.#cacheLimits = {
      maxBytes: options.limits.gopMaxBytes,
      maxUs: options.limits.gopMaxSeconds * 1_000_000,
    };
  }

  get state(): StreamState {
    return this.#state;
  }

  /** The publisher's tracks, video first. */
  get tracks(): readonly Track[] {
    return [this.#tracks.get("video"), this.#tracks.get("audio")].filter(
      (track) => track !== undefined,
    );
  }

  track(kind: MediaKind): Track | undefined {
    return this.#tracks.get(kind);
  }

  get derivedTracks(): readonly Track[] {
    return [...this.#derived.values()].map((derived) => derived.track);
  }

  get hints(): readonly Hint[] {
    return [...this.#hints.values()];
  }

  /** As it was told last; `Publisher.health` has the figures of the moment. */
  get health(): StreamHealth {
    return this.#health;
  }

  get viewers(): ReadonlyMap<string, Viewer> {
    return this.#viewers;
  }

  /** How many follow the stream's events without media. */
  get listeners(): number {
    return this.#listeners;
  }

  /** The stream's own time: microseconds since it began. */
  nowUs(): number {
    return this.#options.clock.nowUs() - this.#originUs;
  }

  /** Wall clock (ms since 1970) at which a frame with this time entered the gateway or, better known, was captured. */
  captureWallMs(ptsUs: number): number {
    const agoUs = this.nowUs() - ptsUs + this.captureDelayUs;
    return this.#options.clock.wallMs() - agoUs / 1000;
  }

  /** Tells every change from now on. Returns how to stop. */
  observe(observer: StreamObserver): () => void {
    this.#observers.add(observer);
    return () => void this.#observers.delete(observer);
  }

  /**
   * A share in a track made from one of the stream's own.
   * @throws RefusedError `TRACK_MISSING` 404, `NO_TRANSCODER` 501, `CODEC_UNSUPPORTED` 415 or what the transcoder says.
   */
  acquire(target: DerivedTarget): TrackLease {
    const id = targetId(target);
    const present = this.#derived.get(id);
    if (present !== undefined) return present.lease();
    const source = this.#tracks.get(target.kind);
    if (source === undefined) {
      throw new RefusedError("TRACK_MISSING", 404, `The stream has no ${target.kind}.`);
    }
    const transcoder = this.#options.transcoder;
    const refusal =
      transcoder?.refusal(source.info, target) ?? (transcoder ? undefined : "NO_TRANSCODER");
    if (transcoder === undefined || refusal !== undefined) {
      const code = refusal ?? "NO_TRANSCODER";
      throw new RefusedError(
        code,
        refusalStatus(code),
        `${source.info.codec} cannot be turned into ${target.codec} here.`,
      );
    }
    const derived = new DerivedTrack({
      source,
      target,
      transcoder,
      clock: this.#options.clock,
      log: this.#options.log.child({ stream: this.name }),
      cacheLimits: this.#cacheLimits,
      lingerMs: this.#options.limits.derivedLingerMs,
      pictureStartUs: this.#tracks.get("video")?.cache.startUs,
      liveUs: () => (this.#state === "live" ? this.nowUs() : undefined),
      onEnd: () => {
        if (this.#derived.get(id) === derived) this.#derived.delete(id);
      },
    });
    this.#derived.set(id, derived);
    return derived.lease();
  }

  /** Counts a viewer until it is closed. @throws RefusedError `VIEWERS_FULL` 503, `STREAM_NOT_FOUND` 404. */
  addViewer(info: ViewerInfo): Viewer {
    const { activity, attendance, limits } = this.#options;
    const refusal = (code: string, status: number, message: string): RefusedError => {
      activity.refused({ action: "play", transport: info.transport, code, status });
      return new RefusedError(code, status, message);
    };
    if (this.#state === "ended") {
      throw refusal("STREAM_NOT_FOUND", 404, `There is no stream ${this.name}.`);
    }
    if (
      this.#viewers.size >=
      Math.min(limits.maxViewersPerStream, this.maxGrantedViewers ?? Number.POSITIVE_INFINITY)
    ) {
      throw refusal("VIEWERS_FULL", 503, `${this.name} has as many viewers as it may.`);
    }
    const id = info.id ?? this.#ownId(info.grant?.session) ?? randomId();
    return attendance.begin(this, id, info, {
      enter: (viewer) => void this.#viewers.set(viewer.id, viewer),
      leave: (viewer) => {
        return this.#viewers.get(viewer.id) === viewer && this.#viewers.delete(viewer.id);
      },
    });
  }

  /** Counts somebody who follows the stream's events without media, who is no viewer. Returns how to leave, which may be done twice. */
  addListener(): () => void {
    this.#listeners++;
    let listens = true;
    return () => {
      if (listens) this.#listeners--;
      listens = false;
    };
  }

  /** Notes advice for the publisher, once per code. */
  addHint(code: string, message: string): void {
    if (this.#hints.has(code)) return;
    const hint = { code, message };
    this.#hints.set(code, hint);
    this.#tell({ type: "hint", hint });
  }

  /** Takes advice back that is not so any more. */
  clearHint(code: string): void {
    if (this.#hints.delete(code)) this.#tell({ type: "hint-cleared", code });
  }

  /** For Publisher: adds a track or gives it a new configuration. */
  setTrack(info: TrackInfo, packets?: PacketSource): void {
    const present = this.#tracks.get(info.kind);
    if (present === undefined) {
      const log = this.#options.log.child({ stream: this.name });
      const track = new Track(info.kind, info, this.#cacheLimits, log);
      track.reconfigure(info, packets);
      this.#tracks.set(info.kind, track);
      this.#tell({ type: "tracks" });
    } else if (present.reconfigure(info, packets)) {
      this.#tell({ type: "tracks" });
    }
  }

  /** For Publisher: ends a track. */
  removeTrack(kind: MediaKind): void {
    const track = this.#tracks.get(kind);
    if (track === undefined) return;
    this.#tracks.delete(kind);
    track.end("TRACK_REMOVED");
    this.#tell({ type: "tracks" });
  }

  /** For Publisher: hands out a frame whose times are on the stream's clock. */
  deliver(kind: MediaKind, frame: Frame): void {
    const track = this.#tracks.get(kind);
    if (track === undefined) return;
    const reorderKnown = track.deliver(frame);
    if (kind !== "video") return;
    if (frame.key) {
      this.#tracks.get("audio")?.trimAudio(frame.dtsUs);
      this.#checkKeyInterval(track);
    }
    if (reorderKnown) this.#tell({ type: "tracks" });
    if (track.reorders === true && !this.#hints.has("B_FRAMES")) {
      this.addHint(
        "B_FRAMES",
        "The encoder makes B-frames, which WebRTC cannot play: set B-frames to 0 (OBS: Output, Advanced, B-frames 0 or Tune zerolatency; ffmpeg: -bf 0).",
      );
    }
  }

  /** For Publisher: the buffer is in another state. */
  setHealth(health: StreamHealth): void {
    if (this.#state !== "live") return;
    this.#health = health;
    this.#tell({ type: "buffer", health });
  }

  /** For Registry: a publisher took over a stream that waited. */
  resume(): void {
    this.#grace?.cancel();
    this.#grace = undefined;
    this.#hints.clear();
    this.captureDelayUs = 0;
    for (const track of this.#tracks.values()) track.restart();
    this.#setState("live", "PUBLISHER_RETURNED");
  }

  /** For Publisher: nobody publishes now; the stream ends unless somebody returns within the grace time. */
  wait(reason: string): void {
    if (this.#state !== "live") return;
    const { graceMs } = this.#options.limits;
    if (graceMs <= 0) {
      this.end(reason);
      return;
    }
    this.#health = emptyHealth(this.#options.clock.wallMs());
    this.#setState("waiting", reason);
    this.#grace = this.#options.clock.after(graceMs, () => this.end(reason));
  }

  /** Ends the stream for everybody; whoever still watches then leaves with `viewersReason`. May be called twice. */
  end(reason: string, viewersReason = "STREAM_ENDED"): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#grace?.cancel();
    if (this.#health.buffer !== "EMPTY") {
      this.#health = emptyHealth(this.#options.clock.wallMs());
    }
    for (const derived of [...this.#derived.values()]) derived.end("STREAM_ENDED");
    for (const track of this.#tracks.values()) track.end("STREAM_ENDED");
    this.#options.onEnd(this);
    this.#tell({ type: "state", state: "offline", reason });
    this.#observers.clear();
    for (const viewer of [...this.#viewers.values()]) viewer.close(viewersReason);
  }

  /** What was made up for a session's request may count for several: then the others need ids of their own. */
  #ownId(session: string | undefined): string | undefined {
    return session === undefined || this.#viewers.has(session) ? undefined : session;
  }

  #setState(state: "live" | "waiting", reason: string): void {
    this.#state = state;
    this.#tell({ type: "state", state, reason });
  }

  #checkKeyInterval(track: Track): void {
    if ((track.keyIntervalUs ?? 0) <= longKeyIntervalUs) {
      this.clearHint("KEY_INTERVAL_LONG");
      return;
    }
    const seconds = Math.round((track.keyIntervalUs ?? 0) / 1_000_000);
    this.addHint(
      "KEY_INTERVAL_LONG",
      `Key frames come every ${seconds} s: set the key frame interval to 2 s (OBS: Output, Keyframe Interval 2; ffmpeg: -g 60 at 30 fps).`,
    );
  }

  #tell(change: StreamChange): void {
    this.#options.onChange(this, change);
    for (const observer of [...this.#observers]) observer(change);
    this.#options.activity.streamChanged(this, change);
  }
}

/** What cannot be made here at all, what cannot be made now, and what nobody can make of this source. */
function refusalStatus(code: string): number {
  if (code === "NO_TRANSCODER") return 501;
  return code.startsWith("TRANSCODER_") ? 503 : 415;
}
