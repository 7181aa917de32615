import type { Log } from "../core/ports.ts";
import { redactFields, redactText } from "./redact.ts";

type Level = "error" | "warn" | "info" | "debug";

/** A logger that somebody else made; pino's and the console are such. */
export type LogTarget = {
  readonly [L in Level]: (fields: object, message: string) => void;
} & {
  /** Spares lines that nobody wants. */
  isLevelEnabled?(level: string): boolean;
};

/** A log that writes into somebody else's: without secrets, and above `debug` without clients' addresses. */
export function logInto(target: LogTarget, secrets: readonly string[] = []): Log {
  const known = secrets.filter((secret) => secret.length >= 4);
  const make = (fixed: object): Log => {
    const write =
      (level: Level) =>
      (fields: object, message: string): void => {
        if (target.isLevelEnabled?.(level) === false) return;
        const options = { secrets: known, addresses: level === "debug" };
        target[level](redactFields({ ...fixed, ...fields }, options), redactText(message, options));
      };
    return {
      error: write("error"),
      warn: write("warn"),
      info: write("info"),
      debug: write("debug"),
      child: (fields) => make({ ...fixed, ...fields }),
    };
  };
  return make({});
}
