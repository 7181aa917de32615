import { NalType, nalType, splitAnnexB, writeAvcC, writeAvcc } from "@millrace/media/h264";
import {
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_PICTURE_TYPE_I,
  AV_PICTURE_TYPE_NONE,
  AV_PIX_FMT_YUV420P,
  AV_PIX_FMT_YUVJ420P,
  type AVPixelFormat,
} from "node-av/constants";
import {
  Codec,
  CodecContext,
  Dictionary,
  Frame,
  Packet,
  Rational,
  SoftwareScaleContext,
} from "node-av/lib";
import { CodecError } from "./codec-job.ts";
import { h264Encoder } from "./codec-names.ts";

/** What an encoder is opened for; another picture needs another encoder. */
export interface H264EncoderOptions {
  readonly width: number;
  readonly height: number;
  readonly format: AVPixelFormat;
  readonly maxBitrateBps: number;
  readonly framesPerSecond: number;
}

/** x264's quality, where lower is better; the bit rate is bounded besides. */
const quality = "21";
/** The buffer that bounds the bit rate: a key frame may use this much of a second's bits. */
const bufferSeconds = 0.8;

/** x264 without B-frames and without delay: one picture in, one access unit out. */
export class H264Encoder {
  readonly options: H264EncoderOptions;
  readonly #context = new CodecContext();
  readonly #packet = new Packet();
  #scaler: SoftwareScaleContext | undefined;
  #scaled: Frame | undefined;
  #config: Uint8Array = new Uint8Array(0);

  private constructor(options: H264EncoderOptions) {
    this.options = options;
    this.#packet.alloc();
  }

  /** The avcC of what it makes. */
  get config(): Uint8Array {
    return this.#config;
  }

  /** `like` is a picture whose colours are taken over. @throws CodecError `TRANSCODE_FAILED`. */
  static async open(options: H264EncoderOptions, like: Frame): Promise<H264Encoder> {
    const encoder = new H264Encoder(options);
    try {
      await encoder.#open(like);
    } catch (error) {
      encoder.close();
      throw error;
    }
    return encoder;
  }

  /** Whether the encoder can go on with this picture. */
  fits(frame: Frame): boolean {
    const { width, height, format } = this.options;
    return frame.width === width && frame.height === height && frame.format === format;
  }

  /** Takes effect at the next picture. */
  setMaxBitrate(bitrateBps: number): void {
    this.#context.rcMaxRate = BigInt(Math.round(bitrateBps));
    this.#context.rcBufferSize = Math.round(bitrateBps * bufferSeconds);
  }

  /**
   * Encodes one picture; `emit` gets its NAL units with 4-byte lengths, without parameter sets.
   * @throws CodecError `TRANSCODE_FAILED`.
   */
  encode(
    frame: Frame,
    ptsUs: number,
    key: boolean,
    emit: (key: boolean, ptsUs: number, payload: Uint8Array) => void,
  ): void {
    const picture = this.#scaler === undefined ? frame : this.#scale(frame);
    picture.pts = BigInt(ptsUs);
    // The decoder left the source's picture type, B too, which x264 would obey.
    picture.pictType = key ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    if (this.#context.sendFrameSync(picture) < 0) {
      throw new CodecError("TRANSCODE_FAILED", "the H.264 encoder refused a picture");
    }
    while (this.#context.receivePacketSync(this.#packet) >= 0) {
      const data = this.#packet.data;
      if (data !== null) {
        const nals = splitAnnexB(data).filter(isPicturePart);
        emit(this.#packet.isKeyframe, Number(this.#packet.pts), writeAvcc(nals));
      }
      this.#packet.unref();
    }
  }

  close(): void {
    this.#context.freeContext();
    this.#packet.free();
    this.#scaler?.freeContext();
    this.#scaler = undefined;
    this.#scaled?.free();
    this.#scaled = undefined;
  }

  async #open(like: Frame): Promise<void> {
    const { width, height, format, framesPerSecond } = this.options;
    const codec = Codec.findEncoderByName(h264Encoder);
    if (codec === null) throw new CodecError("CODEC_UNSUPPORTED", "no H.264 encoder");
    const context = this.#context;
    context.allocContext3(codec);
    context.width = width;
    context.height = height;
    context.pixelFormat = format === AV_PIX_FMT_YUVJ420P ? format : AV_PIX_FMT_YUV420P;
    context.timeBase = new Rational(1, 1_000_000);
    context.framerate = new Rational(Math.round(framesPerSecond * 1000), 1000);
    context.sampleAspectRatio = like.sampleAspectRatio;
    context.colorRange = like.colorRange;
    context.colorPrimaries = like.colorPrimaries;
    context.colorTrc = like.colorTrc;
    context.colorSpace = like.colorSpace;
    context.maxBFrames = 0;
    context.threadCount = 1;
    context.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
    this.setMaxBitrate(this.options.maxBitrateBps);
    const options = Dictionary.fromObject({
      preset: "superfast",
      tune: "zerolatency",
      profile: "baseline",
      crf: quality,
      "forced-idr": "1",
      // Key frames only where the source has them.
      g: "1000000",
      sc_threshold: "0",
    });
    // Only the asynchronous call: open2Sync frees the dictionary twice (node-av 6.1.1).
    const result = await context.open2(codec, options);
    if (result < 0) throw new CodecError("TRANSCODE_FAILED", `the H.264 encoder said ${result}`);
    const sets = splitAnnexB(context.extraData ?? new Uint8Array(0));
    this.#config = writeAvcC({
      sps: sets.filter((nal) => nalType(nal) === NalType.sps),
      pps: sets.filter((nal) => nalType(nal) === NalType.pps),
    });
    if (format !== AV_PIX_FMT_YUV420P && format !== AV_PIX_FMT_YUVJ420P) this.#openScaler();
  }

  #openScaler(): void {
    const { width, height, format } = this.options;
    this.#scaler = new SoftwareScaleContext();
    this.#scaler.getContext(width, height, format, width, height, AV_PIX_FMT_YUV420P);
    const scaled = new Frame();
    scaled.alloc();
    scaled.format = AV_PIX_FMT_YUV420P;
    scaled.width = width;
    scaled.height = height;
    this.#scaled = scaled;
    if (scaled.getBuffer(0) < 0) throw new CodecError("TRANSCODE_FAILED", "no memory for pictures");
  }

  #scale(frame: Frame): Frame {
    const scaled = this.#scaled as Frame;
    scaled.makeWritable();
    if ((this.#scaler as SoftwareScaleContext).scaleFrameSync(scaled, frame) < 0) {
      throw new CodecError("TRANSCODE_FAILED", "a picture could not be converted");
    }
    return scaled;
  }
}

function isPicturePart(nal: Uint8Array): boolean {
  const type = nalType(nal);
  return type >= NalType.slice && type <= NalType.idr;
}
