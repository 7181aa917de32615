import { writeOpusIdHeader } from "@millrace/media/opus";
import { AV_CHANNEL_ORDER_NATIVE, AV_SAMPLE_FMT_FLT, type AVSampleFormat } from "node-av/constants";
import {
  type ChannelLayout,
  Codec,
  CodecContext,
  Dictionary,
  Frame,
  Packet,
  Rational,
  SoftwareResampleContext,
} from "node-av/lib";
import type { FrameMessage, OpenRequest, TrackRequest } from "../process/message.ts";
import { parseCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import { CodecError, type CodecJob, type JobOutput } from "./codec-job.ts";
import { audioDecoders, opusEncoder } from "./codec-names.ts";
import { OpusFramer, opusFrameSamples } from "./opus-framer.ts";

const rate = 48_000;
const bigRate = 48_000n;
const stereo: ChannelLayout = { nbChannels: 2, order: AV_CHANNEL_ORDER_NATIVE, mask: 3n };
const mono: ChannelLayout = { nbChannels: 1, order: AV_CHANNEL_ORDER_NATIVE, mask: 4n };
/** What `application=lowdelay` looks ahead at 48 kHz: 2.5 ms, where `audio` takes 6.5 for the same quality. */
export const opusLookahead = 120;
const lookaheadUs = 2_500;
/** 0 … 10. Above 5, quality grows by under 0.2 dB while the CPU time grows by half. */
const complexity = "5";
/** Enough for every AAC frame; larger blocks of other codecs make it grow. */
const firstSamples = 4096;

/** Decodes sound, brings it to 48 kHz stereo and encodes it as Opus packets of 20 ms. */
export class AudioToOpus implements CodecJob {
  decodeErrors = 0;
  readonly skippedFrames = 0;
  readonly #output: JobOutput;
  readonly #resumeAfterUs: number;
  readonly #framer: OpusFramer;
  readonly #encoder = new CodecContext();
  readonly #packet = new Packet();
  readonly #frame = new Frame();
  readonly #block = new Frame();
  #samples = new Float32Array(firstSamples * 2);
  #pcm: Buffer = Buffer.from(this.#samples.buffer);
  #decoder: CodecContext | undefined;
  #resampler: SoftwareResampleContext | undefined;
  /** What the resampler takes. */
  #rate = 0;
  #format: number | undefined;
  #channels = 0;

  private constructor(request: OpenRequest, output: JobOutput) {
    this.#output = output;
    this.#resumeAfterUs = request.resumeAfterUs ?? Number.NEGATIVE_INFINITY;
    const checkpoint = new Uint8Array(Buffer.from(request.checkpoint, "base64"));
    this.#framer = new OpusFramer(
      (ptsUs, samples) => this.#encode(ptsUs, samples),
      parseCheckpoint(checkpoint),
    );
    this.#packet.alloc();
    this.#frame.alloc();
    this.#block.alloc();
  }

  /** @throws CodecError `CODEC_UNSUPPORTED`, `CODEC_CONFIG_INVALID`, `TRANSCODE_FAILED`. */
  static async open(request: OpenRequest, output: JobOutput): Promise<AudioToOpus> {
    const job = new AudioToOpus(request, output);
    try {
      await job.#openEncoder(request.opusBitrateBps);
      await job.configure(request.source);
    } catch (error) {
      job.close();
      throw error;
    }
    output.info({
      kind: "audio",
      codec: "opus",
      codecString: "opus",
      config: Buffer.from(
        writeOpusIdHeader({
          channels: 2,
          preSkip: opusLookahead,
          inputSampleRate: rate,
          outputGain: 0,
          mappingFamily: 0,
          mapping: undefined,
        }),
      ).toString("base64"),
      sampleRate: rate,
      channels: 2,
      width: 0,
      height: 0,
    });
    return job;
  }

  async configure(source: TrackRequest): Promise<void> {
    const name = audioDecoders.get(source.codec);
    const codec = name === undefined ? null : Codec.findDecoderByName(name);
    if (codec === null) throw new CodecError("CODEC_UNSUPPORTED", `no decoder of ${source.codec}`);
    this.#decoder?.freeContext();
    this.#decoder = undefined;
    const decoder = new CodecContext();
    decoder.allocContext3(codec);
    const config = Buffer.from(source.config, "base64");
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

  async frame(frame: FrameMessage): Promise<void> {
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

  checkpoint(): Uint8Array {
    const state = this.#framer.state;
    // A new resampler holds nothing back, so what this one holds back counts as waiting.
    return writeCheckpoint({ ...state, buffered: state.buffered + this.#heldBack() });
  }

  close(): void {
    this.#decoder?.freeContext();
    this.#decoder = undefined;
    this.#resampler?.free();
    this.#resampler = undefined;
    this.#encoder.freeContext();
    this.#packet.free();
    this.#frame.free();
    this.#block.free();
  }

  async #openEncoder(bitrateBps: number): Promise<void> {
    const codec = Codec.findEncoderByName(opusEncoder);
    if (codec === null) throw new CodecError("CODEC_UNSUPPORTED", "no Opus encoder");
    const encoder = this.#encoder;
    encoder.allocContext3(codec);
    encoder.sampleRate = rate;
    encoder.channelLayout = stereo;
    encoder.sampleFormat = AV_SAMPLE_FMT_FLT;
    encoder.bitRate = BigInt(bitrateBps);
    encoder.timeBase = new Rational(1, 1_000_000);
    const options = Dictionary.fromObject({
      application: "lowdelay",
      frame_duration: "20",
      vbr: "on",
      compression_level: complexity,
    });
    // Only the asynchronous call: open2Sync frees the dictionary twice (node-av 6.1.1).
    const result = await encoder.open2(codec, options);
    if (result < 0) throw new CodecError("TRANSCODE_FAILED", `the Opus encoder said ${result}`);
    const block = this.#block;
    block.format = AV_SAMPLE_FMT_FLT;
    block.sampleRate = rate;
    block.channelLayout = stereo;
    block.nbSamples = opusFrameSamples;
    if (block.getBuffer(0) < 0) throw new CodecError("TRANSCODE_FAILED", "no memory for sound");
  }

  /** To 48 kHz stereo; more than two channels are mixed down. */
  #convert(ptsUs: number): void {
    const frame = this.#frame;
    const planes = frame.extendedData;
    if (planes === null || !this.#prepareResampler()) return;
    const resampler = this.#resampler as SoftwareResampleContext;
    const heldBackUs = Math.round((this.#heldBack() * 1e6) / rate);
    const most = resampler.getOutSamples(frame.nbSamples);
    if (most * 2 > this.#samples.length) {
      this.#samples = new Float32Array(most * 2);
      this.#pcm = Buffer.from(this.#samples.buffer);
    }
    const count = resampler.convertSync([this.#pcm], most, planes, frame.nbSamples);
    if (count < 0) this.decodeErrors++;
    else if (count > 0) this.#framer.push(ptsUs - heldBackUs, this.#samples, count);
  }

  /** Samples at 48 kHz that went into the resampler and have not come out. */
  #heldBack(): number {
    if (this.#resampler === undefined || this.#rate === rate) return 0;
    return Number(this.#resampler.getDelay(bigRate));
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
      rate,
      this.#frame.channelLayout,
      format as AVSampleFormat,
      sampleRate,
    );
    // A mix of many channels must not grow louder than full scale.
    if (result < 0 || resampler.setOption("rematrix_maxval", 1) < 0 || resampler.init() < 0) {
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

  #encode(ptsUs: number, samples: Float32Array): void {
    const block = this.#block;
    block.makeWritable();
    const plane = block.data?.[0];
    if (plane === undefined) return;
    new Float32Array(plane.buffer, plane.byteOffset, opusFrameSamples * 2).set(samples);
    block.pts = BigInt(ptsUs);
    if (this.#encoder.sendFrameSync(block) < 0) {
      throw new CodecError("TRANSCODE_FAILED", "the Opus encoder refused a frame");
    }
    while (this.#encoder.receivePacketSync(this.#packet) >= 0) {
      // Its first sample was heard this much earlier than the first one that was put in.
      const outUs = ptsUs - lookaheadUs;
      const data = this.#packet.data;
      if (data !== null && outUs > this.#resumeAfterUs) this.#output.packet(true, outUs, data);
      this.#packet.unref();
    }
  }
}
