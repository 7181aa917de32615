import type { MediaKind } from "@millrace/media/frame";
import type { Clock, Hint, Log, Stream, Timer } from "../../core/index.ts";
import type { EgressCore } from "./core.ts";
import { H264Packetiser } from "./h264-packetiser.ts";
import { OpusPacketiser } from "./opus-packetiser.ts";
import { RtpOutput } from "./rtp-output.ts";
import { chooseSource, failedSource, type SourceChoice } from "./source-choice.ts";

/** A session that is fed by a stream output. */
export interface OutputUser {
  /** The video cannot be sent to anybody; the session ends. `code` is a stable string such as `B_FRAMES`. */
  videoRefused(code: string): void;
  /** The hints of this output changed. */
  hintsChanged(): void;
}

export interface StreamOutputOptions {
  readonly stream: Stream;
  readonly core: EgressCore;
  readonly clock: Clock;
  readonly log: Log;
}

/** After something that made a track gave up. */
const retryMs = 10_000;

/** What a stream's WebRTC viewers are sent: H.264 without B-frames and Opus, from the publisher or made for them. */
export class StreamOutput {
  readonly stream: Stream;
  readonly video: RtpOutput;
  readonly audio: RtpOutput;
  readonly #options: StreamOutputOptions;
  readonly #users = new Set<OutputUser>();
  readonly #choices = new Map<MediaKind, SourceChoice>();
  readonly #stopObserving: () => void;
  #retry: Timer | undefined;
  #closed = false;

  constructor(options: StreamOutputOptions) {
    const { stream, core, log } = options;
    this.#options = options;
    this.stream = stream;
    this.video = new RtpOutput({
      stream,
      clockRate: 90_000,
      packetiser: new H264Packetiser(),
      core,
      log,
      onEnded: (code) => this.#ended("video", code),
    });
    this.audio = new RtpOutput({
      stream,
      clockRate: 48_000,
      packetiser: new OpusPacketiser(),
      core,
      log,
      onEnded: (code) => this.#ended("audio", code),
    });
    this.#stopObserving = stream.observe((change) => {
      if (change.type === "tracks") this.#select();
    });
    this.#select();
  }

  /** Why something is missing: no audio because nothing turns it into Opus, and the like. */
  get hints(): readonly Hint[] {
    return [this.videoRefusal, this.#choices.get("audio")?.refusal].filter(
      (hint) => hint !== undefined,
    );
  }

  /** Why there is no video; undefined when there is or when the stream has none. */
  get videoRefusal(): Hint | undefined {
    return this.#choices.get("video")?.refusal;
  }

  add(user: OutputUser): void {
    this.#users.add(user);
  }

  remove(user: OutputUser): void {
    this.#users.delete(user);
  }

  /** May be called twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopObserving();
    this.#retry?.cancel();
    this.video.close();
    this.audio.close();
    for (const choice of this.#choices.values()) choice.lease?.release();
  }

  #select(): void {
    if (this.#closed) return;
    const before = this.hints;
    this.#selectKind("video");
    this.#selectKind("audio");
    this.#tellChanges(before);
  }

  #selectKind(kind: MediaKind): void {
    const before = this.#choices.get(kind);
    const choice = chooseSource(this.stream, kind, before);
    if (choice === before) return;
    this.#choices.set(kind, choice);
    this[kind].setSource(choice.track);
    before?.lease?.release();
  }

  /** A track ended: with its stream, because the publisher took it away, or because what made it gave up. */
  #ended(kind: MediaKind, code: string): void {
    this.#choices.get(kind)?.lease?.release();
    this.#choices.delete(kind);
    const { stream } = this;
    if (this.#closed || stream.state === "ended" || stream.track(kind) === undefined) return;
    const before = this.hints;
    this.#choices.set(kind, failedSource(kind, code));
    this.#options.log.warn({ stream: stream.name, kind, code }, "a track for WebRTC failed");
    this.#retry?.cancel();
    this.#retry = this.#options.clock.after(retryMs, () => this.#select());
    this.#tellChanges(before);
  }

  /** Last of all, for a user that leaves may be the last and close this. */
  #tellChanges(before: readonly Hint[]): void {
    const { hints, videoRefusal } = this;
    const codes = (list: readonly Hint[]) => list.map((hint) => hint.code).join();
    if (codes(hints) === codes(before)) return;
    const refused = videoRefusal !== undefined && !before.includes(videoRefusal);
    for (const user of [...this.#users]) {
      if (refused) user.videoRefused(videoRefusal.code);
      else user.hintsChanged();
    }
  }
}
