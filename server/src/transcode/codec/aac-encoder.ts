import { AV_CHANNEL_ORDER_NATIVE, AV_SAMPLE_FMT_FLTP } from "node-av/constants";
import { Codec, CodecContext, Dictionary, Frame, Packet, Rational } from "node-av/lib";
import { aacInfo } from "../aac-output.ts";
import { type TrackRequest, trackRequest } from "../process/message.ts";
import { CodecError } from "./codec-job.ts";
import { aacEncoder } from "./codec-names.ts";
import type { SoundEncoder } from "./sound-encoder.ts";
import { aacFrameSamples, soundRate } from "./sound-framer.ts";

/** The first access unit stands for this much before the first sample that was put in. */
const primingUs = Math.round((aacFrameSamples * 1e6) / soundRate);
/** Measured with speech-like and broadband sound: `twoloop` takes more than twice the CPU time. */
const coder = "fast";

/**
 * FFmpeg's AAC-LC encoder, stereo or mono. It holds two frames back, so that access units come out
 * with the time of the sound in them two frames after it was put in.
 */
export class AacEncoder implements SoundEncoder {
  readonly info: TrackRequest;
  readonly #channels: 1 | 2;
  readonly #context = new CodecContext();
  readonly #packet = new Packet();
  readonly #block = new Frame();
  /** Times of access units that have not come out. */
  readonly #times: number[] = [];
  #started = false;

  private constructor(channels: 1 | 2) {
    this.#channels = channels;
    this.info = trackRequest(aacInfo(channels));
    this.#packet.alloc();
    this.#block.alloc();
  }

  /** @throws CodecError `CODEC_UNSUPPORTED`, `TRANSCODE_FAILED`. */
  static async open(channels: 1 | 2, bitrateBps: number): Promise<AacEncoder> {
    const encoder = new AacEncoder(channels);
    try {
      await encoder.#open(bitrateBps);
    } catch (error) {
      encoder.close();
      throw error;
    }
    return encoder;
  }

  encode(
    ptsUs: number,
    samples: Float32Array,
    emit: (ptsUs: number, payload: Uint8Array) => void,
  ): void {
    const block = this.#block;
    block.makeWritable();
    this.#spread(samples);
    block.pts = BigInt(ptsUs);
    if (!this.#started) this.#times.push(ptsUs - primingUs);
    this.#started = true;
    this.#times.push(ptsUs);
    if (this.#context.sendFrameSync(block) < 0) {
      throw new CodecError("TRANSCODE_FAILED", "the AAC encoder refused a frame");
    }
    this.#receive(emit);
  }

  flush(emit: (ptsUs: number, payload: Uint8Array) => void): void {
    if (this.#started && this.#context.sendFrameSync(null) >= 0) this.#receive(emit);
  }

  close(): void {
    this.#context.freeContext();
    this.#packet.free();
    this.#block.free();
  }

  #receive(emit: (ptsUs: number, payload: Uint8Array) => void): void {
    while (this.#context.receivePacketSync(this.#packet) >= 0) {
      const { data } = this.#packet;
      const ptsUs = this.#times.shift();
      if (data !== null && ptsUs !== undefined) emit(ptsUs, data);
      this.#packet.unref();
    }
  }

  /** One plane per channel; mono is the middle. */
  #spread(samples: Float32Array): void {
    const planes = this.#block.data;
    const [first, second] = planes ?? [];
    if (first === undefined) return;
    const left = new Float32Array(first.buffer, first.byteOffset, aacFrameSamples);
    if (this.#channels === 1 || second === undefined) {
      for (let index = 0; index < aacFrameSamples; index++) {
        const sum = (samples[index * 2] as number) + (samples[index * 2 + 1] as number);
        left[index] = sum / 2;
      }
      return;
    }
    const right = new Float32Array(second.buffer, second.byteOffset, aacFrameSamples);
    for (let index = 0; index < aacFrameSamples; index++) {
      left[index] = samples[index * 2] as number;
      right[index] = samples[index * 2 + 1] as number;
    }
  }

  async #open(bitrateBps: number): Promise<void> {
    const codec = Codec.findEncoderByName(aacEncoder);
    if (codec === null) throw new CodecError("CODEC_UNSUPPORTED", "no AAC encoder");
    const context = this.#context;
    const nbChannels = this.#channels;
    const mask = nbChannels === 2 ? 3n : 4n;
    context.allocContext3(codec);
    context.sampleRate = soundRate;
    context.channelLayout = { nbChannels, order: AV_CHANNEL_ORDER_NATIVE, mask };
    context.sampleFormat = AV_SAMPLE_FMT_FLTP;
    context.bitRate = BigInt(bitrateBps);
    context.timeBase = new Rational(1, 1_000_000);
    context.threadCount = 1;
    // Only the asynchronous call: open2Sync frees the dictionary twice (node-av 6.1.1).
    const result = await context.open2(codec, Dictionary.fromObject({ aac_coder: coder }));
    if (result < 0) throw new CodecError("TRANSCODE_FAILED", `the AAC encoder said ${result}`);
    const block = this.#block;
    block.format = AV_SAMPLE_FMT_FLTP;
    block.sampleRate = soundRate;
    block.channelLayout = context.channelLayout;
    block.nbSamples = aacFrameSamples;
    if (block.getBuffer(0) < 0) throw new CodecError("TRANSCODE_FAILED", "no memory for sound");
  }
}
