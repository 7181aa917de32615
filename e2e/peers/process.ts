import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

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

/** A TCP port of loopback that nobody has at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Waits until a program accepts connections there. Rejects when it ends or takes 20 s. */
export async function awaitListener(peer: Peer, port: number): Promise<void> {
  for (const untilMs = performance.now() + 20_000; performance.now() < untilMs; ) {
    if (!peer.isRunning) break;
    const socket = connect(port, "127.0.0.1");
    const there = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    });
    socket.destroy();
    if (there) return;
    await sleep(50);
  }
  throw new Error(`${peer.process.spawnfile} does not listen on ${port}: ${peer.said}`);
}
