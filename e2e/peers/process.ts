import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";

/** A foreign program that a test runs. Its last output is kept for the report of a failure. */
export class Peer {
  readonly process: ChildProcess;
  #tail = "";

  constructor(command: string, args: readonly string[], options: SpawnOptions = {}) {
    this.process = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], ...options });
    // A peer that is gone closes its standard input; that is the test's business, not an error of ours.
    this.process.stdin?.on("error", () => {});
    this.process.stderr?.on("data", (bytes: Buffer) => {
      this.#tail = (this.#tail + bytes.toString()).slice(-4000);
    });
  }

  /** What it said last on standard error. */
  get said(): string {
    return this.#tail;
  }

  get isRunning(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  /** Ends it and waits until it is gone. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    if (!this.isRunning) return;
    const gone = once(this.process, "exit");
    this.process.kill(signal);
    const late = setTimeout(() => this.process.kill("SIGKILL"), 5000);
    await gone;
    clearTimeout(late);
  }
}
