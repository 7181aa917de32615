import type * as z from "zod/mini";
import {
  byeSchema,
  candidateMessageSchema,
  clockReplySchema,
  descriptionMessageSchema,
  descriptionReplySchema,
  emptyReplySchema,
  type Opened,
  openedSchema,
  type ServerEvent,
  SignalingError,
  statusReplySchema,
  streamMessageSchema,
} from "../protocol/index.ts";
import type { ClockExchange, ClockOffset } from "./clock-estimator.ts";
import { ClockSync } from "./clock-sync.ts";
import { type ConnectionState, ServerConnection } from "./connection.ts";
import { Emitter } from "./emitter.ts";
import { ObservedStreams, type StreamListener } from "./observed-streams.ts";
import type { SignalingClientOptions } from "./options.ts";
import { SignalingSession } from "./signaling-session.ts";

export interface SignalingClientEvents {
  readonly state: ConnectionState;
  /** A new estimate of the server's clock. */
  readonly clock: ClockOffset;
  /** An attempt to connect failed, or the server sent what it may not; the client goes on by itself. */
  readonly error: SignalingError;
}

interface OpenSession {
  readonly session: SignalingSession;
  readonly resume: string;
}

/** Signaling from the browser: one connection that reconnects by itself, any number of sessions and observed streams. */
export class SignalingClient {
  readonly #events = new Emitter<SignalingClientEvents>();
  readonly #sessions = new Map<string, OpenSession>();
  readonly #observed: ObservedStreams;
  readonly #clock: ClockSync;
  readonly #wallMs: () => number;
  readonly #connection: ServerConnection;

  /** Begins to connect at once. @throws TypeError when `url` is no URL. */
  constructor(options: SignalingClientOptions) {
    this.#wallMs = options.wallMs ?? (() => performance.timeOrigin + performance.now());
    this.#observed = new ObservedStreams({
      observe: (stream, told) =>
        this.#connection.requestNow("observe", { stream }, statusReplySchema, (reply) =>
          told(reply.stream),
        ),
      unobserve: (stream) => this.#forget("unobserve", { stream }),
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
    return this.#open("watch", stream, token);
  }

  /** Opens a session to publish a stream. @throws SignalingError. */
  publish(stream: string, token?: string): Promise<SignalingSession> {
    return this.#open("publish", stream, token);
  }

  /**
   * Tells the status of a stream now and at every change, whether it exists yet or not, also after
   * reconnections. Returns how to stop.
   */
  observe(stream: string, listener: StreamListener): () => void {
    return this.#observed.add(stream, listener);
  }

  /** Ends all sessions (their `bye` is `CLOSED`), observations and the connection. May be called twice. */
  close(): void {
    if (this.state === "closed") return;
    this.#clock.stop();
    this.#observed.close();
    this.#connection.close();
    for (const id of [...this.#sessions.keys()]) this.#end(id, "CLOSED");
    this.#events.clear();
  }

  #open(
    action: "watch" | "publish",
    stream: string,
    token: string | undefined,
  ): Promise<SignalingSession> {
    const message = token === undefined ? { stream } : { stream, token };
    return this.#connection.request(action, message, openedSchema, (opened) => this.#begin(opened));
  }

  #begin(opened: Opened): SignalingSession {
    const id = opened.session;
    const connection = this.#connection;
    const session = new SignalingSession(id, opened.iceServers, opened.stream, {
      describe: (description) =>
        connection.request(
          "description",
          { session: id, description },
          descriptionReplySchema,
          (reply) => reply.description,
        ),
      candidate: (candidate) =>
        connection.request("candidate", { session: id, candidate }, emptyReplySchema, () => {}),
      leave: () => {
        this.#sessions.delete(id);
        this.#forget("leave", { session: id });
      },
    });
    this.#sessions.set(id, { session, resume: opened.resume });
    return session;
  }

  #stateChanged(state: ConnectionState): void {
    if (state !== "connected") {
      this.#observed.disconnected();
      this.#clock.stop();
    }
    this.#events.emit("state", state);
  }

  #connected(): void {
    for (const [id, { resume }] of this.#sessions) {
      this.#connection
        .requestNow("resume", { session: id, resume }, statusReplySchema, ({ stream }) =>
          this.#sessions.get(id)?.session.receive("stream", stream),
        )
        .catch((error: SignalingError) => {
          // Lost again: the next connection tries again.
          if (error.code !== "DISCONNECTED" && error.code !== "CLOSED") this.#end(id, error.code);
        });
    }
    this.#observed.connected();
    this.#clock.start();
  }

  #pushed(event: string, message: unknown): void {
    switch (event) {
      case "stream":
        this.#check(event, streamMessageSchema, message, ({ session, stream }) => {
          if (session === undefined) this.#observed.told(stream);
          else this.#sessions.get(session)?.session.receive("stream", stream);
        });
        break;
      case "description":
        this.#check(event, descriptionMessageSchema, message, ({ session, description }) =>
          this.#sessions.get(session)?.session.receive("description", description),
        );
        break;
      case "candidate":
        this.#check(event, candidateMessageSchema, message, ({ session, candidate }) =>
          this.#sessions.get(session)?.session.receive("candidate", candidate),
        );
        break;
      case "bye":
        this.#check(event, byeSchema, message, ({ session, reason }) => this.#end(session, reason));
        break;
    }
  }

  #check<Message>(
    event: ServerEvent,
    schema: z.ZodMiniType<Message>,
    message: unknown,
    use: (message: Message) => void,
  ): void {
    const checked = schema.safeParse(message);
    if (checked.success) use(checked.data);
    else {
      const text = `The server's "${event}" is malformed.`;
      this.#events.emit("error", new SignalingError("PROTOCOL_VIOLATION", text));
    }
  }

  #end(id: string, reason: string): void {
    const open = this.#sessions.get(id);
    this.#sessions.delete(id);
    open?.session.receive("bye", { reason });
  }

  /** Sends what needs no answer; without a connection the server finds out by itself. */
  #forget(event: "leave" | "unobserve", message: object): void {
    this.#connection.requestNow(event, message, emptyReplySchema, () => {}).catch(() => {});
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
