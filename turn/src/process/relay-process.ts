import { type ChildProcess, fork } from "node:child_process";
import type { PemPair } from "../certificate.ts";
import type { TurnOptions } from "../relay/turn-options.ts";
import type { TurnStats } from "../relay/turn-stats.ts";
import type { ChildCommand } from "./child-command.ts";
import {
  type FromRelay,
  type ToRelay,
  type TurnAddress,
  type TurnEvent,
  type TurnFailure,
  type TurnLog,
  turnLogLevels,
} from "./message.ts";

/** How a relay's process ended. */
export interface RelayExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why its start failed, as it said itself. */
  readonly failure: TurnFailure | undefined;
  /** The last of what it wrote to standard error. */
  readonly lastWords: string;
}

/** Who hears what a relay's process says. */
export interface RelayOwner {
  started(listening: readonly TurnAddress[]): void;
  answered(stats: TurnStats): void;
  events(events: readonly TurnEvent[], dropped: number): void;
  /** Once, after everything else. */
  ended(exit: RelayExit): void;
}

const maxLastWords = 2_000;

/** One process in which a relay runs, seen from its supervisor. */
export class RelayProcess {
  readonly #child: ChildProcess;
  readonly #owner: RelayOwner;
  readonly #log: TurnLog;
  #failure: TurnFailure | undefined;
  #lastWords = "";
  #question = 0;
  #unanswered = 0;
  #ended = false;

  /** Starts the process; `options` go to it by its pipe. */
  constructor(command: ChildCommand, options: TurnOptions, log: TurnLog, owner: RelayOwner) {
    this.#owner = owner;
    this.#log = log;
    const { entry, execArgv, cwd, env } = command;
    this.#child = fork(entry, [], {
      execArgv: [...execArgv],
      cwd,
      env,
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.#child.stderr?.on("data", (bytes: Buffer) => {
      this.#lastWords = (this.#lastWords + bytes.toString("utf8")).slice(-maxLastWords);
    });
    this.#child.stderr?.on("error", () => {});
    this.#child.on("message", (message) => this.#receive(message as FromRelay));
    // A process that never came to be has no end; one that did has said everything at "close".
    this.#child.on("error", (error) => {
      if (this.#child.pid !== undefined) return;
      this.#failure = error;
      this.#end(null, null);
    });
    this.#child.on("close", (code, signal) => this.#end(code, signal));
    this.#say({ type: "start", options });
  }

  /** Undefined when the system refused to start it. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Questions that it has not answered yet. */
  get unanswered(): number {
    return this.#unanswered;
  }

  /** Asks for figures, which `answered` brings; also a sign of life. */
  ask(): void {
    this.#unanswered++;
    this.#say({ type: "ask", question: ++this.#question });
  }

  /** Gives its TLS listeners another certificate. */
  certify(tls: PemPair): void {
    this.#say({ type: "certificate", tls });
  }

  /** Lets it end by itself, after its allocations or `drainMs`. */
  stop(drainMs: number): void {
    this.#say({ type: "stop", drainMs });
  }

  /** Ends it at once. */
  kill(): void {
    this.#child.kill("SIGKILL");
  }

  #say(message: ToRelay): void {
    // The end of the process is told by its exit.
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  #receive(message: FromRelay): void {
    switch (message.type) {
      case "started":
        this.#owner.started(message.listening);
        break;
      case "failed":
        this.#failure = message.failure;
        break;
      case "answer":
        if (message.question === this.#question) this.#unanswered = 0;
        this.#owner.answered(message.stats);
        break;
      case "events":
        if (message.events.length + message.dropped > 0) {
          this.#owner.events(message.events, message.dropped);
        }
        break;
      case "log":
        if (turnLogLevels.includes(message.level)) {
          this.#log[message.level](message.fields, message.message);
        }
        break;
    }
  }

  #end(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#owner.ended({ code, signal, failure: this.#failure, lastWords: this.#lastWords });
  }
}
