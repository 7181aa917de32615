import type { Candidate, Description, IceServer, StreamStatus } from "../protocol/index.ts";
import { Emitter } from "./emitter.ts";

/** What a session tells its owner. */
export interface SessionEvents {
  /** The stream changed, or its capture time is told anew. */
  readonly stream: StreamStatus;
  readonly description: Description;
  readonly candidate: Candidate | null;
  /** The session is over; nothing follows. `reason` is a stable code, such as `SERVER_CLOSING` or `SESSION_NOT_FOUND`. */
  readonly bye: { readonly reason: string };
}

/** How a session sends. Made by `SignalingClient`. */
export interface SessionChannel {
  describe(description: Description): Promise<Description | undefined>;
  candidate(candidate: Candidate | null): Promise<void>;
  leave(): void;
}

/** One peer's conversation with the server. It survives reconnections of the client that opened it. */
export class SignalingSession {
  readonly id: string;
  /** For `RTCConfiguration.iceServers`. The credentials are secret and short-lived. */
  readonly iceServers: readonly IceServer[];
  readonly #channel: SessionChannel;
  readonly #events = new Emitter<SessionEvents>();
  #status: StreamStatus;
  #endReason: string | undefined;

  constructor(
    id: string,
    iceServers: readonly IceServer[],
    status: StreamStatus,
    channel: SessionChannel,
  ) {
    this.id = id;
    this.iceServers = iceServers;
    this.#status = status;
    this.#channel = channel;
  }

  /** The stream as last told. */
  get status(): StreamStatus {
    return this.#status;
  }

  /** Why the session is over; undefined while it lives. */
  get endReason(): string | undefined {
    return this.#endReason;
  }

  /** Returns how to stop. */
  on<Name extends keyof SessionEvents>(
    name: Name,
    listener: (payload: SessionEvents[Name]) => void,
  ): () => void {
    return this.#events.on(name, listener);
  }

  /** Sends a description; gives the answer when it was an offer. @throws SignalingError. */
  describe(description: Description): Promise<Description | undefined> {
    return this.#channel.describe(description);
  }

  /** Sends a candidate, null after the last. @throws SignalingError. */
  candidate(candidate: Candidate | null): Promise<void> {
    return this.#channel.candidate(candidate);
  }

  /** Ends the session; no `bye` follows. May be called twice. */
  leave(): void {
    if (this.#endReason !== undefined) return;
    this.#endReason = "LEFT";
    this.#channel.leave();
    this.#events.clear();
  }

  /** For the client that owns the session: passes on what the server pushed. */
  receive<Name extends keyof SessionEvents>(name: Name, payload: SessionEvents[Name]): void {
    if (this.#endReason !== undefined) return;
    if (name === "stream") this.#status = payload as StreamStatus;
    if (name === "bye") this.#endReason = (payload as SessionEvents["bye"]).reason;
    this.#events.emit(name, payload);
    if (name === "bye") this.#events.clear();
  }
}
