import type { PemPair } from "../certificate.ts";
import type { TurnOptions } from "../relay/turn-options.ts";
import type { TurnStats } from "../relay/turn-stats.ts";
import { batchMs, EventBatches } from "./event-batches.ts";
import {
  type FromRelay,
  type ToRelay,
  type TurnAddress,
  type TurnEvent,
  type TurnEventType,
  type TurnLog,
  type TurnLogLevel,
  turnEventTypes,
} from "./message.ts";
import { failureOf } from "./start-error.ts";

/** As much of a relay as its process needs; `RelayServer` is one. */
export interface ServedRelay {
  start(): Promise<{ readonly listening: readonly TurnAddress[] }>;
  stop(drainMs?: number): Promise<void>;
  stats(): TurnStats;
  replaceCertificate(tls: PemPair): void;
  on(type: TurnEventType, listener: (details: TurnEvent["details"]) => void): unknown;
}

export type CreateRelay = (options: TurnOptions, log: TurnLog) => ServedRelay;

/** The relay's end of the pipe to its supervisor: `process` of a child. */
export interface SupervisorPipe {
  send?(message: FromRelay, sent: (error: Error | null) => void): boolean;
  on(event: "message", listener: (message: unknown) => void): unknown;
  on(event: "disconnect", listener: () => void): unknown;
}

/**
 * Serves one supervisor: makes a relay when told to, and calls `end` with an exit code when it is over: after `stop`,
 * after a start that failed, or when the supervisor vanished.
 */
export function serveRelay(
  pipe: SupervisorPipe,
  create: CreateRelay,
  end: (exitCode: number) => void,
): void {
  const served = new ServedProcess(pipe, create, end);
  pipe.on("message", (message) => served.receive(message as ToRelay));
  pipe.on("disconnect", () => end(0));
}

class ServedProcess {
  readonly #pipe: SupervisorPipe;
  readonly #create: CreateRelay;
  readonly #end: (exitCode: number) => void;
  readonly #batches: EventBatches = new EventBatches((events, dropped, done) =>
    this.#say({ type: "events", events, dropped }, done),
  );
  #relay: ServedRelay | undefined;
  #starting: Promise<void> | undefined;
  #stopping = false;

  constructor(pipe: SupervisorPipe, create: CreateRelay, end: (exitCode: number) => void) {
    this.#pipe = pipe;
    this.#create = create;
    this.#end = end;
  }

  receive(message: ToRelay): void {
    switch (message.type) {
      case "start":
        this.#starting ??= this.#start(message.options);
        break;
      case "ask":
        if (this.#relay !== undefined) {
          this.#say({
            type: "answer",
            question: message.question,
            stats: this.#relay.stats(),
          });
        }
        break;
      case "certificate":
        void this.#certify(message.tls);
        break;
      case "stop":
        if (!this.#stopping) void this.#stop(message.drainMs);
        this.#stopping = true;
        break;
    }
  }

  async #start(options: TurnOptions): Promise<void> {
    try {
      const relay = this.#create(
        options,
        pipeLog((message) => this.#say(message)),
      );
      for (const type of turnEventTypes) {
        relay.on(type, (details) => this.#batches.add({ type, details } as TurnEvent));
      }
      const { listening } = await relay.start();
      this.#relay = relay;
      this.#say({ type: "started", listening });
      setInterval(() => this.#batches.flush(), batchMs).unref();
    } catch (error) {
      this.#say({ type: "failed", failure: failureOf(error) }, () => this.#end(1));
    }
  }

  /** It may have come while the listeners opened. */
  async #certify(tls: PemPair): Promise<void> {
    await this.#starting;
    this.#relay?.replaceCertificate(tls);
  }

  async #stop(drainMs: number): Promise<void> {
    await this.#starting;
    // Nothing started: `failed` ends the process.
    if (this.#relay === undefined && this.#starting !== undefined) return;
    try {
      await this.#relay?.stop(drainMs);
      // Resolves when everything that was said before has left the process too.
      await new Promise<void>((resolve) => {
        this.#batches.flush();
        this.#say({ type: "events", events: [], dropped: 0 }, resolve);
      });
      this.#end(0);
    } catch {
      this.#end(1);
    }
  }

  #say(message: FromRelay, sent: () => void = () => {}): void {
    if (this.#pipe.send === undefined) sent();
    else this.#pipe.send(message, () => sent());
  }
}

function pipeLog(say: (message: FromRelay) => void): TurnLog {
  const at =
    (level: TurnLogLevel) =>
    (fields: object, message: string): void =>
      say({ type: "log", level, fields: plainFields(fields), message });
  return { error: at("error"), warn: at("warn"), info: at("info"), debug: at("debug") };
}

/** Errors have nothing that goes through a pipe by itself. */
function plainFields(fields: object): object {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]: [string, unknown]) =>
      value instanceof Error ? [name, { type: value.name, message: value.message }] : [name, value],
    ),
  );
}
