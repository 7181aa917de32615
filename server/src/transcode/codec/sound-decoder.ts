import { AV_CHANNEL_ORDER_NATIVE, AV_SAMPLE_FMT_FLT, type AVSampleFormat } from "node-av/constants";
import {
  type ChannelLayout,
  Codec,
  CodecContext,
  Frame,
  Packet,
  SoftwareResampleContext,
} from "node-av/lib";
import type { FrameMessage, TrackRequest } from "../process/message.ts";
import { CodecError } from "./codec-job.ts";
import { audioDecoders } from "./codec-names.ts";
import { soundRate } from "./sound-framer.ts";

const bigRate = BigInt(soundRate);
const stereo: ChannelLayout = { nbChannels: 2, order: AV_CHANNEL_ORDER_NATIVE, mask: 3n };
const mono: ChannelLayout = { nbChannels: 1, order: AV_CHANNEL_ORDER_NATIVE, mask: 4n };
/** Enough for every AAC frame; larger blocks of other codecs make it grow. */
const firstSamples = 4096;
/** RFC 7845 section 5.1: where the pre-skip stands in an identification header. */
const opusPreSkipAt = 10;
const opusHeadBytes = 19;

/** Takes interleaved stereo samples at 48 kHz, valid only during the call; the first one belongs to `ptsUs`. */
export type SoundTarget = (ptsUs: number, samples: Float32Array, count: number) => void;

/** Decodes sound and brings it to 48 kHz stereo. */
export class SoundDecoder {
  decodeErrors = 0;
  readonly #target: SoundTarget;
  readonly #packet = new Packet();
  readonly #frame = new Frame();
  #samples = new Float32Array(firstSamples * 2);
  #pcm: Buffer = Buffer.from(this.#samples.buffer);
  #decoder: CodecContext | undefined;
  #resampler: SoftwareResampleContext | undefined;
  /** What the resampler takes. */
  #rate = 0;
  #format: number | undefined;
  #channels = 0;

  constructor(target: SoundTarget) {
    this.#target = target;
    this.#packet.alloc();
    this.#frame.alloc();
  }

  /** @throws CodecError `CODEC_UNSUPPORTED`, `CODEC_CONFIG_INVALID`. */
  async configure(source: TrackRequest): Promise<void> {
    const name = audioDecoders.get(source.codec);
    const codec = name === undefined ? null : Codec.findDecoderByName(name);
    if (codec === null) throw new CodecError("CODEC_UNSUPPORTED", `no decoder of ${source.codec}`);
    this.#decoder?.freeContext();
    this.#decoder = undefined;
    const decoder = new CodecContext();
    decoder.allocContext3(codec);
    const config = Buffer.from(source.config, "base64");
    if (source.codec === "opus") keepAllSamples(config);
    if (config.length > 0) decoder.extraData = config;
    if (source.codec !== "aac") {
      decoder.sampleRate = source.sampleRate;
      decoder.channelLayout = source.channels > 1 ? stereo : mono;
    }
    decoder.threadCount = 1;
    const result = await decoder.open2(codec, null);
    if (result < 0) {
      decoder.freeContext();
      throw new CodecError("CODEC_CONFIG_INVALID", `the ${source.codec} configuration is refused`);
    }
    this.#decoder = decoder;
  }

  /** Decodes one frame; what cannot be decoded is counted. */
  decode(frame: FrameMessage): void {
    const decoder = this.#decoder;
    // An empty packet would tell the decoder that nothing follows.
    if (decoder === undefined || frame.payload.length === 0) return;
    this.#packet.data = Buffer.from(
      frame.payload.buffer,
      frame.payload.byteOffset,
      frame.payload.byteLength,
    );
    const sent = decoder.sendPacketSync(this.#packet);
    this.#packet.unref();
    if (sent < 0) {
      this.decodeErrors++;
      return;
    }
    let ptsUs = frame.ptsUs;
    while (decoder.receiveFrameSync(this.#frame) >= 0) {
      const { nbSamples, sampleRate } = this.#frame;
      this.#convert(ptsUs);
      if (sampleRate > 0) ptsUs += Math.round((nbSamples * 1e6) / sampleRate);
      this.#frame.unref();
    }
  }

  /** Samples at 48 kHz that went into the resampler and have not come out. */
  heldBack(): number {
    if (this.#resampler === undefined || this.#rate === soundRate) return 0;
    return Number(this.#resampler.getDelay(bigRate));
  }

  close(): void {
    this.#decoder?.freeContext();
    this.#decoder = undefined;
    this.#resampler?.free();
    this.#resampler = undefined;
    this.#packet.free();
    this.#frame.free();
  }

  /** To 48 kHz stereo; more than two channels are mixed down. */
  #convert(ptsUs: number): void {
    const frame = this.#frame;
    const planes = frame.extendedData;
    if (planes === null || !this.#prepareResampler()) return;
    const resampler = this.#resampler as SoftwareResampleContext;
    const heldBackUs = Math.round((this.heldBack() * 1e6) / soundRate);
    const most = resampler.getOutSamples(frame.nbSamples);
    if (most * 2 > this.#samples.length) {
      this.#samples = new Float32Array(most * 2);
      this.#pcm = Buffer.from(this.#samples.buffer);
    }
    const count = resampler.convertSync([this.#pcm], most, planes, frame.nbSamples);
    if (count < 0) this.decodeErrors++;
    else if (count > 0) this.#target(ptsUs - heldBackUs, this.#samples, count);
  }

  #prepareResampler(): boolean {
    const { sampleRate, format, channels } = this.#frame;
    if (
      this.#resampler !== undefined &&
      sampleRate === this.#rate &&
      format === this.#format &&
      channels === this.#channels
    ) {
      return true;
    }
    this.#resampler?.free();
    this.#resampler = undefined;
    const resampler = new SoftwareResampleContext();
    const result = resampler.allocSetOpts2(
      stereo,
      AV_SAMPLE_FMT_FLT,
      soundRate,
      this.#frame.channelLayout,
      format as AVSampleFormat,
      sampleRate,
    );
    // A mix of many channels must not grow louder than full scale, and mono not quieter than it is.
    const volume = channels === 1 ? Math.SQRT2 : 1;
    if (
      result < 0 ||
      resampler.setOption("rematrix_maxval", 1) < 0 ||
      resampler.setOption("rematrix_volume", volume) < 0 ||
      resampler.init() < 0
    ) {
      resampler.free();
      this.decodeErrors++;
      return false;
    }
    this.#resampler = resampler;
    this.#rate = sampleRate;
    this.#format = format;
    this.#channels = channels;
    return true;
  }
}

/** FFmpeg leaves out as many samples as the header says; times here are those of the first sample of all. */
function keepAllSamples(config: Buffer): void {
  if (config.length >= opusHeadBytes) config.writeUInt16LE(0, opusPreSkipAt);
}
