import type { SignalingError, StreamStatus } from "../protocol/index.ts";

/** Who wants to know about a stream. */
export interface StreamListener {
  status(status: StreamStatus): void;
  /** The server will not tell about this stream. */
  refused?(error: SignalingError): void;
}

/** How observations are sent. */
export interface ObserveChannel {
  /** Asks for a stream over the present connection; `told` gets the first status before any later one. */
  observe(stream: string, told: (status: StreamStatus) => void): Promise<void>;
  unobserve(stream: string): void;
}

interface Observed {
  readonly listeners: Set<StreamListener>;
  latest: StreamStatus | undefined;
}

/** The streams that a client observes, asked for again after each reconnection. */
export class ObservedStreams {
  readonly #channel: ObserveChannel;
  readonly #streams = new Map<string, Observed>();
  #connected = false;

  constructor(channel: ObserveChannel) {
    this.#channel = channel;
  }

  /** Returns how to stop. */
  add(stream: string, listener: StreamListener): () => void {
    let observed = this.#streams.get(stream);
    if (observed === undefined) {
      observed = { listeners: new Set(), latest: undefined };
      this.#streams.set(stream, observed);
      observed.listeners.add(listener);
      if (this.#connected) void this.#ask(stream);
    } else {
      observed.listeners.add(listener);
      if (observed.latest !== undefined) listener.status(observed.latest);
    }
    return () => this.#remove(stream, listener);
  }

  connected(): void {
    this.#connected = true;
    for (const stream of this.#streams.keys()) void this.#ask(stream);
  }

  disconnected(): void {
    this.#connected = false;
    // What it was then says nothing to those who come later.
    for (const observed of this.#streams.values()) observed.latest = undefined;
  }

  told(status: StreamStatus): void {
    const observed = this.#streams.get(status.name);
    if (observed === undefined) return;
    observed.latest = status;
    for (const listener of [...observed.listeners]) listener.status(status);
  }

  close(): void {
    this.#streams.clear();
  }

  async #ask(stream: string): Promise<void> {
    try {
      await this.#channel.observe(stream, (status) => this.told(status));
    } catch (error) {
      // Lost with the connection, it is asked again with the next one.
      const refusal = error as SignalingError;
      if (refusal.code === "DISCONNECTED" || refusal.code === "CLOSED") return;
      const listeners = this.#streams.get(stream)?.listeners ?? [];
      this.#streams.delete(stream);
      for (const listener of listeners) listener.refused?.(refusal);
    }
  }

  #remove(stream: string, listener: StreamListener): void {
    const observed = this.#streams.get(stream);
    if (observed === undefined) return;
    observed.listeners.delete(listener);
    if (observed.listeners.size > 0) return;
    this.#streams.delete(stream);
    if (this.#connected) this.#channel.unobserve(stream);
  }
}
