import { AV_NOPTS_VALUE } from "node-av/constants";
import { type CodecContext, Frame, Packet } from "node-av/lib";
import type { FrameMessage, OpenRequest, TrackRequest } from "../process/message.ts";
import type { CodecJob, JobOutput } from "./codec-job.ts";
import { JpegEncoder } from "./jpeg-encoder.ts";
import { openVideoDecoder } from "./video-decoder.ts";

/**
 * Decodes video and makes JPEG images of some of its pictures: at most one in each slot of the
 * stream's clock, and none that a newer one follows which is here already.
 */
export class VideoToJpeg implements CodecJob {
  decodeErrors = 0;
  skippedFrames = 0;
  readonly #output: JobOutput;
  readonly #maxPixels: number;
  readonly #maxWidth: number;
  readonly #slotUs: number;
  readonly #packet = new Packet();
  #frame = new Frame();
  /** The newest picture that may become an image. */
  #newest = new Frame();
  #hasNewest = false;
  #decoder: CodecContext | undefined;
  #encoder: JpegEncoder | undefined;
  #skips = false;
  /** The newest slot for which a frame went into the decoder. */
  #sentSlot = Number.NEGATIVE_INFINITY;
  /** The slot of the newest image. */
  #madeSlot: number;

  private constructor(request: OpenRequest, output: JobOutput) {
    this.#output = output;
    this.#maxPixels = request.maxPixels;
    this.#maxWidth = request.maxJpegWidth;
    this.#slotUs = 1e6 / request.maxJpegPerSecond;
    const { resumeAfterUs } = request;
    this.#madeSlot =
      resumeAfterUs === null ? Number.NEGATIVE_INFINITY : this.#slotOf(resumeAfterUs);
    this.#packet.alloc();
    this.#frame.alloc();
    this.#newest.alloc();
  }

  /** @throws CodecError `CODEC_UNSUPPORTED`, `PICTURE_TOO_LARGE`, `CODEC_CONFIG_INVALID`. */
  static async open(request: OpenRequest, output: JobOutput): Promise<VideoToJpeg> {
    const job = new VideoToJpeg(request, output);
    try {
      await job.configure(request.source);
    } catch (error) {
      job.close();
      throw error;
    }
    return job;
  }

  async configure(source: TrackRequest): Promise<void> {
    const decoder = await openVideoDecoder(source, this.#maxPixels);
    this.#decoder?.freeContext();
    this.#decoder = decoder;
    this.#skips = false;
    this.#sentSlot = Number.NEGATIVE_INFINITY;
  }

  async frame(frame: FrameMessage, lagUs: number): Promise<void> {
    const decoder = this.#decoder;
    const { payload } = frame;
    // An empty packet would tell the decoder that nothing follows.
    if (decoder === undefined || payload.length === 0) return;
    const stale = frame.followed || lagUs >= this.#slotUs;
    const slot = this.#slotOf(frame.ptsUs);
    // Frames that others refer to are decoded in any case.
    this.#skipOthers(decoder, stale || slot <= this.#sentSlot);
    if (!stale) this.#sentSlot = Math.max(this.#sentSlot, slot);
    this.#packet.data = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
    this.#packet.pts = BigInt(frame.ptsUs);
    this.#packet.dts = BigInt(frame.dtsUs);
    this.#packet.isKeyframe = frame.key;
    const sent = decoder.sendPacketSync(this.#packet);
    this.#packet.unref();
    if (sent < 0) this.decodeErrors++;
    while (decoder.receiveFrameSync(this.#frame) >= 0) this.#keep();
    if (!stale && this.#hasNewest) await this.#encode();
  }

  /** A replay begins at a key frame and says what was delivered: nothing else is needed. */
  checkpoint(): Uint8Array {
    return nothing;
  }

  close(): void {
    this.#decoder?.freeContext();
    this.#decoder = undefined;
    this.#encoder?.close();
    this.#encoder = undefined;
    this.#packet.free();
    this.#frame.free();
    this.#newest.free();
  }

  #slotOf(ptsUs: number): number {
    return Math.floor(ptsUs / this.#slotUs);
  }

  #skipOthers(decoder: CodecContext, skips: boolean): void {
    if (skips === this.#skips) return;
    this.#skips = skips;
    decoder.setOption("skip_frame", skips ? "noref" : "default");
  }

  /** Keeps the decoded picture when its slot has none yet; an older one that waited gives way. */
  #keep(): void {
    const { pts } = this.#frame;
    if (pts === AV_NOPTS_VALUE || this.#slotOf(Number(pts)) <= this.#madeSlot) {
      this.#frame.unref();
      return;
    }
    if (this.#hasNewest) {
      this.#newest.unref();
      this.skippedFrames++;
    }
    [this.#frame, this.#newest] = [this.#newest, this.#frame];
    this.#hasNewest = true;
  }

  async #encode(): Promise<void> {
    const ptsUs = Number(this.#newest.pts);
    const encoder = await this.#encoderFor(this.#newest);
    this.#madeSlot = this.#slotOf(ptsUs);
    encoder.encode(this.#newest, ptsUs, (payload) => this.#output.packet(true, ptsUs, payload));
    this.#newest.unref();
    this.#hasNewest = false;
  }

  async #encoderFor(frame: Frame): Promise<JpegEncoder> {
    if (this.#encoder?.fits(frame)) return this.#encoder;
    this.#encoder?.close();
    this.#encoder = undefined;
    const encoder = await JpegEncoder.open(frame, this.#maxWidth);
    this.#encoder = encoder;
    this.#output.info({
      kind: "video",
      codec: "jpeg",
      codecString: "jpeg",
      config: "",
      sampleRate: 0,
      channels: 0,
      ...encoder.size,
    });
    return encoder;
  }
}

const nothing = new Uint8Array(0);
