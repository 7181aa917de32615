import { clockReplySchema, type SignalingError, statusReplySchema } from "../protocol/index.ts";
import type { CallSession } from "./call-session.ts";
import { CallTable } from "./call-table.ts";
import type { ClockExchange, ClockOffset } from "./clock-estimator.ts";
import { ClockSync } from "./clock-sync.ts";
import { type ConnectionState, ServerConnection } from "./connection.ts";
import { Emitter } from "./emitter.ts";
import { ObservedStreams, type StreamListener } from "./observed-streams.ts";
import type { SignalingClientOptions } from "./options.ts";
import { dispatchPushed } from "./pushed.ts";
import { SessionTable } from "./session-table.ts";
import type { SignalingSession } from "./signaling-session.ts";

export interface SignalingClientEvents {
  readonly state: ConnectionState;
  /** A new estimate of the server's clock. */
  readonly clock: ClockOffset;
  /** An attempt to connect failed, or the server sent what it may not; the client goes on by itself. */
  readonly error: SignalingError;
}

export interface PublishOptions {
  /** Goes before the client's own. */
  readonly token?: string;
  /** Whoever publishes the stream now gives way; otherwise he stays and this request is refused. */
  readonly takeOver?: boolean;
}

export interface CallOptions {
  /** Goes before the client's own. */
  readonly token?: string;
}

/** Signaling from the browser: one connection that reconnects by itself, any number of sessions, calls and observed streams. */
export class SignalingClient {
  readonly #events = new Emitter<SignalingClientEvents>();
  readonly #sessions: SessionTable;
  readonly #calls: CallTable;
  readonly #observed: ObservedStreams;
  readonly #clock: ClockSync;
  readonly #wallMs: () => number;
  readonly #connection: ServerConnection;
  readonly #client: string | undefined;

  /** Begins to connect at once. @throws TypeError when `url` is no URL. */
  constructor(options: SignalingClientOptions) {
    this.#client = options.client;
    this.#wallMs = options.wallMs ?? (() => performance.timeOrigin + performance.now());
    this.#observed = new ObservedStreams({
      observe: (stream, told) =>
        this.#connection.requestNow("observe", { stream }, statusReplySchema, (reply) =>
          told(reply.stream),
        ),
      unobserve: (stream) => this.#connection.forget("unobserve", { stream }),
    });
    this.#clock = new ClockSync(
      options.clockIntervalMs ?? 30_000,
      () => this.#exchangeClock(),
      (offset) => this.#events.emit("clock", offset),
    );
    this.#connection = new ServerConnection(options, {
      state: (state) => this.#stateChanged(state),
      connected: () => this.#connected(),
      pushed: (event, message) => this.#pushed(event, message),
      failed: (error) => this.#events.emit("error", error),
    });
    this.#sessions = new SessionTable(this.#connection);
    this.#calls = new CallTable(this.#connection);
  }

  get state(): ConnectionState {
    return this.#connection.state;
  }

  /** How the server's wall clock relates to ours; undefined until measured. */
  get clock(): ClockOffset | undefined {
    return this.#clock.offset(this.#wallMs());
  }

  /** Returns how to stop. */
  on<Name extends keyof SignalingClientEvents>(
    name: Name,
    listener: (payload: SignalingClientEvents[Name]) => void,
  ): () => void {
    return this.#events.on(name, listener);
  }

  /** Opens a session to watch a stream. `token` goes before the client's own. @throws SignalingError, such as `STREAM_NOT_FOUND`. */
  watch(stream: string, token?: string): Promise<SignalingSession> {
    const client = this.#client;
    return this.#sessions.open("watch", {
      stream,
      ...(token !== undefined && { token }),
      ...(client !== undefined && { client }),
    });
  }

  /** Opens a session to publish a stream; see `negotiatePublish`. @throws SignalingError, such as `STREAM_BUSY`. */
  publish(stream: string, options: PublishOptions = {}): Promise<SignalingSession> {
    const { token, takeOver } = options;
    return this.#sessions.open("publish", {
      stream,
      ...(token !== undefined && { token }),
      ...(takeOver !== undefined && { takeOver }),
    });
  }

  /** Takes one of the two places in a room for a direct call. @throws SignalingError, such as `ROOM_FULL`. */
  call(room: string, { token }: CallOptions = {}): Promise<CallSession> {
    return this.#calls.open(token === undefined ? { room } : { room, token });
  }

  /**
   * Tells the status of a stream now and at every change, whether it exists yet or not, also after
   * reconnections. Returns how to stop.
   */
  observe(stream: string, listener: StreamListener): () => void {
    return this.#observed.add(stream, listener);
  }

  /** Makes the next attempt to connect at once, when one is waited for: somebody came who does not want to wait. */
  hurry(): void {
    this.#connection.hurry();
  }

  /** Ends all sessions and calls (their `bye` is `CLOSED`), observations and the connection. May be called twice. */
  close(): void {
    if (this.state === "closed") return;
    this.#clock.stop();
    this.#observed.close();
    this.#connection.close();
    this.#sessions.close("CLOSED");
    this.#calls.close("CLOSED");
    this.#events.clear();
  }

  #stateChanged(state: ConnectionState): void {
    if (state !== "connected") {
      this.#observed.disconnected();
      // Told first while it is being made.
      this.#calls?.disconnected();
      this.#clock.stop();
    }
    this.#events.emit("state", state);
  }

  #connected(): void {
    this.#sessions.connected();
    this.#calls.connected();
    this.#observed.connected();
    this.#clock.start();
  }

  #pushed(event: string, message: unknown): void {
    const error = dispatchPushed(event, message, this.#sessions, this.#calls, this.#observed);
    if (error !== undefined) this.#events.emit("error", error);
  }

  async #exchangeClock(): Promise<ClockExchange> {
    const sentMs = this.#wallMs();
    return await this.#connection.requestNow("clock", {}, clockReplySchema, (reply) => ({
      sentMs,
      serverReceivedMs: reply.receivedMs,
      serverSentMs: reply.sentMs,
      receivedMs: this.#wallMs(),
    }));
  }
}
