import { type ChildProcess, spawn } from "node:child_process";
import type { Duplex } from "node:stream";
import { ProtocolError } from "@millrace/media/error";
import type { Clock, Timer } from "../../core/index.ts";
import type { TranscodeLimits } from "../limits.ts";
import { childCommand } from "./child-command.ts";
import { type Hello, type Message, MessageType, protocolVersion } from "./message.ts";
import { parseHello } from "./message-body.ts";
import { MessageReader } from "./message-reader.ts";

/** How a codec process ended. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** It owed an answer for too long and was killed for it. */
  readonly hung: boolean;
  /** It had said hello. */
  readonly wasReady: boolean;
  /** We told it to end. */
  readonly expected: boolean;
  /** The job whose message it was working on, as far as can be known. */
  readonly suspect: number | undefined;
  /** The last of what it wrote to standard error. */
  readonly lastWords: string;
}

/** Who hears what a codec process says. */
export interface ProcessOwner {
  ready(process: CodecProcess, hello: Hello): void;
  /** @throws ProtocolError when the message makes no sense: the process is then killed. */
  message(process: CodecProcess, message: Message): void;
  /** Once, after the last message was handed out. */
  gone(process: CodecProcess, exit: ProcessExit): void;
}

/** So often within `hangMs` it is checked whether a process made progress. */
export const checksPerHang = 4;
const maxLastWords = 2_000;

/** A child process that transcodes for many jobs, seen from the gateway. */
export class CodecProcess {
  /** Jobs that it works for, with their load. Kept by the owner. */
  readonly jobs: Map<number, number> = new Map();
  readonly #owner: ProcessOwner;
  readonly #child: ChildProcess;
  readonly #pipe: Duplex;
  readonly #reader: MessageReader;
  readonly #ended: Promise<void>;
  /** Jobs of the messages that are to be acknowledged, in order. */
  #owed: number[] = [];
  #owedFrom = 0;
  #progressed = false;
  #stalledChecks = 0;
  #boot: Timer | undefined;
  #ready = false;
  #hung = false;
  #expected = false;
  #broken = false;
  #lastWords = "";

  constructor(owner: ProcessOwner, clock: Clock, limits: TranscodeLimits) {
    this.#owner = owner;
    const maxMessageBytes = limits.maxVideoFrameBytes + 64 * 1024;
    this.#reader = new MessageReader(maxMessageBytes);
    const { command, args, cwd, env } = childCommand(maxMessageBytes);
    this.#child = spawn(command, args, {
      cwd,
      env,
      stdio: ["ignore", "ignore", "pipe", "pipe"],
      windowsHide: true,
    });
    this.#pipe = this.#child.stdio[3] as Duplex;
    this.#pipe.on("data", (bytes: Buffer) => this.#receive(bytes));
    this.#pipe.on("error", () => {});
    this.#child.stderr?.on("data", (bytes: Buffer) => {
      this.#lastWords = (this.#lastWords + bytes.toString("utf8")).slice(-maxLastWords);
    });
    this.#child.stderr?.on("error", () => {});
    const pipeClosed = new Promise<void>((resolve) => this.#pipe.once("close", () => resolve()));
    const exited = new Promise<void>((resolve) => {
      this.#child.once("exit", () => resolve());
      this.#child.once("error", (error) => {
        this.#lastWords = error.message;
        // A process that never came to be has no exit.
        if (this.#child.pid === undefined) resolve();
      });
    });
    void pipeClosed.then(() => this.kill());
    this.#boot = clock.after(limits.bootTimeoutMs, () => this.kill());
    this.#ended = Promise.all([pipeClosed, exited]).then(() => this.#end());
  }

  /** Undefined when the system refused to start it. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  get isReady(): boolean {
    return this.#ready;
  }

  /** Messages that it has not acknowledged yet. */
  get owes(): number {
    return this.#owed.length - this.#owedFrom;
  }

  /** Percent of a core that its jobs take, as estimated. */
  get load(): number {
    let sum = 0;
    for (const load of this.jobs.values()) sum += load;
    return sum;
  }

  /** Sends a message that will be acknowledged. May be called before the process is ready. */
  request(job: number, bytes: Uint8Array): void {
    this.#owed.push(job);
    this.tell(bytes);
  }

  /** Sends a message that is not acknowledged. */
  tell(bytes: Uint8Array): void {
    const pipe = this.#pipe;
    if (!pipe.writable) return;
    if (pipe.writableCorked === 0) {
      pipe.cork();
      process.nextTick(() => pipe.uncork());
    }
    pipe.write(bytes);
  }

  /** To be called `checksPerHang` times in `hangMs`; kills the process when it made no progress in any of them. */
  checkProgress(): void {
    const waits = this.#ready && this.owes > 0;
    if (!waits || this.#progressed) this.#stalledChecks = 0;
    else if (++this.#stalledChecks >= checksPerHang) {
      this.#hung = true;
      this.kill();
    }
    this.#progressed = false;
  }

  /** Ends it at once. */
  kill(): void {
    this.#child.kill("SIGKILL");
  }

  /** Ends it; it has nothing to put in order. Resolves when it is gone. May be called twice. */
  close(): Promise<void> {
    this.#expected = true;
    this.kill();
    return this.#ended;
  }

  #receive(bytes: Buffer): void {
    if (this.#broken) return;
    try {
      this.#reader.receive(bytes);
      for (let message = this.#reader.next(); message; message = this.#reader.next()) {
        this.#handle(message);
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#broken = true;
      this.#lastWords = error.message;
      this.kill();
    }
  }

  #handle(message: Message): void {
    this.#progressed = true;
    if (message.type === MessageType.hello) {
      const hello = parseHello(message.body);
      if (hello.protocol !== protocolVersion || this.#ready) {
        throw new ProtocolError("TRANSCODER_MESSAGE_INVALID", "unexpected hello");
      }
      this.#ready = true;
      this.#boot?.cancel();
      this.#owner.ready(this, hello);
      return;
    }
    if (message.type === MessageType.ack) {
      if (this.#owed[this.#owedFrom] !== message.job) {
        throw new ProtocolError("TRANSCODER_MESSAGE_INVALID", "an acknowledgement out of order");
      }
      this.#owedFrom++;
      if (this.#owedFrom > 256 || this.#owedFrom === this.#owed.length) {
        this.#owed = this.#owed.slice(this.#owedFrom);
        this.#owedFrom = 0;
      }
    }
    this.#owner.message(this, message);
  }

  #end(): void {
    this.#boot?.cancel();
    this.#child.stderr?.destroy();
    this.#owner.gone(this, {
      code: this.#child.exitCode,
      signal: this.#child.signalCode,
      hung: this.#hung,
      wasReady: this.#ready,
      expected: this.#expected,
      suspect: this.#owed[this.#owedFrom],
      lastWords: this.#lastWords.trim(),
    });
  }
}
