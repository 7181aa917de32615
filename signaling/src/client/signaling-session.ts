import type {
  Candidate,
  Description,
  IceServer,
  LayerPreference,
  StreamStatus,
} from "../protocol/index.ts";
import { Emitter } from "./emitter.ts";
import type { NegotiationEvents } from "./negotiate.ts";
import { PreferenceSender } from "./preference-sender.ts";

/** What a session tells its owner. `bye` has a reason such as `SERVER_CLOSING` or `SESSION_NOT_FOUND`. */
export interface SessionEvents extends NegotiationEvents {
  /** The stream changed, or its capture time is told anew. */
  readonly stream: StreamStatus;
  /** Viewers of a simulcast stream: the layer shown from now on; null: none. */
  readonly layer: string | null;
}

/** How a session sends. Made by `SignalingClient`. */
export interface SessionChannel {
  describe(description: Description): Promise<Description | undefined>;
  candidate(candidate: Candidate | null): Promise<void>;
  prefer(preference: LayerPreference): Promise<void>;
  leave(): void;
}

/** One peer's conversation with the server. It survives reconnections of the client that opened it. */
export class SignalingSession {
  readonly id: string;
  /** For `RTCConfiguration.iceServers`. The credentials are secret and short-lived. */
  readonly iceServers: readonly IceServer[];
  readonly #channel: SessionChannel;
  readonly #events = new Emitter<SessionEvents>();
  readonly #preferences: PreferenceSender;
  #layer: string | null = null;
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
    this.#preferences = new PreferenceSender((preference) => channel.prefer(preference));
  }

  /** The stream as last told. */
  get status(): StreamStatus {
    return this.#status;
  }

  /** The layer shown, as last told; null: none, or not told yet. */
  get layer(): string | null {
    return this.#layer;
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

  /**
   * Viewers: which layer suits. A member that is absent leaves that wish as it is. May be called as often as
   * the picture's size changes: the latest is sent, a few times a second at most.
   */
  prefer(preference: LayerPreference): void {
    if (this.#endReason === undefined) this.#preferences.prefer(preference);
  }

  /** Ends the session; no `bye` follows. May be called twice. */
  leave(): void {
    if (this.#endReason !== undefined) return;
    this.#endReason = "LEFT";
    this.#preferences.close();
    this.#channel.leave();
    this.#events.clear();
  }

  /** For the client that owns the session: passes on what the server pushed. */
  receive<Name extends keyof SessionEvents>(name: Name, payload: SessionEvents[Name]): void {
    if (this.#endReason !== undefined) return;
    if (name === "stream") this.#status = payload as StreamStatus;
    if (name === "layer") this.#layer = payload as string | null;
    if (name === "bye") this.#endReason = (payload as SessionEvents["bye"]).reason;
    this.#events.emit(name, payload);
    if (name !== "bye") return;
    this.#preferences.close();
    this.#events.clear();
  }
}
