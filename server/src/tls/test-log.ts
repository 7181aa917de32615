import type { Log } from "../core/index.ts";

export interface TestLine {
  readonly level: "error" | "warn" | "info" | "debug";
  readonly code: unknown;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** A log whose lines are kept. */
export function testLog(): { readonly log: Log; readonly lines: TestLine[] } {
  const lines: TestLine[] = [];
  const at =
    (level: TestLine["level"]) =>
    (given: object, message: string): void => {
      const fields = given as Record<string, unknown>;
      lines.push({ level, code: fields["code"], fields, message });
    };
  const log: Log = {
    error: at("error"),
    warn: at("warn"),
    info: at("info"),
    debug: at("debug"),
    child: () => log,
  };
  return { log, lines };
}
