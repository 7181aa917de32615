import {
  type Clock,
  noFigures,
  type PublisherFigures,
  type Registry,
  type Stream,
  type Timer,
  type Transport,
  trackBitrateBps,
  type Viewer,
} from "../core/index.ts";
import type { MachineWatch } from "./machine.ts";
import { SampleRing } from "./sample-ring.ts";

/** What is kept, and at what price. */
export interface HistoryLimits {
  /** From one sample to the next. Milliseconds. */
  readonly stepMs: number;
  /** Samples that are kept; each newer one takes the place of the oldest. */
  readonly samples: number;
  /** Sessions that are asked for their figures in one turn of the event loop, so that no media waits for statistics. */
  readonly sessionsPerTurn: number;
}

/** 15 minutes in steps of 2 s. */
export const defaultHistoryLimits: HistoryLimits = {
  stepMs: 2000,
  samples: 450,
  sessionsPerTurn: 500,
};

export interface HistoryOptions {
  readonly registry: Pick<Registry, "list" | "publisher">;
  readonly clock: Clock;
  /** Closed with the history. */
  readonly machine: MachineWatch;
  readonly limits?: Partial<HistoryLimits>;
}

/** `GET /api/v1/history`: columns of equal length, oldest sample first. */
export interface HistoryDocument {
  readonly stepMs: number;
  readonly samples: number;
  /** Of the machine, so that `cpu` can be told as a share. */
  readonly cores: number;
  /** Counted for this answer. */
  readonly now: {
    readonly timeMs: number;
    readonly streams: number;
    readonly live: number;
    readonly viewers: Readonly<Record<string, number>>;
  };
  /** When each sample was taken. Milliseconds since 1970, integer. */
  readonly times: readonly number[];
  readonly streams: readonly number[];
  /** By transport; who never had a viewer in these samples is absent. */
  readonly viewers: Readonly<Record<string, readonly number[]>>;
  /** Bits per second from publishers, and to viewers. */
  readonly inBps: readonly number[];
  readonly outBps: readonly number[];
  /** Cores that the process used. */
  readonly cpu: readonly number[];
  readonly memoryBytes: readonly number[];
  readonly lagMs: readonly number[];
}

/** Sums of one sample while sessions are still being asked. */
interface Tally {
  readonly startedUs: number;
  readonly timeMs: number;
  readonly viewers: Map<Transport, number>;
  streams: number;
  inBits: number;
  outBits: number;
}

/** What this server was like in the last minutes, sampled all the time, so that a page which is just opened has its graphs full. */
export class History {
  readonly #registry: Pick<Registry, "list" | "publisher">;
  readonly #clock: Clock;
  readonly #machine: MachineWatch;
  readonly #limits: HistoryLimits;
  readonly #ring: SampleRing;
  /** Bytes that a session had at the sample before; forgotten with the session. */
  readonly #bytes = new WeakMap<object, number>();
  #lastUs: number;
  #lastCpuUs: number;
  #timer: Timer | undefined;
  #closed = false;

  constructor({ registry, clock, machine, limits }: HistoryOptions) {
    this.#registry = registry;
    this.#clock = clock;
    this.#machine = machine;
    this.#limits = { ...defaultHistoryLimits, ...limits };
    this.#ring = new SampleRing(this.#limits.samples);
    this.#lastUs = clock.nowUs();
    this.#lastCpuUs = machine.cpuUs();
    this.#timer = clock.after(this.#limits.stepMs, () => this.#begin());
  }

  /** The samples after that time, in milliseconds since 1970; without one, all. */
  document(after?: number): HistoryDocument {
    const samples = this.#ring.after(after ?? Number.NEGATIVE_INFINITY);
    const { stepMs, samples: kept } = this.#limits;
    return { stepMs, samples: kept, cores: this.#machine.cores, now: this.#now(), ...samples };
  }

  /** Takes no more samples; what there is can still be read. May be called twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer?.cancel();
    this.#machine.close();
  }

  #now(): HistoryDocument["now"] {
    const streams = this.#registry.list();
    const viewers: Record<string, number> = {};
    for (const stream of streams) {
      for (const { info } of stream.viewers.values()) {
        viewers[info.transport] = (viewers[info.transport] ?? 0) + 1;
      }
    }
    const live = streams.filter(({ state }) => state === "live").length;
    return { timeMs: Math.round(this.#clock.wallMs()), streams: streams.length, live, viewers };
  }

  #begin(): void {
    const tally: Tally = {
      startedUs: this.#clock.nowUs(),
      timeMs: Math.round(this.#clock.wallMs()),
      viewers: new Map(),
      ...{ streams: 0, inBits: 0, outBits: 0 },
    };
    this.#continue(tally, this.#ask(tally));
  }

  /** Asks some sessions in this turn, the next ones in another. */
  #continue(tally: Tally, asking: Iterator<void>): void {
    for (let asked = 0; asked < this.#limits.sessionsPerTurn; asked++) {
      if (asking.next().done) {
        this.#finish(tally);
        return;
      }
    }
    this.#timer = this.#clock.after(0, () => this.#continue(tally, asking));
  }

  /** Stops after each session. */
  *#ask(tally: Tally): Generator<void, void> {
    const seconds = Math.max(0.001, (tally.startedUs - this.#lastUs) / 1e6);
    for (const stream of this.#registry.list()) {
      if (stream.state === "live") tally.streams += 1;
      tally.inBits += this.#inBits(stream, seconds);
      yield;
      for (const viewer of stream.viewers.values()) {
        const { transport } = viewer.info;
        tally.viewers.set(transport, (tally.viewers.get(transport) ?? 0) + 1);
        tally.outBits += this.#outBits(viewer);
        yield;
      }
    }
  }

  #inBits(stream: Stream, seconds: number): number {
    const publisher = this.#registry.publisher(stream.name);
    if (publisher === undefined) return 0;
    const { bytesReceived }: Partial<PublisherFigures> = publisher.info.stats?.() ?? {};
    if (bytesReceived !== undefined) {
      return 8 * this.#grown(publisher, bytesReceived, publisher.startedWallMs);
    }
    return stream.tracks.reduce((sum, track) => sum + trackBitrateBps(track), 0) * seconds;
  }

  #outBits(viewer: Viewer): number {
    const { bytesSent } = viewer.info.stats?.() ?? noFigures;
    return 8 * this.#grown(viewer, bytesSent, viewer.joinedWallMs);
  }

  /** What came to a counter since the sample before. One that was there already counts from when it is first seen. */
  #grown(session: object, bytes: number, beganWallMs: number): number {
    const isNew = beganWallMs >= this.#clock.wallMs() - 2 * this.#limits.stepMs;
    const before = this.#bytes.get(session) ?? (isNew ? 0 : bytes);
    this.#bytes.set(session, bytes);
    return Math.max(0, bytes - before);
  }

  #finish(tally: Tally): void {
    const { startedUs, timeMs, streams, viewers } = tally;
    const elapsedUs = Math.max(1000, startedUs - this.#lastUs);
    const cpuUs = this.#machine.cpuUs();
    this.#ring.push(viewers, {
      timeMs,
      streams,
      inBps: Math.round((tally.inBits * 1e6) / elapsedUs),
      outBps: Math.round((tally.outBits * 1e6) / elapsedUs),
      cpu: Math.round(((cpuUs - this.#lastCpuUs) / elapsedUs) * 1000) / 1000,
      memoryBytes: this.#machine.memoryBytes(),
      lagMs: Math.round(this.#machine.lagMs() * 10) / 10,
    });
    this.#lastUs = startedUs;
    this.#lastCpuUs = cpuUs;
    const tookMs = (this.#clock.nowUs() - startedUs) / 1000;
    const nextMs = Math.max(0, this.#limits.stepMs - tookMs);
    if (!this.#closed) this.#timer = this.#clock.after(nextMs, () => this.#begin());
  }
}
