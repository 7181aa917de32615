import { ProtocolError } from "@millrace/media/error";
import type { Frame, TrackInfo } from "@millrace/media/frame";
import { splitAvcc } from "@millrace/media/h264";
import type { Clock, Derivation, DerivedSink } from "../core/index.ts";
import { CrashRecord } from "./crash-record.ts";
import type { EngineOptions, GrowingCounters } from "./pool.ts";
import type { CodecProcess } from "./process/codec-process.ts";
import {
  type Message,
  MessageType,
  nalUnitCodecs,
  type OpenRequest,
  type TargetCodec,
  trackRequest,
  writeConfigure,
  writeEmpty,
  writeFrame,
  writeJson,
} from "./process/message.ts";
import { parseAck, parseFailure, parseInfo, parsePacket } from "./process/message-body.ts";
import { type CodecPhase, type LogEntry, ReplayLog } from "./replay-log.ts";
import { SilenceFill } from "./silence-fill.ts";

export interface TranscodeJobOptions {
  readonly id: number;
  readonly source: TrackInfo;
  readonly target: TargetCodec;
  readonly load: number;
  readonly sink: DerivedSink;
  readonly engine: EngineOptions;
  readonly counters: GrowingCounters;
  /** Called once, when it is over for whatever reason, with the process that had worked on it. */
  onEnd(job: TranscodeJob, process: CodecProcess | undefined): void;
}

/** One derivation, whichever process works on it. */
export class TranscodeJob implements Derivation {
  readonly id: number;
  readonly load: number;
  readonly crashes: CrashRecord;
  /** When it lost its process; undefined while it has one. */
  homelessSinceUs: number | undefined;
  readonly #options: TranscodeJobOptions;
  readonly #clock: Clock;
  readonly #log: ReplayLog;
  readonly #silence: SilenceFill | undefined;
  #source: TrackInfo;
  #process: CodecProcess | undefined;
  /** The newest frame, until it is known whether another one comes in the same turn of the event loop. */
  #held: LogEntry | undefined;
  /** It begins with what was cached, which takes as long as what waits after a crash. */
  #phase: CodecPhase = { waiting: true, recovering: true };
  #dropped = 0;
  #decodeErrors = 0;
  #skippedFrames = 0;
  #ended = false;

  constructor(options: TranscodeJobOptions) {
    this.#options = options;
    this.#clock = options.engine.clock;
    this.id = options.id;
    this.load = options.load;
    this.#source = options.source;
    this.#log = new ReplayLog(options.source, options.engine.limits);
    this.crashes = new CrashRecord(options.engine.limits.quarantineWindowMs);
    if (options.target === "aac") {
      this.#silence = new SilenceFill(options.source, options.engine.limits.maxSilenceMs);
    }
  }

  get source(): TrackInfo {
    return this.#source;
  }

  get process(): CodecProcess | undefined {
    return this.#process;
  }

  push(frame: Frame): void {
    if (this.#ended || this.#silence?.take(frame, this.#clock.nowUs()) === false) return;
    this.#take(frame);
  }

  advance(streamUs: number): void {
    if (this.#ended) return;
    this.#silence?.advance(streamUs, this.#clock.nowUs(), (frame) => this.#take(frame));
  }

  #take(frame: Frame): void {
    this.#options.counters.framesIn++;
    const entry = this.#log.push(frame, this.#clock.nowUs(), this.#phase);
    this.#countDropped();
    if (entry === undefined || this.#phase.waiting) return;
    if (this.#options.target === "jpeg") this.#hold(entry);
    else this.#send(entry);
  }

  reconfigure(info: TrackInfo): void {
    if (this.#ended) return;
    if (info.kind !== this.#source.kind) {
      this.fail("CODEC_UNSUPPORTED", `the source became ${info.kind}`);
      return;
    }
    this.#source = info;
    this.#silence?.reconfigure(info);
    const entry = this.#log.configure(info, this.#clock.nowUs());
    if (this.#phase.waiting) return;
    this.#sendHeld(false);
    this.#send(entry);
  }

  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    const process = this.#detach();
    if (process?.isReady) process.tell(writeEmpty(MessageType.close, this.id));
    this.#options.onEnd(this, process);
  }

  /** Gives up and says why. */
  fail(code: string, message: string): void {
    if (this.#ended) return;
    this.close();
    this.#options.sink.failed(code, message);
  }

  /** Gives it to a process, which begins with it as soon as it is ready. */
  attach(process: CodecProcess): void {
    this.#process = process;
    this.homelessSinceUs = undefined;
    process.jobs.set(this.id, this.load);
    if (process.isReady) this.begin();
  }

  /** The process is ready: it goes on from where the last one stopped. */
  begin(): void {
    const { engine, target } = this.#options;
    this.#phase = { ...this.#phase, waiting: false };
    this.#decodeErrors = 0;
    this.#skippedFrames = 0;
    const replay = this.#log.replay();
    const request: OpenRequest = {
      source: trackRequest(replay.info),
      target,
      resumeAfterUs: replay.resumeAfterUs,
      checkpoint: Buffer.from(replay.checkpoint).toString("base64"),
      opusBitrateBps: engine.opusBitrateBps,
      aacBitrateBps: engine.aacBitrateBps,
      maxSilenceMs: engine.limits.maxSilenceMs,
      maxPixels: engine.limits.maxPixels,
      maxVideoLagMs: engine.limits.maxVideoLagMs,
      maxJpegWidth: engine.limits.maxJpegWidth,
      maxJpegPerSecond: engine.limits.maxJpegPerSecond,
    };
    this.#process?.request(this.id, writeJson(MessageType.open, this.id, request));
    for (const entry of replay.entries) this.#send(entry, entry !== replay.entries.at(-1));
  }

  /** Takes it from its process, which is returned. */
  #detach(): CodecProcess | undefined {
    const process = this.#process;
    this.#process = undefined;
    this.#held = undefined;
    process?.jobs.delete(this.id);
    return process;
  }

  /** The process died. `poisoned`: at the frame that is next in this job. */
  lost(poisoned: boolean): void {
    const nowUs = this.#clock.nowUs();
    this.#detach();
    this.#phase = { waiting: true, recovering: true };
    this.homelessSinceUs = nowUs;
    this.#log.rewind(nowUs, poisoned);
    this.#countDropped();
  }

  /** @throws ProtocolError when the process talks nonsense. */
  message(message: Message): void {
    const { sink, counters } = this.#options;
    switch (message.type) {
      case MessageType.ack: {
        const ack = parseAck(message.body);
        this.#log.ack(ack.seq, ack.checkpoint);
        counters.decodeErrors += Math.max(0, ack.decodeErrors - this.#decodeErrors);
        counters.framesSkipped += Math.max(0, ack.skippedFrames - this.#skippedFrames);
        this.#decodeErrors = ack.decodeErrors;
        this.#skippedFrames = ack.skippedFrames;
        if (this.#log.pending === 0) this.#phase = running;
        break;
      }
      case MessageType.packet: {
        const { key, ptsUs, payload } = parsePacket(message.body);
        if (!this.#log.deliver(ptsUs)) {
          counters.duplicates++;
          break;
        }
        counters.framesOut++;
        sink.frame({ ptsUs, dtsUs: ptsUs, key, payload: this.#elements(payload) });
        break;
      }
      case MessageType.info: {
        const info = parseInfo(message.body);
        if (info.codec !== this.#options.target) {
          throw new ProtocolError("TRANSCODER_MESSAGE_INVALID", `a result in ${info.codec}`);
        }
        sink.info(info);
        break;
      }
      case MessageType.failed: {
        const { code, message: text } = parseFailure(message.body);
        this.fail(code, text);
        break;
      }
    }
  }

  #countDropped(): void {
    this.#options.counters.framesDropped += this.#log.droppedFrames - this.#dropped;
    this.#dropped = this.#log.droppedFrames;
  }

  /**
   * A group of pictures comes in one turn. Only of its last one a picture is wanted, and only we can
   * tell the process which that is.
   */
  #hold(entry: LogEntry): void {
    const first = this.#held === undefined;
    this.#sendHeld(true);
    this.#held = entry;
    if (first) process.nextTick(() => this.#sendHeld(false));
  }

  #sendHeld(followed: boolean): void {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) this.#send(held, followed);
  }

  #send(entry: LogEntry, followed = false): void {
    const process = this.#process;
    if (process === undefined) return;
    const { seq, info, frame } = entry;
    process.request(
      this.id,
      frame === undefined
        ? writeConfigure(this.id, seq, trackRequest(info))
        : writeFrame(this.id, seq, frame, nalUnitCodecs.has(info.codec), followed),
    );
  }

  #elements(payload: Uint8Array): readonly Uint8Array[] {
    return this.#options.target === "h264" ? splitAvcc(payload, 4) : [payload];
  }
}

const running: CodecPhase = { waiting: false, recovering: false };
