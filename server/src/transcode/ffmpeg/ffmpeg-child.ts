import { type ChildProcess, spawn } from "node:child_process";
import { setPriority } from "node:os";
import { ProtocolError } from "@millrace/media/error";
import { scrubbedEnvironment } from "../process/child-command.ts";

/** Who hears what an ffmpeg says. */
export interface FfmpegOwner {
  /** @throws ProtocolError when it makes no sense: the process is then killed. */
  output(child: FfmpegChild, bytes: Uint8Array): void;
  /** Once, after the last output; not after `kill`. */
  gone(child: FfmpegChild, lastWords: string): void;
}

const niceness = 5;
const maxLastWords = 2_000;

/** One running ffmpeg that is fed on standard input and answers on standard output. */
export class FfmpegChild {
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;
  #lastWords = "";
  #wanted = true;

  constructor(path: string, args: readonly string[], owner: FfmpegOwner) {
    this.#child = spawn(path, args, {
      stdio: ["pipe", "pipe", "pipe"],
      env: scrubbedEnvironment(),
      windowsHide: true,
      // Ctrl-C reaches the whole group; the gateway decides when this one ends.
      detached: process.platform !== "win32",
    });
    const { pid, stdin, stdout, stderr } = this.#child;
    if (pid !== undefined) lowerPriority(pid);
    stdin?.on("error", () => {});
    stdout?.on("error", () => {});
    stderr?.on("error", () => {});
    stdout?.on("data", (bytes: Buffer) => {
      if (!this.#wanted) return;
      try {
        owner.output(this, bytes);
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        this.#lastWords = error.message;
        this.#child.kill("SIGKILL");
      }
    });
    stderr?.on("data", (bytes: Buffer) => {
      this.#lastWords = (this.#lastWords + bytes.toString("utf8")).slice(-maxLastWords);
    });
    this.ended = new Promise((resolve) => {
      const end = (): void => {
        resolve();
        if (!this.#wanted) return;
        this.#wanted = false;
        owner.gone(this, this.#lastWords.trim());
      };
      this.#child.once("close", end);
      this.#child.once("error", (error) => {
        this.#lastWords = error.message;
        if (pid === undefined) end();
      });
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Bytes that it has not taken yet. */
  get queuedBytes(): number {
    return this.#child.stdin?.writableLength ?? 0;
  }

  feed(bytes: Uint8Array): void {
    if (this.#child.stdin?.writable) this.#child.stdin.write(bytes);
  }

  /** Lets it fall as if it had crashed. */
  crash(): void {
    this.#child.kill("SIGKILL");
  }

  /** Ends it; nothing is heard of it any more. May be called twice. */
  kill(): void {
    this.#wanted = false;
    this.#child.kill("SIGKILL");
  }
}

function lowerPriority(pid: number): void {
  try {
    setPriority(pid, niceness);
  } catch {
    // Not allowed in some containers, and not needed.
  }
}
