import { inspectPayload } from "@millrace/media/rtp";
import type { Publisher } from "../../core/index.ts";
import type { PayloadFormat } from "../peer.ts";
import { IngestEncoding } from "./encoding.ts";
import type { EncodingReceiver } from "./encoding-receiver.ts";
import { AudioBuilder, VideoBuilder } from "./frame-builder.ts";
import type { IngestLimits } from "./limits.ts";
import { videoCodecOf } from "./line-formats.ts";
import { IngestSource } from "./source.ts";

export interface LineSourceOptions {
  readonly publisher: Publisher;
  readonly limits: IngestLimits;
  /** The machine's monotonic clock, for calls of viewers, who pass no time. */
  nowUs(): number;
  /** From the publisher's time line to the stream's, for a frame that is handed out now. */
  streamUs(captureUs: number): number;
  /** From the monotonic clock to the stream's. */
  arrivalUs(nowUs: number): number;
  /** A deadline may have come closer outside of a call into the line. */
  wake(): void;
  sinkFailed(error: unknown): void;
}

/** What becomes of one receiver's packets in the present codec. */
export interface Stage {
  readonly encoding: IngestEncoding;
  readonly video: VideoBuilder | undefined;
  readonly audio: AudioBuilder | undefined;
}

/** The packet source that a line's receivers feed, and its replacement when the publisher changes the codec. */
export class LineSource {
  readonly #options: LineSourceOptions;
  #stages = new Map<EncodingReceiver, Stage>();
  #source: IngestSource | undefined;
  #format: PayloadFormat | undefined;
  /** The source before, whose last packets must not bring it back. */
  #former: IngestSource | undefined;
  #formerUntilUs = 0;
  #malformedFrames = 0;
  /** How often the codec changed. */
  changes = 0;

  constructor(options: LineSourceOptions) {
    this.#options = options;
  }

  get codec(): string | undefined {
    return this.#source?.codec;
  }

  /** Frames that could not be put together. */
  get malformedFrames(): number {
    return this.#malformedFrames + (this.#source?.malformedFrames ?? 0);
  }

  stage(receiver: EncodingReceiver): Stage | undefined {
    return this.#stages.get(receiver);
  }

  /** A receiver's next packet in order. */
  deliver(
    receiver: EncodingReceiver,
    receivers: readonly EncodingReceiver[],
    payload: Uint8Array,
    timestamp: number,
    marker: boolean,
    format: PayloadFormat,
    arrivedUs: number,
  ): void {
    if (this.#source?.takes(format) !== true) {
      if (!this.#mayChangeTo(format, payload)) {
        this.#awaitKey(receiver);
        return;
      }
      this.#open(format, receivers);
    }
    const stage = this.#stages.get(receiver);
    if (stage?.video !== undefined) stage.video.packet(payload, timestamp, marker, arrivedUs);
    else stage?.audio?.packet(payload, timestamp, arrivedUs);
  }

  lost(receiver: EncodingReceiver, packets: number): void {
    const stage = this.#stages.get(receiver);
    if (stage === undefined) return;
    stage.audio?.lost(packets);
    if (stage.video === undefined) return;
    stage.video.lost();
    this.#source?.broken(stage.encoding);
  }

  awaitsKey(receiver: EncodingReceiver): boolean {
    return this.#stages.get(receiver)?.video?.awaitsKey ?? receiver.kind === "video";
  }

  /** The peer sends another encoding now. */
  add(receiver: EncodingReceiver): void {
    if (this.#source === undefined || this.#format === undefined) return;
    this.#openStage(receiver, this.#source, this.#format);
  }

  /** The peer does not send that encoding any more. */
  remove(receiver: EncodingReceiver): void {
    const encoding = this.#stages.get(receiver)?.encoding;
    if (encoding === undefined) return;
    this.#stages.delete(receiver);
    encoding.close();
    this.#source?.remove(encoding);
  }

  /** May be called twice. */
  close(): void {
    for (const { encoding } of this.#stages.values()) encoding.close();
    this.#stages.clear();
    this.#malformedFrames = this.malformedFrames;
    this.#source?.close();
    this.#source = undefined;
    this.#former = undefined;
  }

  /** A video codec changes with a key frame. */
  #mayChangeTo(format: PayloadFormat, payload: Uint8Array): boolean {
    if (this.#source === undefined) return true;
    const isFormer = this.#former?.takes(format) === true;
    if (isFormer && this.#options.nowUs() < this.#formerUntilUs) return false;
    const codec = videoCodecOf(format);
    if (codec === undefined) return true;
    const start = inspectPayload(codec, payload);
    return start.begins && start.key;
  }

  #open(format: PayloadFormat, receivers: readonly EncodingReceiver[]): void {
    const { limits, nowUs, publisher, sinkFailed } = this.#options;
    const before = this.#source;
    const stagesBefore = this.#stages;
    const source = new IngestSource({ format, publisher, sinkFailed });
    this.#source = source;
    this.#format = format;
    this.#stages = new Map();
    for (const receiver of receivers) this.#openStage(receiver, source, format);
    for (const stage of stagesBefore.values()) stage.encoding.close();
    if (before === undefined) return;
    this.changes++;
    this.#malformedFrames += before.malformedFrames;
    this.#former = before;
    this.#formerUntilUs = nowUs() + limits.codecSettleUs;
    before.close();
  }

  #openStage(receiver: EncodingReceiver, source: IngestSource, format: PayloadFormat): void {
    const { arrivalUs, limits, nowUs, streamUs, wake } = this.#options;
    const encoding = new IngestEncoding({
      rid: receiver.rid,
      limits,
      meter: receiver.meter,
      owner: source,
      wantKey() {
        if (receiver.kind === "audio") return;
        receiver.keyRequests.request(nowUs());
        wake();
      },
    });
    const times = {
      captureUs: (timestamp: number, arrivedUs: number) =>
        receiver.line?.timeOf(timestamp, arrivedUs) ?? arrivedUs,
      streamUs,
      arrivalUs,
    };
    const options = { encoding, limits, times };
    const codec = videoCodecOf(format);
    if (codec === undefined) {
      const audio = new AudioBuilder(options);
      this.#stages.set(receiver, { encoding, video: undefined, audio });
      return;
    }
    const video = new VideoBuilder({
      ...options,
      codec,
      awaitingKey: () => this.#awaitKey(receiver),
      keyArrived: () => receiver.keyRequests.satisfied(),
    });
    this.#stages.set(receiver, { encoding, video, audio: undefined });
  }

  #awaitKey(receiver: EncodingReceiver): void {
    if (!receiver.keyRequests.wanted) receiver.keyRequests.request(this.#options.nowUs());
  }
}
