import type { StreamStatus } from "@millrace/signaling/session";

const states: ReadonlySet<unknown> = new Set(["live", "waiting", "offline"]);

/**
 * The stream's status from an event of SSE or long-polling: `stream` has the document of the signaling protocol.
 * Undefined for other events and for what cannot be read. A `bye` that says that the stream is over is no status.
 */
export function statusFrom(
  event: unknown,
  data: unknown,
  stream: string,
): StreamStatus | undefined {
  if (event !== "stream" || typeof data !== "object" || data === null) return undefined;
  const { state, tracks, hints } = data as Partial<Record<keyof StreamStatus, unknown>>;
  if (!states.has(state)) return undefined;
  return {
    name: stream,
    state: state as StreamStatus["state"],
    tracks: Array.isArray(tracks) ? (tracks as StreamStatus["tracks"]) : [],
    hints: Array.isArray(hints) ? (hints as StreamStatus["hints"]) : [],
  };
}

/** Why nothing follows, of an event `bye`; undefined for other events. */
export function reasonFrom(event: unknown, data: unknown): string | undefined {
  if (event !== "bye") return undefined;
  const { reason } = (data ?? {}) as { reason?: unknown };
  return typeof reason === "string" ? reason : "CONNECTION_LOST";
}
