import type { MediaKind } from "@millrace/media/frame";
import type { Clock, Hint, Log, Stream, Timer } from "../../core/index.ts";
import type { RtcCodec } from "../peer.ts";
import type { EgressCore } from "./core.ts";
import { RtpOutput } from "./rtp-output.ts";
import { chooseSource, failedSource, type SourceChoice } from "./source-choice.ts";

/** A session that is fed by a stream output. */
export interface OutputUser {
  /** The video cannot be sent to anybody; the session ends. `code` is a stable string such as `B_FRAMES`. */
  videoRefused(code: string): void;
  /** The hints of this output changed. */
  hintsChanged(): void;
  /** `layers` is another list, or one of them is active, inactive or another size now. */
  layersChanged(): void;
}

export interface StreamOutputOptions {
  readonly stream: Stream;
  readonly core: EgressCore;
  readonly clock: Clock;
  readonly log: Log;
}

const videoClockRate = 90_000;
const audioClockRate = 48_000;
/** After something that made a track gave up. */
const retryMs = 10_000;

/**
 * What a stream's WebRTC viewers are sent: the packets of a publisher that speaks WebRTC, otherwise H.264 without
 * B-frames and Opus, from the publisher or made for them.
 */
export class StreamOutput {
  readonly stream: Stream;
  readonly audio: RtpOutput;
  /** One per simulcast layer that there ever was, smallest first; the first is there always. */
  readonly #video: RtpOutput[];
  #layers: readonly RtpOutput[];
  #stopObservingPackets: (() => void) | undefined;
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
    const audio = {
      clockRate: audioClockRate,
      onEnded: (code: string) => this.#ended("audio", code),
    };
    this.audio = new RtpOutput({ stream, core, log, ...audio });
    this.#video = [this.#openVideo()];
    this.#layers = this.#video;
    this.#stopObserving = stream.observe((change) => {
      if (change.type === "tracks") this.#select();
    });
    this.#select();
  }

  /** The outputs that a viewer's video may be taken from, smallest layer first; one without simulcast. Replaced, never changed. */
  get layers(): readonly RtpOutput[] {
    return this.#layers;
  }

  /** The best video. */
  get video(): RtpOutput {
    return this.#layers.at(-1) as RtpOutput;
  }

  /** What the video is sent as; undefined without video. */
  get videoCodec(): RtcCodec | undefined {
    const choice = this.#choices.get("video");
    if (choice?.track === undefined) return undefined;
    return choice.encodings === undefined ? "h264" : (choice.track.packets?.codec as RtcCodec);
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
    this.#stopObservingPackets?.();
    for (const layer of this.#video) layer.close();
    this.audio.close();
    for (const choice of this.#choices.values()) choice.lease?.release();
  }

  #select(): void {
    if (this.#closed) return;
    const before = this.hints;
    const layersBefore = this.#layers;
    this.#selectKind("video");
    this.#selectKind("audio");
    // Last of all, for a user that leaves may be the last and close this.
    this.#tellChanges(before);
    if (this.#layers !== layersBefore) this.#tellLayers();
  }

  #selectKind(kind: MediaKind): void {
    const before = this.#choices.get(kind);
    const choice = chooseSource(this.stream, kind, before);
    if (choice === before) return;
    this.#choices.set(kind, choice);
    if (kind === "video") this.#setVideo(choice);
    else this.audio.setSource(choice.track, choice.encodings?.[0]);
    before?.lease?.release();
  }

  #setVideo({ track, encodings }: SourceChoice): void {
    const count = Math.max(1, encodings?.length ?? 1);
    while (this.#video.length < count) this.#video.push(this.#openVideo());
    this.#layers = this.#video.slice(0, count);
    this.#video.forEach((output, index) => {
      output.setSource(index < count ? track : undefined, encodings?.[index]);
    });
    this.#stopObservingPackets?.();
    this.#stopObservingPackets =
      encodings === undefined ? undefined : track?.packets?.observe(() => this.#packetsChanged());
  }

  #packetsChanged(): void {
    const before = this.#layers;
    this.#select();
    if (this.#layers === before) this.#tellLayers();
  }

  #tellLayers(): void {
    for (const user of [...this.#users]) user.layersChanged();
  }

  #openVideo(): RtpOutput {
    const { stream, core, log } = this.#options;
    const onEnded = (code: string) => this.#ended("video", code);
    return new RtpOutput({ stream, core, log, clockRate: videoClockRate, onEnded });
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
