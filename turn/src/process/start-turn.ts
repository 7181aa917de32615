import { type PemPair, readCertificate } from "../certificate.ts";
import type { TurnOptions } from "../relay/turn-options.ts";
import type { TurnStats } from "../relay/turn-stats.ts";
import { type ChildCommand, childCommand } from "./child-command.ts";
import type { TurnAddress, TurnEvent, TurnLog } from "./message.ts";
import { type RelayExit, RelayProcess } from "./relay-process.ts";
import { TurnStartError } from "./start-error.ts";

/** What a supervisor of a relay waits for. Milliseconds. */
export interface TurnSupervision {
  /** A process that has not opened its ports after it is ended. */
  readonly startTimeoutMs: number;
  /** So often a process is asked whether it lives. */
  readonly checkMs: number;
  /** A process that owes so many answers is ended. */
  readonly maxUnanswered: number;
  /** Before the first restart; doubled each time. */
  readonly firstRestartMs: number;
  readonly maxRestartMs: number;
  /** A process that lived so long counts as sound: the next restart comes soon again. */
  readonly soundAfterMs: number;
  /** How long an end may take beyond the time to drain. */
  readonly stopTimeoutMs: number;
}

export const defaultTurnSupervision: TurnSupervision = {
  startTimeoutMs: 60_000,
  checkMs: 3_000,
  maxUnanswered: 4,
  firstRestartMs: 250,
  maxRestartMs: 30_000,
  soundAfterMs: 60_000,
  stopTimeoutMs: 3_000,
};

/** What a relay needs of whoever starts it. */
export interface TurnPorts {
  readonly log: TurnLog;
  /** Told what happened, in batches; `dropped` more were left out because there were too many. */
  readonly onEvents?: (events: readonly TurnEvent[], dropped: number) => void;
  readonly supervision?: Partial<TurnSupervision>;
  /** What to run in the place of the relay, for tests. */
  readonly command?: ChildCommand;
}

/** Figures of a relay. */
export interface TurnRelayStats {
  /** How often its process was replaced. */
  readonly restarts: number;
  /** As its process last told; its counters begin anew when it is replaced. Undefined before the first answer. */
  readonly relay: TurnStats | undefined;
}

/** A relay that runs in a process of its own. */
export interface TurnRelay {
  /** Where it listens. Port numbers stay when its process is replaced. */
  readonly addresses: readonly TurnAddress[];
  /** Of its process now; undefined while it is being replaced. */
  readonly pid: number | undefined;
  /** As of a few seconds ago at most, while its process is well. */
  stats(): TurnRelayStats;
  /** From now on handshakes show this certificate; connections stay. @throws CertificateError */
  replaceCertificate(tls: PemPair): void;
  /**
   * Takes no new allocations, waits up to `drainMs` (default 0) until those that are there are given back, and ends the
   * process. Resolves when it is gone. May be called twice.
   */
  close(reason?: string, drainMs?: number): Promise<void>;
}

/**
 * Starts the relay in a child process, which is replaced when it crashes or hangs.
 * @throws TurnStartError when it cannot listen, or does not come up; nothing is left open then.
 */
export async function startTurn(options: TurnOptions, ports: TurnPorts): Promise<TurnRelay> {
  const relay = new SupervisedRelay(options, ports);
  await relay.opened;
  return relay;
}

class SupervisedRelay implements TurnRelay {
  readonly opened: Promise<void>;
  readonly #ports: TurnPorts;
  readonly #times: TurnSupervision;
  readonly #command: ChildCommand;
  #options: TurnOptions;
  #process: RelayProcess | undefined;
  #addresses: readonly TurnAddress[] | undefined;
  #stats: TurnStats | undefined;
  #restarts = 0;
  #restartMs: number;
  #startedMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #settle: { resolve(): void; reject(error: Error): void } | undefined;
  #closing: Promise<void> | undefined;
  #gone: (() => void) | undefined;

  constructor(options: TurnOptions, ports: TurnPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#times = { ...defaultTurnSupervision, ...ports.supervision };
    this.#command = ports.command ?? childCommand();
    this.#restartMs = this.#times.firstRestartMs;
    this.opened = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.#launch();
  }

  get addresses(): readonly TurnAddress[] {
    return this.#addresses ?? [];
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  stats(): TurnRelayStats {
    return { restarts: this.#restarts, relay: this.#stats };
  }

  replaceCertificate(tls: PemPair): void {
    readCertificate(tls);
    // A process that starts later begins with it.
    this.#options = { ...this.#options, tls };
    this.#process?.certify(tls);
  }

  close(reason = "CLOSED", drainMs = 0): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      const process = this.#process;
      this.#wait(undefined);
      if (process === undefined) return resolve();
      this.#gone = resolve;
      this.#ports.log.debug({ code: reason, drainMs }, "TURN closing");
      process.stop(drainMs);
      this.#wait(drainMs + this.#times.stopTimeoutMs, () => process.kill());
    });
    return this.#closing;
  }

  #launch(): void {
    this.#startedMs = undefined;
    const process = new RelayProcess(this.#command, this.#options, this.#ports.log, {
      started: (listening) => this.#started(listening),
      answered: (stats) => {
        this.#stats = stats;
      },
      events: (events, dropped) => this.#ports.onEvents?.(events, dropped),
      ended: (exit) => this.#ended(exit),
    });
    this.#process = process;
    this.#wait(this.#times.startTimeoutMs, () => process.kill());
  }

  #started(listening: readonly TurnAddress[]): void {
    if (this.#closing !== undefined) return;
    this.#startedMs = performance.now();
    if (this.#addresses === undefined) {
      this.#addresses = listening;
      this.#options = withPorts(this.#options, listening);
    } else {
      this.#ports.log.info({ restarts: this.#restarts }, "TURN is back");
    }
    this.#settle?.resolve();
    this.#settle = undefined;
    this.#check();
  }

  /** Asks the process for figures again and again; one that is silent hangs. */
  #check(): void {
    const process = this.#process;
    if (process === undefined) return;
    if (process.unanswered >= this.#times.maxUnanswered) {
      this.#ports.log.error({ code: "TURN_HUNG" }, "the TURN process does not answer");
      process.kill();
      return;
    }
    process.ask();
    this.#wait(this.#times.checkMs, () => this.#check());
  }

  #ended(exit: RelayExit): void {
    this.#process = undefined;
    this.#wait(undefined);
    if (this.#closing !== undefined) {
      this.#settle?.reject(new TurnStartError({ message: "closed while it started" }));
      this.#gone?.();
      return;
    }
    if (this.#settle !== undefined) {
      const message = exit.lastWords.trim() || "its process did not come up in time";
      this.#settle.reject(new TurnStartError(exit.failure ?? { message }));
      return;
    }
    const sound =
      this.#startedMs !== undefined &&
      performance.now() - this.#startedMs >= this.#times.soundAfterMs;
    if (sound) this.#restartMs = this.#times.firstRestartMs;
    const inMs = this.#restartMs;
    const { code: exitCode, signal, failure, lastWords } = exit;
    this.#ports.log.error(
      { code: "TURN_CRASHED", exitCode, signal, failure, lastWords, inMs },
      "the TURN process ended by itself; it is started again",
    );
    this.#restartMs = Math.min(inMs * 2, this.#times.maxRestartMs);
    this.#wait(inMs, () => {
      this.#restarts++;
      this.#launch();
    });
  }

  /** There is one thing to wait for at a time. */
  #wait(delayMs: number | undefined, then: () => void = () => {}): void {
    clearTimeout(this.#timer);
    this.#timer = delayMs === undefined ? undefined : setTimeout(then, delayMs);
    this.#timer?.unref();
  }
}

/** The options with the port numbers that the system chose where 0 was asked for. */
function withPorts(options: TurnOptions, listening: readonly TurnAddress[]): TurnOptions {
  const wildcards = ["*", "::", "0.0.0.0"];
  return {
    ...options,
    listen: options.listen.map((wanted) => {
      if (wanted.port !== 0) return wanted;
      const same = listening.filter(({ protocol }) => protocol === wanted.protocol);
      const bound =
        same.find(({ host }) => host === wanted.host) ??
        same.find(({ host }) => wanted.host === "*" && wildcards.includes(host)) ??
        same[0];
      return { ...wanted, port: bound?.port ?? 0 };
    }),
  };
}
