import type { VideoTrackInfo } from "@millrace/media/frame";
import { FrameAssembler, type RtpVideoCodec, videoTrackInfoOf } from "@millrace/media/rtp";
import type { Publisher } from "../../core/index.ts";
import type { IngestEncoding } from "./encoding.ts";
import type { GrowingFrame } from "./growing-frame.ts";

export interface FrameCutterOptions {
  readonly codec: RtpVideoCodec;
  readonly publisher: Publisher;
  /** What the frames say about the track, before the first of them and at each change. */
  describe(info: VideoTrackInfo): void;
}

/**
 * Makes frames out of the packets of a video track's best active encoding, while somebody wants them. It begins, and changes to
 * another encoding, with a key frame.
 */
export class FrameCutter {
  readonly #options: FrameCutterOptions;
  #assembler: FrameAssembler;
  #best: IngestEncoding | undefined;
  #current: IngestEncoding | undefined;
  #info: VideoTrackInfo | undefined;
  #running = false;
  #malformed = 0;

  constructor(options: FrameCutterOptions) {
    this.#options = options;
    this.#assembler = new FrameAssembler(options.codec);
  }

  get running(): boolean {
    return this.#running;
  }

  /** Frames that could not be put together. */
  get malformed(): number {
    return this.#malformed + this.#assembler.malformed;
  }

  /** Begins with the next key frame of the best encoding, which is asked for. */
  start(best: IngestEncoding | undefined): void {
    if (this.#running) return;
    this.#running = true;
    this.#best = best;
    best?.requestKeyFrame();
  }

  stop(): void {
    this.#running = false;
    this.#current = undefined;
    this.#best = undefined;
  }

  /**
   * Another encoding is the best active one, or none is active. The present one goes on until its first key frame,
   * which is asked for unless it begins just now.
   */
  prefer(best: IngestEncoding | undefined, beginsNow: boolean): void {
    if (!this.#running || best === this.#best) return;
    this.#best = best;
    if (!beginsNow && best !== this.#current) best?.requestKeyFrame();
  }

  /** A complete frame of any encoding. */
  completed(encoding: IngestEncoding, frame: GrowingFrame): void {
    if (!this.#running) return;
    if (encoding !== this.#current) {
      if (encoding !== this.#best || !frame.key) return;
      this.#current = encoding;
      this.#malformed += this.#assembler.malformed;
      this.#assembler = new FrameAssembler(this.#options.codec);
    }
    this.#cut(frame);
  }

  /** The encoding lacks frames: what follows cannot be decoded before its next key frame. */
  broken(encoding: IngestEncoding): void {
    if (encoding === this.#current) this.#current = undefined;
  }

  #cut(frame: GrowingFrame): void {
    const { codec, publisher, describe } = this.#options;
    const whole = this.#assembler.assemble(frame.payloads);
    if (whole === undefined) return;
    if (whole.key) {
      const info = videoTrackInfoOf(codec, whole);
      if (info !== undefined && !isSame(info, this.#info)) {
        this.#info = info;
        describe(info);
      }
    }
    // Browsers and WHIP encoders send no frame after one that is shown later.
    const { captureUs } = frame;
    publisher.frame("video", {
      ptsUs: captureUs,
      dtsUs: captureUs,
      key: whole.key,
      payload: whole.payload,
    });
  }
}

function isSame(a: VideoTrackInfo, b: VideoTrackInfo | undefined): boolean {
  return (
    b !== undefined &&
    a.width === b.width &&
    a.height === b.height &&
    a.config.length === b.config.length &&
    a.config.every((byte, index) => byte === b.config[index])
  );
}
