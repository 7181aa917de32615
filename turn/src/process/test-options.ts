import type { TurnOptions } from "../relay/turn-options.ts";
import type { TurnLog, TurnLogLevel } from "./message.ts";

/** One line of a test's log. */
export interface LogLine {
  readonly level: TurnLogLevel;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** A log that is kept; `logged` waits for the first line with a message. */
export function testLog(): {
  readonly log: TurnLog;
  readonly lines: readonly LogLine[];
  logged(message: string): Promise<LogLine>;
} {
  const lines: LogLine[] = [];
  const waiting = new Set<() => void>();
  const at =
    (level: TurnLogLevel) =>
    (fields: object, message: string): void => {
      lines.push({ level, fields: fields as Record<string, unknown>, message });
      for (const look of waiting) look();
    };
  return {
    log: { error: at("error"), warn: at("warn"), info: at("info"), debug: at("debug") },
    lines,
    logged: (message) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = lines.find((line) => line.message === message);
          if (found !== undefined) resolve(found);
        };
        waiting.add(look);
        look();
      }),
  };
}

/** Options of a relay on a free UDP port of 127.0.0.1. */
export function testTurnOptions(change: Partial<TurnOptions> = {}): TurnOptions {
  return {
    realm: "millrace",
    secrets: ["a-test-secret"],
    users: [],
    listen: [{ protocol: "udp", host: "127.0.0.1", port: 0 }],
    relayHosts: ["127.0.0.1"],
    announcedIps: [],
    minPort: 61_000,
    maxPort: 65_535,
    media: [],
    allowPeers: [],
    limits: {},
    ...change,
  };
}
