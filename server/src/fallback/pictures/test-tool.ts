import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";

/** Whether a tool is there; in CI it has to be. */
export function has(command: string): boolean {
  const found = spawnSync(command, ["-version"], { stdio: "ignore" }).status === 0;
  if (!found && process.env["CI"] === undefined) console.warn(`skipped: no ${command}`);
  return found || process.env["CI"] !== undefined;
}

/** What a tool makes, such as an encoder its bytes. @throws Error when it fails. */
export function make(command: string, args: readonly string[]): Buffer {
  const made = spawnSync(command, args, { maxBuffer: 64 * 1024 * 1024 });
  if (made.status !== 0) throw new Error(`${command} failed: ${made.stderr}`);
  return made.stdout;
}

/**
 * What ffmpeg complained about, but for the one thing it says at the end of every answer that has
 * neither a length nor chunks, Icecast's too.
 */
export function complaints(err: string): string[] {
  const usual =
    /Stream ends prematurely at \d+, should be 18446744073709551615|: Input\/output error$/;
  return err.split("\n").filter((line) => line !== "" && !usual.test(line));
}

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A tool that runs beside the test. */
export class Tool {
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;

  constructor(command: string, args: readonly string[]) {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    let out = "";
    let err = "";
    child.stdout.on("data", (bytes: Buffer) => {
      out += bytes.toString();
    });
    child.stderr.on("data", (bytes: Buffer) => {
      err += bytes.toString();
    });
    this.#child = child;
    this.ended = once(child, "close").then(([code]) => ({ code: code as number | null, out, err }));
  }

  /** May be called twice. */
  async stop(): Promise<void> {
    if (this.#child.exitCode === null) this.#child.kill("SIGKILL");
    await this.ended;
  }
}
