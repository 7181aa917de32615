import {
  AV_CODEC_FLAG_BITEXACT,
  AV_CODEC_FLAG_QSCALE,
  AV_PIX_FMT_YUVJ420P,
  AVCOL_RANGE_JPEG,
  AVCOL_SPC_SMPTE170M,
} from "node-av/constants";
import { Codec, CodecContext, Frame, Packet, Rational, SoftwareScaleContext } from "node-av/lib";
import { jpegQuality, jpegSize, type PictureSize } from "../jpeg-output.ts";
import { CodecError } from "./codec-job.ts";
import { jpegEncoder } from "./codec-names.ts";

/** FFmpeg's FF_QP2LAMBDA. */
const lambdaPerQuality = 118;

/** Scales pictures down and makes each a JPEG image with full range and the colours of JFIF (BT.601). */
export class JpegEncoder {
  readonly size: PictureSize;
  readonly #source: PictureSize;
  readonly #aspect: number;
  readonly #context = new CodecContext();
  readonly #packet = new Packet();
  readonly #scaler = new SoftwareScaleContext();
  readonly #scaled = new Frame();

  private constructor(like: Frame, maxWidth: number) {
    this.#source = { width: like.width, height: like.height };
    this.#aspect = aspectOf(like);
    this.size = jpegSize(this.#source, this.#aspect, maxWidth);
    this.#packet.alloc();
    this.#scaled.alloc();
  }

  /** For pictures of the size of `like`. @throws CodecError `CODEC_UNSUPPORTED`, `TRANSCODE_FAILED`. */
  static async open(like: Frame, maxWidth: number): Promise<JpegEncoder> {
    const encoder = new JpegEncoder(like, maxWidth);
    try {
      await encoder.#open();
    } catch (error) {
      encoder.close();
      throw error;
    }
    return encoder;
  }

  /** Whether the encoder can go on with this picture. */
  fits(frame: Frame): boolean {
    const { width, height } = this.#source;
    return frame.width === width && frame.height === height && aspectOf(frame) === this.#aspect;
  }

  /** `emit` gets the whole image, which is valid only during the call. @throws CodecError `TRANSCODE_FAILED`. */
  encode(frame: Frame, ptsUs: number, emit: (payload: Uint8Array) => void): void {
    const scaled = this.#scaled;
    scaled.makeWritable();
    scaled.colorPrimaries = frame.colorPrimaries;
    scaled.colorTrc = frame.colorTrc;
    if (this.#scaler.scaleFrameSync(scaled, frame) < 0) {
      throw new CodecError("TRANSCODE_FAILED", "a picture could not be scaled");
    }
    scaled.pts = BigInt(ptsUs);
    scaled.quality = jpegQuality * lambdaPerQuality;
    if (this.#context.sendFrameSync(scaled) < 0) {
      throw new CodecError("TRANSCODE_FAILED", "the JPEG encoder refused a picture");
    }
    while (this.#context.receivePacketSync(this.#packet) >= 0) {
      const { data } = this.#packet;
      if (data !== null) emit(data);
      this.#packet.unref();
    }
  }

  close(): void {
    this.#context.freeContext();
    this.#packet.free();
    this.#scaler.freeContext();
    this.#scaled.free();
  }

  async #open(): Promise<void> {
    const codec = Codec.findEncoderByName(jpegEncoder);
    if (codec === null) throw new CodecError("CODEC_UNSUPPORTED", "no JPEG encoder");
    const { width, height } = this.size;
    const context = this.#context;
    context.allocContext3(codec);
    context.width = width;
    context.height = height;
    context.pixelFormat = AV_PIX_FMT_YUVJ420P;
    context.colorRange = AVCOL_RANGE_JPEG;
    context.timeBase = new Rational(1, 1_000_000);
    context.threadCount = 1;
    // Bit-exact: no comment with the encoder's name in every picture.
    context.setFlags(AV_CODEC_FLAG_QSCALE, AV_CODEC_FLAG_BITEXACT);
    context.globalQuality = jpegQuality * lambdaPerQuality;
    const result = await context.open2(codec, null);
    if (result < 0) throw new CodecError("TRANSCODE_FAILED", `the JPEG encoder said ${result}`);
    // Not configured by hand: only so does it convert the colours that each picture says it has.
    this.#scaler.allocContext();
    const scaled = this.#scaled;
    scaled.format = AV_PIX_FMT_YUVJ420P;
    scaled.width = width;
    scaled.height = height;
    scaled.colorRange = AVCOL_RANGE_JPEG;
    scaled.colorSpace = AVCOL_SPC_SMPTE170M;
    if (scaled.getBuffer(0) < 0) throw new CodecError("TRANSCODE_FAILED", "no memory for pictures");
  }
}

function aspectOf({ sampleAspectRatio: { num, den } }: Frame): number {
  return num > 0 && den > 0 ? num / den : 1;
}
