/** Takes log lines; a gateway's log will do. */
export type RelayLog = Readonly<
  Record<"error" | "warn" | "info" | "debug", (fields: object, message: string) => void>
>;

/** What a relay needs of its surroundings; tests give their own time. */
export interface RelayPorts {
  /** Milliseconds since 1970, for expiry of credentials and nonces. */
  wallMs(): number;
  /** Milliseconds that never jump. */
  nowMs(): number;
  /** Calls `work` about every `periodMs` until the returned function is called. */
  every(periodMs: number, work: () => void): () => void;
  readonly log: RelayLog;
}

/** The machine's own clocks. The timer does not keep a process alive. */
export function systemPorts(log: RelayLog): RelayPorts {
  return {
    wallMs: () => Date.now(),
    nowMs: () => performance.now(),
    every: (periodMs, work) => {
      const timer = setInterval(work, periodMs);
      timer.unref();
      return () => clearInterval(timer);
    },
    log,
  };
}
