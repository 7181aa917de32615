import { io, type Socket } from "socket.io-client";
import type * as z from "zod/mini";
import {
  type ClientEvent,
  emptyReplySchema,
  parseReply,
  SignalingError,
  signalNamespace,
} from "../protocol/index.ts";
import { Backoff } from "./backoff.ts";
import { type SignalingClientOptions, serverAddress, type TokenSource } from "./options.ts";

/** `waiting`: the next attempt to connect comes after a while, or when the network returns. */
export type ConnectionState = "connecting" | "connected" | "waiting" | "closed";

/** What the owner of a connection is told. */
export interface ConnectionHooks {
  state(state: ConnectionState): void;
  /** Connected, for the first time or again. What is sent from here goes out before requests that waited. */
  connected(): void;
  /** The server pushed something, not checked yet. */
  pushed(event: string, message: unknown): void;
  /** An attempt to connect failed, or the server ended the connection. */
  failed(error: SignalingError): void;
}

interface Waiter {
  connected(): void;
  failed(error: SignalingError): void;
}

const lost = Symbol("lost");

/**
 * A socket.io connection that comes back by itself: with back-off and jitter after any kind of loss, at once
 * when the browser reports the network, and over long-polling where WebSocket is blocked.
 */
export class ServerConnection {
  readonly #hooks: ConnectionHooks;
  readonly #socket: Socket;
  readonly #backoff: Backoff;
  readonly #requestTimeoutMs: number;
  readonly #waiters = new Set<Waiter>();
  readonly #online = (): void => this.#attempt();
  #retry: ReturnType<typeof setTimeout> | undefined;
  #state: ConnectionState = "waiting";

  /** Begins to connect at once. */
  constructor(options: SignalingClientOptions, hooks: ConnectionHooks) {
    const { namespaceUrl, path } = serverAddress(options.url, signalNamespace, options.path);
    this.#hooks = hooks;
    this.#backoff = new Backoff(options.reconnectMinMs ?? 300, options.reconnectMaxMs ?? 10_000);
    this.#requestTimeoutMs = options.requestTimeoutMs ?? 8000;
    this.#socket = io(namespaceUrl, {
      path,
      transports: [...(options.transports ?? ["websocket", "polling"])],
      tryAllTransports: true,
      timeout: options.connectTimeoutMs ?? 4000,
      auth: (give) => void this.#handshake(options.token).then(give),
      forceNew: true,
      autoConnect: false,
      reconnection: false,
    });
    this.#socket.on("connect", () => this.#connected());
    this.#socket.on("connect_error", (error) => this.#connectFailed(error));
    this.#socket.on("disconnect", (reason) => {
      if (reason === "io server disconnect") {
        hooks.failed(new SignalingError("DISCONNECTED", "The server ended the connection."));
      }
      this.#reconnect();
    });
    this.#socket.onAny((event: string, message: unknown) => hooks.pushed(event, message));
    globalThis.addEventListener?.("online", this.#online);
    this.#attempt();
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /**
   * Sends a request, when connected, and gives what the reply holds; sends it again when the connection breaks
   * in between. `accept` sees the reply before any later message of the server.
   * @throws SignalingError with the server's code, `TIMEOUT`, `CLOSED`, `PROTOCOL_VIOLATION`.
   */
  async request<Success extends object, Result = Success>(
    event: ClientEvent,
    message: object,
    schema: z.ZodMiniType<Success>,
    accept: (success: Success) => Result,
  ): Promise<Result> {
    const deadlineMs = performance.now() + this.#requestTimeoutMs;
    for (;;) {
      await this.#whenConnected(deadlineMs);
      const result = await this.#exchange(event, message, schema, accept, deadlineMs);
      if (result !== lost) return result;
    }
  }

  /** As `request`, but only over the present connection. @throws SignalingError also `DISCONNECTED`. */
  async requestNow<Success extends object, Result = Success>(
    event: ClientEvent,
    message: object,
    schema: z.ZodMiniType<Success>,
    accept: (success: Success) => Result,
  ): Promise<Result> {
    const deadlineMs = performance.now() + this.#requestTimeoutMs;
    const result =
      this.#state === "connected"
        ? await this.#exchange(event, message, schema, accept, deadlineMs)
        : lost;
    if (result === lost) throw new SignalingError("DISCONNECTED", "The connection is lost.");
    return result;
  }

  /** Sends what needs no answer; without a connection the server finds out by itself. */
  forget(event: ClientEvent, message: object): void {
    this.requestNow(event, message, emptyReplySchema, () => {}).catch(() => {});
  }

  /** Does not wait for the next attempt to connect. */
  hurry(): void {
    this.#attempt();
  }

  /** Ends the connection for good; the server ends its sessions at once. May be called twice. */
  close(): void {
    if (this.#state === "closed") return;
    globalThis.removeEventListener?.("online", this.#online);
    clearTimeout(this.#retry);
    this.#enter("closed");
    this.#socket.disconnect();
    this.#socket.removeAllListeners();
    this.#socket.offAny();
    for (const waiter of [...this.#waiters]) waiter.failed(closedError());
  }

  #attempt(): void {
    if (this.#state !== "waiting") return;
    clearTimeout(this.#retry);
    this.#enter("connecting");
    this.#socket.connect();
  }

  #connected(): void {
    this.#backoff.reset();
    this.#enter("connected");
    this.#hooks.connected();
    for (const waiter of [...this.#waiters]) waiter.connected();
  }

  #connectFailed(error: Error): void {
    // A network that swallows WebSocket never says so; from now on long-polling goes first and upgrades when it can.
    const { opts } = this.#socket.io;
    if (error.message === "timeout") opts.transports?.sort((a) => (a === "polling" ? -1 : 1));
    const code = /^[A-Z][A-Z_]+$/.test(error.message) ? error.message : "CONNECT_FAILED";
    this.#hooks.failed(new SignalingError(code, `No connection: ${error.message}`));
    this.#reconnect();
  }

  #reconnect(): void {
    if (this.#state === "closed" || this.#state === "waiting") return;
    this.#enter("waiting");
    this.#retry = setTimeout(() => this.#attempt(), this.#backoff.next());
  }

  async #handshake(source: TokenSource | undefined): Promise<{ token?: string }> {
    try {
      const token = typeof source === "function" ? await source() : source;
      return token === undefined ? {} : { token };
    } catch {
      this.#hooks.failed(new SignalingError("TOKEN_FAILED", "The token could not be had."));
      return {};
    }
  }

  #whenConnected(deadlineMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#state === "closed") return reject(closedError());
      if (this.#state === "connected") return resolve();
      const done = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
      };
      const waiter: Waiter = {
        connected() {
          done();
          resolve();
        },
        failed(error) {
          done();
          reject(error);
        },
      };
      this.#waiters.add(waiter);
      const timer = setTimeout(
        () => waiter.failed(timeoutError()),
        Math.max(0, deadlineMs - performance.now()),
      );
    });
  }

  #exchange<Success extends object, Result>(
    event: ClientEvent,
    message: object,
    schema: z.ZodMiniType<Success>,
    accept: (success: Success) => Result,
    deadlineMs: number,
  ): Promise<Result | typeof lost> {
    const socket = this.#socket;
    return new Promise((resolve, reject) => {
      const acknowledge = (error: Error | null, reply: unknown): void => {
        try {
          if (error === null) resolve(accept(parseReply(schema, reply)));
          else if (!socket.connected) resolve(lost);
          else throw timeoutError();
        } catch (failure) {
          reject(failure);
        }
      };
      const leftMs = Math.max(1, Math.ceil(deadlineMs - performance.now()));
      socket.timeout(leftMs).emit(event, message, acknowledge);
    });
  }

  #enter(state: ConnectionState): void {
    this.#state = state;
    this.#hooks.state(state);
  }
}

function timeoutError(): SignalingError {
  return new SignalingError("TIMEOUT", "The server did not answer in time.");
}

function closedError(): SignalingError {
  return new SignalingError("CLOSED", "The signaling client is closed.");
}
