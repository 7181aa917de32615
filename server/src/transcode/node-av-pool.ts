import type { TrackInfo } from "@millrace/media/frame";
import {
  type Derivation,
  type DerivedSink,
  type DerivedTarget,
  RefusedError,
  type Timer,
} from "../core/index.ts";
import {
  type EngineOptions,
  type GrowingCounters,
  newCounters,
  type TranscodeCounters,
  type TranscodePool,
} from "./pool.ts";
import { type CodecProcess, checksPerHang, type ProcessExit } from "./process/codec-process.ts";
import type { Hello, Message } from "./process/message.ts";
import { type FleetOwner, ProcessFleet } from "./process-fleet.ts";
import { type Abilities, loadOf, refusalOf, refusalStatus } from "./support.ts";
import { TranscodeJob } from "./transcode-job.ts";

/**
 * Makes derivations in codec processes. When a process dies or hangs, its derivations go on in
 * another one where they were; one that costs too many processes is given up.
 */
export class NodeAvPool implements TranscodePool, FleetOwner {
  readonly engine = "node-av";
  readonly #options: EngineOptions;
  readonly #fleet: ProcessFleet;
  readonly #counters: GrowingCounters = newCounters();
  readonly #jobs = new Map<number, TranscodeJob>();
  /** Sources that cost too many processes, until when. */
  readonly #quarantine = new WeakMap<TrackInfo, number>();
  #abilities: Abilities = { decoders: new Set(), encoders: new Set() };
  #checkTimer: Timer | undefined;
  #nextId = 1;
  #closed: Promise<void> | undefined;
  #probe: ((failure: string | undefined) => void) | undefined;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#fleet = new ProcessFleet(options, this);
  }

  /** Starts the first process. Resolves to why that failed, undefined when it works. */
  async probe(): Promise<string | undefined> {
    const process = this.#fleet.begin();
    const failure = await new Promise<string | undefined>((resolve) => {
      this.#probe = resolve;
    });
    this.#probe = undefined;
    if (failure === undefined && !this.#options.warmSpare) await this.#fleet.retire(process);
    return failure;
  }

  get pids(): readonly number[] {
    return this.#fleet.pids;
  }

  counters(): TranscodeCounters {
    return {
      ...this.#counters,
      derivations: this.#jobs.size,
      processes: this.#fleet.size,
      warmSpares: this.#fleet.warmSpares,
    };
  }

  refusal(source: TrackInfo, target: DerivedTarget): string | undefined {
    const untilUs = this.#quarantine.get(source);
    if (untilUs !== undefined && this.#options.clock.nowUs() < untilUs) return "TRANSCODER_CRASHED";
    return refusalOf(source, target, this.#abilities, this.#options.limits);
  }

  start(source: TrackInfo, target: DerivedTarget, sink: DerivedSink): Derivation {
    const code = this.refusal(source, target);
    if (code !== undefined) {
      throw new RefusedError(
        code,
        refusalStatus(code),
        `${source.codec} cannot be transcoded here.`,
      );
    }
    const load = loadOf(source, target);
    const isFull = this.#jobs.size >= this.#options.limits.maxDerivations;
    if (this.#closed !== undefined || isFull || this.#fleet.isFull(load)) {
      throw new RefusedError("TRANSCODER_FULL", 503, "The transcoder has as much work as it may.");
    }
    const job = new TranscodeJob({
      id: this.#nextId++,
      source,
      target: target.codec,
      load,
      sink,
      engine: this.#options,
      counters: this.#counters,
      onEnd: (ended, process) => {
        this.#jobs.delete(ended.id);
        if (process !== undefined) this.#fleet.release(process);
      },
    });
    this.#jobs.set(job.id, job);
    this.#place(job);
    this.#scheduleCheck();
    return job;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#checkTimer?.cancel();
    for (const job of [...this.#jobs.values()]) job.close();
    await this.#fleet.close();
  }

  ready(process: CodecProcess, hello: Hello): void {
    this.#abilities = { decoders: new Set(hello.decoders), encoders: new Set(hello.encoders) };
    this.#options.log.debug({ pid: process.pid }, "codec process ready");
    for (const job of this.#jobsOf(process)) job.begin();
    this.#probe?.(undefined);
  }

  message(process: CodecProcess, message: Message): void {
    const job = this.#jobs.get(message.job);
    if (job?.process === process) job.message(message);
  }

  lost(process: CodecProcess, exit: ProcessExit): void {
    const { code, signal, hung, lastWords } = exit;
    if (this.#probe !== undefined) {
      this.#probe(lastWords || `it ended with ${signal ?? code}`);
      return;
    }
    const { clock, log, limits } = this.#options;
    this.#counters.crashes++;
    if (hung) this.#counters.hangs++;
    const jobs = this.#jobsOf(process);
    const fields = { pid: process.pid, exit: code, signal, hung, jobs: jobs.length };
    log.warn(fields, "a codec process ended; its streams go on in another one");
    if (lastWords !== "") log.debug({ pid: process.pid, lastWords }, "its last words");
    const suspect = exit.wasReady ? jobs.find((job) => job.id === exit.suspect) : undefined;
    // SIGKILL from elsewhere says nothing about the frame; a codec dies of other signals.
    const poisoned = hung || signal !== "SIGKILL";
    for (const job of jobs) job.lost(poisoned && job === suspect);
    if (suspect !== undefined && suspect.crashes.note(clock.nowUs()) >= limits.maxCrashes) {
      this.#counters.quarantined++;
      this.#quarantine.set(suspect.source, clock.nowUs() + limits.quarantineWindowMs * 1000);
      suspect.fail("TRANSCODER_CRASHED", "too many codec processes ended at this stream");
    }
    for (const job of jobs) {
      if (!this.#jobs.has(job.id)) continue;
      this.#counters.moves++;
      this.#place(job);
    }
  }

  room(): void {
    for (const job of this.#jobs.values()) if (job.process === undefined) this.#place(job);
  }

  #jobsOf(process: CodecProcess): TranscodeJob[] {
    return [...process.jobs.keys()].flatMap((id) => this.#jobs.get(id) ?? []);
  }

  /** Gives a job to a process; without any, it waits for `room`. */
  #place(job: TranscodeJob): void {
    const process = this.#fleet.choose(job.load);
    if (process === undefined) job.homelessSinceUs ??= this.#options.clock.nowUs();
    else job.attach(process);
  }

  #scheduleCheck(): void {
    if (this.#checkTimer !== undefined || this.#closed !== undefined) return;
    const { clock, limits } = this.#options;
    this.#checkTimer = clock.after(limits.hangMs / checksPerHang, () => {
      this.#checkTimer = undefined;
      this.#fleet.checkProgress();
      const oldestUs = clock.nowUs() - limits.bootTimeoutMs * 1000;
      for (const job of [...this.#jobs.values()]) {
        if (job.homelessSinceUs !== undefined && job.homelessSinceUs < oldestUs) {
          job.fail("TRANSCODER_UNAVAILABLE", "no codec process could be started");
        }
      }
      if (this.#jobs.size > 0) this.#scheduleCheck();
    });
  }
}
