/** What hooks are told of a session's bytes, as far as its transport knows. */
export interface SessionFigures {
  readonly bytesSent?: number;
  readonly bytesReceived?: number;
}

/** Reads them from what the transport tells of a session; one that fails to tell has none. */
export function sessionFigures(info: { stats?(): object }): SessionFigures {
  try {
    const stats = (info.stats?.() ?? {}) as Record<string, unknown>;
    const { bytesSent, bytesReceived } = stats;
    return {
      ...(isBytes(bytesSent) && { bytesSent }),
      ...(isBytes(bytesReceived) && { bytesReceived }),
    };
  } catch {
    // The end of a session is told whatever becomes of its figures.
    return {};
  }
}

function isBytes(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
