import type { Timer } from "../core/index.ts";
import { CrashRecord, respawnDelayMs } from "./crash-record.ts";
import type { EngineOptions } from "./pool.ts";
import { CodecProcess, type ProcessExit, type ProcessOwner } from "./process/codec-process.ts";
import type { Hello, Message } from "./process/message.ts";

/** Who uses the processes of a fleet. */
export interface FleetOwner {
  ready(process: CodecProcess, hello: Hello): void;
  /** @throws ProtocolError when the message makes no sense. */
  message(process: CodecProcess, message: Message): void;
  /** A process ended that was not told to. It is out of the fleet already. */
  lost(process: CodecProcess, exit: ProcessExit): void;
  /** Another process may be had by whoever got none. */
  room(): void;
}

/** The codec processes: some that work, one that stands ready, none that nobody needs. */
export class ProcessFleet implements ProcessOwner {
  readonly #options: EngineOptions;
  readonly #owner: FleetOwner;
  readonly #workers = new Set<CodecProcess>();
  /** All that have not ended: workers, the spare, and those that are ending. */
  readonly #processes = new Set<CodecProcess>();
  readonly #idle = new Map<CodecProcess, Timer>();
  readonly #crashes: CrashRecord;
  #spare: CodecProcess | undefined;
  #spareTimer: Timer | undefined;
  #respawnTimer: Timer | undefined;
  #isClosed = false;

  constructor(options: EngineOptions, owner: FleetOwner) {
    this.#options = options;
    this.#owner = owner;
    this.#crashes = new CrashRecord(options.limits.quarantineWindowMs);
  }

  get pids(): readonly number[] {
    return [...this.#processes].flatMap(({ pid }) => pid ?? []);
  }

  get size(): number {
    return this.#processes.size;
  }

  get warmSpares(): number {
    return this.#spare?.isReady ? 1 : 0;
  }

  /** Starts a spare at once and returns it. */
  begin(): CodecProcess {
    this.#spare ??= this.#spawn();
    return this.#spare;
  }

  /** Whether more work of this load is too much for every process that there may be. */
  isFull(load: number): boolean {
    if (this.#workers.size < this.#options.children) return false;
    const worker = this.#leastLoaded(false);
    if (worker === undefined || worker.jobs.size === 0) return false;
    return worker.load + load > this.#options.limits.maxLoadPerChild;
  }

  /**
   * The process that should take work of this load; undefined when there will be none for a while,
   * of which `room` tells the end. What is ready goes before what is still starting, and a process
   * that has little to do before another one.
   */
  choose(load: number): CodecProcess | undefined {
    const process = this.#find(load);
    if (process !== undefined) this.#wake(process);
    return process;
  }

  /** To be called when a process may have lost its last job. */
  release(process: CodecProcess): void {
    if (process.jobs.size > 0 || this.#idle.has(process) || !this.#workers.has(process)) return;
    const timer = this.#options.clock.after(this.#options.limits.idleMs, () => {
      this.#idle.delete(process);
      this.#rest(process);
    });
    this.#idle.set(process, timer);
  }

  /** To be called `checksPerHang` times in `hangMs`. */
  checkProgress(): void {
    for (const worker of this.#workers) worker.checkProgress();
  }

  /** Ends a process and resolves when it is gone. */
  async retire(process: CodecProcess): Promise<void> {
    if (this.#spare === process) this.#spare = undefined;
    await process.close();
  }

  /** Ends all. Resolves when they are gone. May be called twice. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#spareTimer?.cancel();
    this.#respawnTimer?.cancel();
    for (const timer of this.#idle.values()) timer.cancel();
    this.#idle.clear();
    await Promise.all([...this.#processes].map((process) => process.close()));
  }

  ready(process: CodecProcess, hello: Hello): void {
    this.#owner.ready(process, hello);
  }

  message(process: CodecProcess, message: Message): void {
    this.#owner.message(process, message);
  }

  gone(process: CodecProcess, exit: ProcessExit): void {
    this.#processes.delete(process);
    this.#workers.delete(process);
    this.#wake(process);
    if (this.#spare === process) this.#spare = undefined;
    if (exit.expected || this.#isClosed) return;
    const { clock, limits } = this.#options;
    const crashes = this.#crashes.note(clock.nowUs());
    this.#owner.lost(process, exit);
    const delayMs = respawnDelayMs(crashes, limits.maxRespawnMs);
    this.#scheduleSpare(Math.max(limits.spareDelayMs, delayMs));
  }

  #find(load: number): CodecProcess | undefined {
    const { limits, children, clock } = this.#options;
    const ready = this.#leastLoaded(true);
    const readyLoad = (ready?.load ?? 0) + load;
    if (ready !== undefined && readyLoad <= limits.comfortableLoadPerChild) return ready;
    const mayGrow = this.#workers.size < children;
    if (mayGrow && this.#spare?.isReady) return this.#promote(this.#spare);
    if (ready !== undefined && (!mayGrow || readyLoad <= limits.maxLoadPerChild)) return ready;
    const starting = this.#leastLoaded(false);
    if (!mayGrow) return starting;
    if (this.#spare !== undefined) return this.#promote(this.#spare);
    const delayMs = respawnDelayMs(this.#crashes.count(clock.nowUs()), limits.maxRespawnMs);
    if (delayMs === 0) return this.#promote(this.#spawn());
    if (starting === undefined) this.#scheduleRespawn(delayMs);
    return starting;
  }

  #leastLoaded(onlyReady: boolean): CodecProcess | undefined {
    let found: CodecProcess | undefined;
    for (const worker of this.#workers) {
      if (onlyReady && !worker.isReady) continue;
      if (found === undefined || worker.load < found.load) found = worker;
    }
    return found;
  }

  #promote(process: CodecProcess): CodecProcess {
    if (this.#spare === process) this.#spare = undefined;
    this.#workers.add(process);
    this.#scheduleSpare(this.#options.limits.spareDelayMs);
    return process;
  }

  #spawn(): CodecProcess {
    const process = new CodecProcess(this, this.#options.clock, this.#options.limits);
    this.#processes.add(process);
    return process;
  }

  #scheduleSpare(delayMs: number): void {
    if (!this.#options.warmSpare || this.#isClosed || this.#spare || this.#spareTimer) return;
    this.#spareTimer = this.#options.clock.after(delayMs, () => {
      this.#spareTimer = undefined;
      this.#spare ??= this.#spawn();
    });
  }

  #scheduleRespawn(delayMs: number): void {
    if (this.#isClosed || this.#respawnTimer) return;
    this.#respawnTimer = this.#options.clock.after(delayMs, () => {
      this.#respawnTimer = undefined;
      this.#promote(this.#spare ?? this.#spawn());
      this.#owner.room();
    });
  }

  #wake(process: CodecProcess): void {
    this.#idle.get(process)?.cancel();
    this.#idle.delete(process);
  }

  /** A worker without work becomes the spare, or ends when there is one. */
  #rest(worker: CodecProcess): void {
    if (worker.jobs.size > 0 || !this.#workers.delete(worker)) return;
    if (!this.#options.warmSpare || this.#spare !== undefined) {
      void this.retire(worker);
      return;
    }
    this.#spareTimer?.cancel();
    this.#spareTimer = undefined;
    this.#spare = worker;
  }
}
