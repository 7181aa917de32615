import type { ReportBlock } from "@millrace/media/rtp";
import type { Clock } from "../../core/index.ts";
import type { ProbePlan } from "../bandwidth/index.ts";
import { AudioLine } from "./audio-line.ts";
import type { FeedbackLine } from "./feedback.ts";
import { LayerSwitch } from "./layer-switch.ts";
import { LineReception } from "./line-reception.ts";
import type { MediaSender } from "./media-sender.ts";
import type { PacerDriver } from "./pacer-driver.ts";
import type { PacerLimits } from "./pacer-limits.ts";
import type { RtpFrame } from "./rtp-frame.ts";
import type { OutputSink, RtpOutput } from "./rtp-output.ts";
import { VideoPacer } from "./video-pacer.ts";
import type { ScheduleState } from "./video-schedule.ts";

/** Figures of one line to one viewer. */
export interface LineStats {
  readonly kind: "video" | "audio";
  readonly codec: string;
  /** Without retransmissions. */
  readonly packets: number;
  readonly frames: number;
  /** Datagram bytes, retransmissions included. */
  readonly bytes: number;
  readonly retransmitted: number;
  /** Asked for again, but not kept any more. */
  readonly unanswered: number;
  /** Asked for again too soon or too often. */
  readonly refused: number;
  readonly lossShare: number;
  readonly packetsLost: number;
  readonly jitterMs: number;
  readonly roundTripMs: number | undefined;
}

/** Figures of the pacer of a video line. */
export interface PacerStats {
  readonly state: ScheduleState;
  readonly replays: number;
  /** Multiple of the stream's rate at which the viewer may be served. */
  readonly factor: number;
  readonly rateCuts: number;
  readonly queuedBytes: number;
  readonly droppedFrames: number;
  readonly skippedFrames: number;
}

export interface EgressLineOptions {
  readonly output: RtpOutput;
  readonly sender: MediaSender;
  readonly driver: PacerDriver;
  readonly limits: PacerLimits;
  readonly clock: Clock;
  onFailed(error: unknown): void;
  /** The viewer reported how the line arrives. */
  onReported?(block: ReportBlock, roundTripMs: number | undefined, nowUs: number): void;
}

/** One m-line of one viewer between the shared output and the wire. */
export class EgressLine implements OutputSink, FeedbackLine {
  readonly sender: MediaSender;
  readonly reception: LineReception;
  #output: RtpOutput;
  #switch: LayerSwitch | undefined;
  readonly #clock: Clock;
  readonly #pacer: VideoPacer | undefined;
  readonly #audio: AudioLine | undefined;
  readonly #onFailed: (error: unknown) => void;
  readonly #onReported: EgressLineOptions["onReported"];

  constructor(options: EgressLineOptions) {
    const { output, sender, clock } = options;
    this.#output = output;
    this.sender = sender;
    this.reception = new LineReception(sender.media.clockRate);
    this.#clock = clock;
    this.#onFailed = options.onFailed;
    this.#onReported = options.onReported;
    const parts = { ...options, nowUs: clock.nowUs() };
    if (sender.media.kind === "video") this.#pacer = new VideoPacer(parts);
    else this.#audio = new AudioLine(parts);
  }

  /** What is sent now. */
  get output(): RtpOutput {
    return this.#output;
  }

  get ssrc(): number {
    return this.sender.media.ssrc;
  }

  get stats(): LineStats {
    const { sender, reception } = this;
    return {
      kind: sender.media.kind,
      codec: this.#output.history.latest?.codec ?? sender.media.codec,
      packets: sender.packets,
      frames: sender.frames,
      bytes: sender.wireBytes,
      retransmitted: sender.retransmitted,
      unanswered: sender.unanswered,
      refused: this.#pacer?.refusedResends ?? this.#audio?.refusedResends ?? 0,
      lossShare: reception.lossShare,
      packetsLost: reception.packetsLost,
      jitterMs: reception.jitterMs,
      roundTripMs: reception.roundTripMs,
    };
  }

  /** Undefined for audio, which is not paced. */
  get pacerStats(): PacerStats | undefined {
    const pacer = this.#pacer;
    if (pacer === undefined) return undefined;
    const { state, replays, droppedFrames, skippedFrames } = pacer.schedule;
    const { factor, cuts } = pacer.rate;
    const { queuedBytes } = pacer;
    return { state, replays, factor, rateCuts: cuts, queuedBytes, droppedFrames, skippedFrames };
  }

  /** Begins to send. */
  start(): void {
    this.#output.add(this);
    this.#pacer?.start(this.#clock.nowUs());
  }

  /** Takes the video from `output` from its next key frame on; at once, and anew, when what is sent now has ended. */
  select(output: RtpOutput): void {
    if (this.#switch?.output === output) return;
    this.#switch?.close();
    this.#switch = undefined;
    if (output === this.#output) return;
    if (!isFed(this.#output)) {
      this.#switchTo(output, undefined);
      return;
    }
    this.#switch = new LayerSwitch(
      output,
      (key) => this.#switchTo(output, key),
      (error) => this.#onFailed(error),
    );
    this.#switch.start();
  }

  /** Sends more than the stream for a moment, to see what the link carries. */
  probe(plan: ProbePlan): void {
    this.#pacer?.probe(plan, this.#clock.nowUs());
  }

  /** What the link is estimated to carry. */
  set linkBps(bitrateBps: number) {
    if (this.#pacer !== undefined) this.#pacer.linkBps = bitrateBps;
  }

  frame(frame: RtpFrame): void {
    this.#pacer?.frameAdded(frame, this.#clock.nowUs());
    this.#audio?.frame(frame);
  }

  grown(): void {
    this.#pacer?.frameGrown(this.#clock.nowUs());
  }

  sourceChanged(): void {
    this.#pacer?.start(this.#clock.nowUs());
    this.#audio?.restart();
  }

  failed(error: unknown): void {
    this.#onFailed(error);
  }

  missing(sequences: readonly number[], nowUs: number): void {
    this.#pacer?.missing(sequences, this.#roundTripUs(), nowUs);
    this.#audio?.missing(sequences, this.#roundTripUs(), nowUs);
  }

  keyRequested(nowUs: number): void {
    this.#pacer?.keyRequested(this.#roundTripUs(), nowUs);
  }

  reported(block: ReportBlock, nowUs: number): void {
    this.reception.report(block, this.#clock.wallMs());
    this.#onReported?.(block, this.reception.roundTripMs, nowUs);
  }

  /** May be called twice. */
  close(): void {
    this.#switch?.close();
    this.#output.remove(this);
    this.#pacer?.close();
  }

  #switchTo(output: RtpOutput, key: RtpFrame | undefined): void {
    this.#switch = undefined;
    this.#output.remove(this);
    this.#output = output;
    output.add(this);
    this.#pacer?.switchTo(output, key, this.#clock.nowUs());
  }

  #roundTripUs(): number {
    return (this.reception.roundTripMs ?? 0) * 1000;
  }
}

/** Something comes out of it. */
function isFed({ source, encoding }: RtpOutput): boolean {
  return source !== undefined && encoding?.active !== false;
}
