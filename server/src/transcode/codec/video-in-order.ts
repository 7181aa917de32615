import { videoTrackInfoFromAvcC } from "@millrace/media/h264";
import { AV_NOPTS_VALUE, type AVPixelFormat } from "node-av/constants";
import { type CodecContext, Frame, Packet } from "node-av/lib";
import {
  type FrameMessage,
  type OpenRequest,
  type TrackRequest,
  trackRequest,
} from "../process/message.ts";
import { BitrateMeter } from "./bitrate-meter.ts";
import type { CodecJob, JobOutput } from "./codec-job.ts";
import { H264Encoder } from "./h264-encoder.ts";
import { openVideoDecoder } from "./video-decoder.ts";

/** Until the source's bit rate is known: bits per pixel and second at 30 frames per second. */
const firstBitsPerPixel = 3.5;
/** Without B-frames the same picture costs more bits. */
const bitrateHeadroom = 1.3;
const leastBitrateBps = 300_000;
const mostBitrateBps = 40_000_000;
/** The encoder is adjusted when the source's bit rate changed by this factor. */
const bitrateTolerance = 1.25;
/** Encoding begins again when no more than this is left to catch up. */
const caughtUpUs = 100_000;
/** Key frames whose picture has not come out of the decoder yet; it never holds back as many. */
const maxKeysAhead = 64;

/** Decodes video and encodes it anew in presentation order: H.264 baseline without B-frames. */
export class VideoInOrder implements CodecJob {
  decodeErrors = 0;
  skippedFrames = 0;
  readonly #output: JobOutput;
  readonly #maxPixels: number;
  readonly #maxLagUs: number;
  readonly #packet = new Packet();
  readonly #frame = new Frame();
  readonly #meter = new BitrateMeter();
  readonly #emit: (key: boolean, ptsUs: number, payload: Uint8Array) => void;
  #decoder: CodecContext | undefined;
  #encoder: H264Encoder | undefined;
  #bitrateBps = 0;
  /** Times of key frames that went into the decoder. */
  readonly #keyTimes = new Set<number>();
  #lastPtsUs: number;
  #catchingUp = false;
  #needsKey = true;

  private constructor(request: OpenRequest, output: JobOutput) {
    this.#output = output;
    this.#maxPixels = request.maxPixels;
    this.#maxLagUs = request.maxVideoLagMs * 1000;
    this.#lastPtsUs = request.resumeAfterUs ?? Number.NEGATIVE_INFINITY;
    this.#emit = (key, ptsUs, payload) => output.packet(key, ptsUs, payload);
    this.#packet.alloc();
    this.#frame.alloc();
  }

  /** @throws CodecError `CODEC_UNSUPPORTED`, `CODEC_CONFIG_INVALID`, `TRANSCODE_FAILED`. */
  static async open(request: OpenRequest, output: JobOutput): Promise<VideoInOrder> {
    const job = new VideoInOrder(request, output);
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
    this.#keyTimes.clear();
    this.#decoder = decoder;
  }

  async frame(frame: FrameMessage, lagUs: number): Promise<void> {
    const decoder = this.#decoder;
    const { payload } = frame;
    // An empty packet would tell the decoder that nothing follows.
    if (decoder === undefined || payload.length === 0) return;
    this.#meter.push(frame.dtsUs, payload.length);
    if (frame.key) this.#noteKey(frame.ptsUs);
    if (lagUs > this.#maxLagUs) this.#catchingUp = true;
    else if (lagUs <= caughtUpUs) this.#catchingUp = false;
    this.#packet.data = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
    this.#packet.pts = BigInt(frame.ptsUs);
    this.#packet.dts = BigInt(frame.dtsUs);
    this.#packet.isKeyframe = frame.key;
    const sent = decoder.sendPacketSync(this.#packet);
    this.#packet.unref();
    if (sent < 0) this.decodeErrors++;
    while (decoder.receiveFrameSync(this.#frame) >= 0) {
      await this.#picture();
      this.#frame.unref();
    }
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
  }

  #noteKey(ptsUs: number): void {
    this.#keyTimes.add(ptsUs);
    if (this.#keyTimes.size <= maxKeysAhead) return;
    for (const oldest of this.#keyTimes) {
      this.#keyTimes.delete(oldest);
      break;
    }
  }

  async #picture(): Promise<void> {
    const { pts } = this.#frame;
    if (pts === AV_NOPTS_VALUE) return;
    const ptsUs = Number(pts);
    if (this.#keyTimes.delete(ptsUs)) this.#needsKey = true;
    // Delivered before a crash, or put out of order by a decoder that learns the depth as it goes.
    if (ptsUs <= this.#lastPtsUs) return;
    // Nothing was delivered yet: the first picture does not wait for the rest.
    if (this.#catchingUp && this.#encoder !== undefined) {
      this.skippedFrames++;
      this.#needsKey = true;
      return;
    }
    const encoder = await this.#encoderFor(this.#frame);
    const key = this.#needsKey;
    this.#needsKey = false;
    this.#lastPtsUs = ptsUs;
    if (key) this.#adjustBitrate(encoder);
    encoder.encode(this.#frame, ptsUs, key, this.#emit);
  }

  async #encoderFor(frame: Frame): Promise<H264Encoder> {
    if (this.#encoder?.fits(frame)) return this.#encoder;
    this.#encoder?.close();
    this.#encoder = undefined;
    const { width, height } = frame;
    this.#bitrateBps = this.#wantedBitrate(width, height);
    const encoder = await H264Encoder.open(
      {
        width,
        height,
        format: frame.format as AVPixelFormat,
        maxBitrateBps: this.#bitrateBps,
        framesPerSecond: this.#meter.framesPerSecond,
      },
      frame,
    );
    this.#encoder = encoder;
    this.#needsKey = true;
    const info = videoTrackInfoFromAvcC(encoder.config);
    this.#output.info({ ...trackRequest(info), width, height });
    return encoder;
  }

  #wantedBitrate(width: number, height: number): number {
    const source = this.#meter.bitrateBps;
    const wanted =
      source === undefined ? width * height * firstBitsPerPixel : source * bitrateHeadroom;
    return Math.round(Math.min(mostBitrateBps, Math.max(leastBitrateBps, wanted)));
  }

  #adjustBitrate(encoder: H264Encoder): void {
    const { width, height } = encoder.options;
    const wanted = this.#wantedBitrate(width, height);
    const change = wanted / this.#bitrateBps;
    if (change < bitrateTolerance && change > 1 / bitrateTolerance) return;
    this.#bitrateBps = wanted;
    encoder.setMaxBitrate(wanted);
  }
}

const nothing = new Uint8Array(0);
