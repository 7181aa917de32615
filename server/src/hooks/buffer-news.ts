import type { Stream, StreamChange, StreamHealth } from "../core/index.ts";

/**
 * What is new about the buffers of streams. Core does not say that a buffer is empty where the stream has lost its
 * publisher, which says as much; whoever follows buffers alone must be told.
 */
export class BufferNews {
  readonly #fed = new WeakSet<Stream>();

  /** Undefined: nothing. */
  of(stream: Stream, change: StreamChange): StreamHealth | undefined {
    if (change.type === "buffer") {
      const { health } = change;
      if (health.buffer !== "EMPTY") this.#fed.add(stream);
      else if (!this.#fed.delete(stream)) return undefined;
      return health;
    }
    const isOver = change.type === "state" && change.state !== "live";
    return isOver && this.#fed.delete(stream) ? { ...stream.health, buffer: "EMPTY" } : undefined;
  }
}
