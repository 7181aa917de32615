import type { Log } from "./ports.ts";

/** A log that keeps nothing: for tests and for whoever embeds the gateway without logs. */
export const silentLog: Log = {
  error() {},
  warn() {},
  info() {},
  debug() {},
  child: () => silentLog,
};
