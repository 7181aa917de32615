import { aacBitrate } from "../aac-output.ts";
import type { FrameMessage, OpenRequest, TrackRequest } from "../process/message.ts";
import { AacEncoder } from "./aac-encoder.ts";
import { parseCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import type { CodecJob, JobOutput } from "./codec-job.ts";
import { OpusEncoder } from "./opus-encoder.ts";
import { SoundDecoder } from "./sound-decoder.ts";
import type { SoundEncoder } from "./sound-encoder.ts";
import { aacFrameSamples, opusFrameSamples, resyncUs, SoundFramer } from "./sound-framer.ts";

/**
 * Opus comes with the exact times of RTP, so a packet of 10 ms that is missing can be told from a step
 * of the stream's clock, which is 5 ms at most. Times of other codecs may be uneven.
 */
const opusHoleUs = 8_000;
const otherHoleUs = resyncUs;

/** Decodes sound, brings it to 48 kHz and encodes it as Opus packets of 20 ms or AAC-LC access units. */
export class SoundJob implements CodecJob {
  readonly skippedFrames = 0;
  readonly #request: OpenRequest;
  readonly #output: JobOutput;
  readonly #decoder: SoundDecoder;
  readonly #framer: SoundFramer;
  readonly #emit: (ptsUs: number, payload: Uint8Array) => void;
  #encoder: SoundEncoder | undefined;
  /** The newest result's time: those of AAC overlap when the encoder is changed. */
  #lastUs: number;

  private constructor(request: OpenRequest, output: JobOutput) {
    this.#request = request;
    this.#output = output;
    // Streams begin at 0; what an encoder puts in front of that carries no sound.
    this.#lastUs = request.resumeAfterUs ?? (request.target === "aac" ? -1 : -Infinity);
    this.#emit = (ptsUs, payload) => {
      if (ptsUs <= this.#lastUs) return;
      this.#lastUs = ptsUs;
      this.#output.packet(true, ptsUs, payload);
    };
    const grid = {
      frameSamples: request.target === "aac" ? aacFrameSamples : opusFrameSamples,
      fillFromUs: Number.POSITIVE_INFINITY,
      maxSilenceUs: request.maxSilenceMs * 1000,
    };
    const checkpoint = new Uint8Array(Buffer.from(request.checkpoint, "base64"));
    this.#framer = new SoundFramer(
      grid,
      (ptsUs, samples) => this.#encoder?.encode(ptsUs, samples, this.#emit),
      parseCheckpoint(checkpoint),
    );
    this.#decoder = new SoundDecoder((ptsUs, samples, count) =>
      this.#framer.push(ptsUs, samples, count),
    );
  }

  /** @throws CodecError `CODEC_UNSUPPORTED`, `CODEC_CONFIG_INVALID`, `TRANSCODE_FAILED`. */
  static async open(request: OpenRequest, output: JobOutput): Promise<SoundJob> {
    const job = new SoundJob(request, output);
    try {
      await job.configure(request.source);
    } catch (error) {
      job.close();
      throw error;
    }
    return job;
  }

  get decodeErrors(): number {
    return this.#decoder.decodeErrors;
  }

  async configure(source: TrackRequest): Promise<void> {
    await this.#decoder.configure(source);
    if (this.#request.target === "aac") {
      this.#framer.setFillFrom(source.codec === "opus" ? opusHoleUs : otherHoleUs);
    }
    await this.#prepareEncoder(source);
  }

  async frame(frame: FrameMessage): Promise<void> {
    this.#decoder.decode(frame);
  }

  checkpoint(): Uint8Array {
    const state = this.#framer.state;
    // A new resampler holds nothing back, so what this one holds back counts as waiting.
    return writeCheckpoint({ ...state, buffered: state.buffered + this.#decoder.heldBack() });
  }

  close(): void {
    this.#decoder.close();
    this.#encoder?.close();
    this.#encoder = undefined;
  }

  /** AAC is mono where the source is, so a source that changes needs another encoder. */
  async #prepareEncoder(source: TrackRequest): Promise<void> {
    const { target, opusBitrateBps, aacBitrateBps } = this.#request;
    const channels = target === "aac" && source.channels === 1 ? 1 : 2;
    if (this.#encoder?.info.channels === channels) return;
    this.#encoder?.flush(this.#emit);
    this.#encoder?.close();
    this.#encoder = undefined;
    this.#encoder =
      target === "aac"
        ? await AacEncoder.open(channels, aacBitrate(aacBitrateBps, channels))
        : await OpusEncoder.open(opusBitrateBps);
    this.#output.info(this.#encoder.info);
  }
}
