import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import type { TurnOptions } from "../relay/turn-options.ts";
import type { AllocationEvent, TurnStats } from "../relay/turn-stats.ts";
import type { TurnAddress, TurnEvent, TurnEventType, TurnLog } from "./message.ts";
import { type ServedRelay, serveRelay } from "./serve-relay.ts";

// A stand-in for the relay: opens its UDP port, tells what it was given, and does what the realm says.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});

class FakeRelay implements ServedRelay {
  readonly #options: TurnOptions;
  readonly #log: TurnLog;
  readonly #sockets: Socket[] = [];
  readonly #listeners = new Map<TurnEventType, (details: TurnEvent["details"]) => void>();

  constructor(options: TurnOptions, log: TurnLog) {
    this.#options = options;
    this.#log = log;
  }

  on(type: TurnEventType, listener: (details: TurnEvent["details"]) => void): void {
    this.#listeners.set(type, listener);
  }

  async start(): Promise<{ readonly listening: readonly TurnAddress[] }> {
    if (this.#options.realm === "throws") throw new TypeError("planted fault");
    if (this.#options.realm === "never") await new Promise(() => setInterval(() => {}, 1000));
    const listening: TurnAddress[] = [];
    for (const { protocol, host, port } of this.#options.listen) {
      const socket = createSocket("udp4").bind(port, host);
      await once(socket, "listening");
      this.#sockets.push(socket);
      socket.on("message", () => {
        throw new Error("planted crash");
      });
      listening.push({ protocol, host, port: socket.address().port });
    }
    this.#log.warn({ err: new RangeError("odd") }, "opened");
    const { argv, env } = process;
    this.#tell("allocated", { id: "1", user: JSON.stringify([argv, env]) });
    return { listening };
  }

  async stop(drainMs = 0): Promise<void> {
    if (this.#options.realm === "stuck") await new Promise(() => setInterval(() => {}, 1000));
    this.#tell("released", { id: "1", lifetimeSeconds: drainMs });
    for (const socket of this.#sockets) socket.close();
  }

  #tell(type: TurnEventType, details: Partial<AllocationEvent>): void {
    this.#listeners.get(type)?.(details as AllocationEvent);
  }

  replaceCertificate(): void {}

  stats(): TurnStats {
    return { secrets: this.#options.secrets.length } as unknown as TurnStats;
  }
}

serveRelay(
  process,
  (options, log) => new FakeRelay(options, log),
  (exitCode) => process.exit(exitCode),
);
