import { Activity, type ActivityObserver, type Refusal } from "./activity.ts";
import { Attendance } from "./attendance.ts";
import { RefusedError } from "./errors.ts";
import { Expiries } from "./expiries.ts";
import { type CoreLimits, defaultCoreLimits } from "./limits.ts";
import type { Clock, Log, Transcoder } from "./ports.ts";
import { Publisher, type PublisherInfo } from "./publisher.ts";
import { type Session, SessionIndex } from "./session-index.ts";
import { Stream } from "./stream.ts";
import type { StreamChange, StreamObserver } from "./stream-events.ts";

export interface RegistryOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly transcoder?: Transcoder;
  readonly limits?: Partial<CoreLimits>;
}

/** All streams by name, and the only place where they begin. */
export class Registry {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #transcoder: Transcoder | undefined;
  readonly #limits: CoreLimits;
  readonly #streams = new Map<string, Stream>();
  readonly #publishers = new Map<string, Publisher>();
  readonly #expiries: Expiries;
  readonly #activity: Activity;
  readonly #sessions = new SessionIndex();
  readonly #attendance: Attendance;
  readonly #observers = new Map<string, Set<StreamObserver>>();
  #closed = false;

  constructor(options: RegistryOptions) {
    this.#clock = options.clock;
    this.#log = options.log;
    this.#transcoder = options.transcoder;
    this.#limits = { ...defaultCoreLimits, ...options.limits };
    this.#expiries = new Expiries(options.clock);
    this.#activity = new Activity(options.log);
    this.#activity.watch(this.#sessions);
    this.#attendance = new Attendance({
      clock: options.clock,
      log: options.log,
      activity: this.#activity,
      expiries: this.#expiries,
      limits: this.#limits,
    });
  }

  /**
   * Begins a stream, or takes over one that waits for its publisher.
   * @throws RefusedError `STREAM_BUSY` 409 when somebody publishes it, `STREAMS_FULL` 503, `SHUTTING_DOWN` 503.
   */
  publish(info: PublisherInfo): Publisher {
    if (this.#closed) throw new RefusedError("SHUTTING_DOWN", 503, "The server is shutting down.");
    const present = this.#streams.get(info.stream);
    const refusal = (code: string, status: number, message: string): RefusedError => {
      this.refused({ action: "publish", transport: info.transport, code, status });
      return new RefusedError(code, status, message);
    };
    if (present?.state === "live") {
      if (info.takeOver !== true) {
        throw refusal("STREAM_BUSY", 409, `Somebody publishes ${info.stream} already.`);
      }
      const before = this.#publishers.get(info.stream);
      before?.info.onKick("TAKEN_OVER");
      before?.close("TAKEN_OVER");
      return this.publish({ ...info, takeOver: false });
    }
    if (present === undefined && this.#streams.size >= this.#limits.maxStreams) {
      throw refusal("STREAMS_FULL", 503, "There are as many streams as there may be.");
    }
    const stream = present ?? this.#create(info.stream);
    const publisher = new Publisher({
      stream,
      info,
      clock: this.#clock,
      expiries: this.#expiries,
      limits: this.#limits,
      onClose: (closed, reason) => {
        this.#activity.publishEnded(closed, reason);
        if (this.#publishers.get(stream.name) === closed) this.#publishers.delete(stream.name);
      },
    });
    this.#publishers.set(stream.name, publisher);
    if (present !== undefined) present.resume();
    else this.#began(stream);
    this.#activity.publishStarted(publisher);
    return publisher;
  }

  get(name: string): Stream | undefined {
    return this.#streams.get(name);
  }

  /** Who publishes that stream now. */
  publisher(name: string): Publisher | undefined {
    return this.#publishers.get(name);
  }

  /** The session of a publisher or a viewer, whichever stream it is of. */
  session(id: string): Session | undefined {
    return this.#sessions.get(id);
  }

  /** Ends the session of a publisher or a viewer, whichever stream it is of. False: there is none with that id. */
  kick(id: string, reason: string): boolean {
    return this.#sessions.kick(id, reason);
  }

  list(): Stream[] {
    return [...this.#streams.values()];
  }

  /**
   * Tells every change of the stream with that name from now on, whether or not it exists yet.
   * Returns how to stop.
   */
  observe(name: string, observer: StreamObserver): () => void {
    const observers = this.#observers.get(name) ?? new Set();
    this.#observers.set(name, observers);
    observers.add(observer);
    return () => {
      observers.delete(observer);
      if (observers.size === 0 && this.#observers.get(name) === observers) {
        this.#observers.delete(name);
      }
    };
  }

  /** Tells what begins, changes and ends from now on, of all streams. Returns how to stop. */
  watch(observer: ActivityObserver): () => void {
    return this.#activity.watch(observer);
  }

  /** Tells observers that somebody was not let in, for a reason that an adapter found. */
  refused(refusal: Refusal): void {
    this.#activity.refused(refusal);
  }

  /** Ends every stream and takes no more. May be called twice. */
  close(reason: string): void {
    this.#closed = true;
    for (const publisher of [...this.#publishers.values()]) publisher.info.onKick(reason);
    for (const stream of [...this.#streams.values()]) stream.end(reason, reason);
    for (const publisher of [...this.#publishers.values()]) publisher.close(reason);
    this.#expiries.close();
    this.#attendance.close();
  }

  #create(name: string): Stream {
    const stream = new Stream({
      name,
      clock: this.#clock,
      attendance: this.#attendance,
      activity: this.#activity,
      log: this.#log,
      limits: this.#limits,
      transcoder: this.#transcoder,
      onChange: (changed, change) => this.#changed(changed, change),
      onEnd: (ended) => {
        if (this.#streams.get(name) === ended) this.#streams.delete(name);
      },
    });
    this.#streams.set(name, stream);
    return stream;
  }

  #began(stream: Stream): void {
    const change = { type: "state", state: "live", reason: "PUBLISHED" } as const;
    this.#changed(stream, change);
    this.#activity.streamChanged(stream, change);
  }

  #changed(stream: Stream, change: StreamChange): void {
    if (change.type === "state") {
      this.#log.info(
        { stream: stream.name, state: change.state, reason: change.reason },
        `stream ${change.state}`,
      );
    }
    if (change.type === "buffer") {
      const { buffer, lagMs, speed } = change.health;
      this.#log.info({ stream: stream.name, buffer, lagMs, speed }, "stream buffer changed");
    }
    for (const observer of [...(this.#observers.get(stream.name) ?? [])]) observer(change);
  }
}
