import pino from "pino";
import type { Log } from "../core/ports.ts";
import { standardOutput } from "./output.ts";
import { redactFields, redactText } from "./redact.ts";
import { textLine } from "./text-line.ts";

export type LogLevel = "error" | "warn" | "info" | "debug";

export interface LogOptions {
  readonly level: LogLevel;
  /** `auto` is text on a terminal, else JSON. */
  readonly format: "auto" | "json" | "text";
  /** Texts that must never be written, such as the configured tokens. */
  readonly secrets?: readonly string[];
  /** Receives whole lines instead of standard output. */
  readonly write?: (line: string) => void;
}

/** A log that writes somewhere and can be emptied before the process ends. */
export interface WritingLog extends Log {
  /** Lines so far, by level; those of levels that are not written are not counted. */
  readonly lines: Readonly<Record<LogLevel, number>>;
  /** Returns when everything is written, or after about a second when nobody reads: for the end of the process. */
  flush(): void;
}

/** A log of one JSON object per line (or one readable line), without secrets, and above `debug` without clients' addresses. */
export function createLog(options: LogOptions): WritingLog {
  const text = options.format === "text" || (options.format === "auto" && process.stdout.isTTY);
  const output = options.write === undefined ? standardOutput() : undefined;
  const write = options.write ?? ((line: string): void => output?.write(line));
  const logger = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      // Errors are made plain, and clean, before they come here.
      serializers: { err: (error: unknown) => error },
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: text ? (line: string) => write(textLine(line)) : write },
  );
  const secrets = (options.secrets ?? []).filter((secret) => secret.length >= 4);
  const lines = { error: 0, warn: 0, info: 0, debug: 0 };
  return new PinoLog({ logger, secrets, lines, flush: () => output?.flush() }, {});
}

/** What a log and its children share. */
interface LogParts {
  readonly logger: pino.Logger;
  readonly secrets: readonly string[];
  readonly lines: Record<LogLevel, number>;
  flush(): void;
}

class PinoLog implements WritingLog {
  readonly #parts: LogParts;
  readonly #fields: object;

  constructor(parts: LogParts, fields: object) {
    this.#parts = parts;
    this.#fields = fields;
  }

  get lines(): Readonly<Record<LogLevel, number>> {
    return this.#parts.lines;
  }

  flush(): void {
    this.#parts.flush();
  }

  error(fields: object, message: string): void {
    this.#write("error", fields, message);
  }

  warn(fields: object, message: string): void {
    this.#write("warn", fields, message);
  }

  info(fields: object, message: string): void {
    this.#write("info", fields, message);
  }

  debug(fields: object, message: string): void {
    this.#write("debug", fields, message);
  }

  child(fields: object): Log {
    return new PinoLog(this.#parts, { ...this.#fields, ...fields });
  }

  #write(level: LogLevel, fields: object, message: string): void {
    const { logger, secrets, lines } = this.#parts;
    if (!logger.isLevelEnabled(level)) return;
    lines[level] += 1;
    const options = { secrets, addresses: level === "debug" };
    logger[level](
      redactFields({ ...this.#fields, ...fields }, options),
      redactText(message, options),
    );
  }
}
