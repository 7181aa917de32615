#!/usr/bin/env node
import { readFileSync } from "node:fs";
import pino from "pino";
import { helpText } from "./command/help.ts";
import type { Settings } from "./command/keys.ts";
import { readSettings, SettingsError } from "./command/read-settings.ts";
import { relayOptions } from "./command/relay-options.ts";
import { TurnOptionsError } from "./options.ts";
import { type TurnEvent, type TurnLog, turnEventTypes } from "./process/message.ts";
import { failureOf, TurnStartError } from "./process/start-error.ts";
import { RelayServer } from "./relay/index.ts";
import { systemPorts } from "./relay/relay-ports.ts";

/** How long an end may take beyond the time to drain. */
const forcedEndMs = 3_000;

async function main(args: readonly string[]): Promise<void> {
  const request = readSettings({ args, environment: process.env });
  if (request.type === "help") process.stdout.write(helpText());
  else if (request.type === "version") process.stdout.write(`${version()}\n`);
  else await run(request.settings);
}

function version(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

async function run(settings: Settings): Promise<void> {
  const options = relayOptions(settings);
  const log = jsonLog(settings["log.level"]);
  if (options.allowPeers.length === 0) {
    const message = "turn.allowPeers is empty: relayed browsers reach each other and no gateway";
    log.warn({ code: "TURN_NO_PEERS" }, message);
  }
  const relay = new RelayServer(options, systemPorts(log));
  for (const type of turnEventTypes) {
    relay.on(type, (details: TurnEvent["details"]) => log.debug(details, type));
  }
  endWith(relay, log, settings["shutdown.drainSeconds"] * 1000);
  try {
    const { listening } = await relay.start();
    log.info({ version: version(), addresses: listening }, "listening");
  } catch (error) {
    throw new TurnStartError(failureOf(error));
  }
}

/** Ends the process with the relay: 0 after a signal, 1 after a bug; a second signal ends it at once. */
function endWith(relay: RelayServer, log: TurnLog, drainMs: number): void {
  let ending = false;
  const end = (exitCode: number, code: string, waitMs: number): void => {
    if (ending) process.exit(exitCode === 0 ? 130 : exitCode);
    ending = true;
    log.info({ code, drainMs: waitMs }, "closing");
    setTimeout(() => process.exit(exitCode), waitMs + forcedEndMs).unref();
    relay.stop(waitMs).then(
      () => {
        log.info({ code, stats: relay.stats() }, "closed");
        process.exit(exitCode);
      },
      () => process.exit(1),
    );
  };
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.on(signal, () => end(0, "SERVER_CLOSING", drainMs));
  }
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, (error: unknown) => {
      log.error({ err: error, event }, "a bug: the relay ends");
      end(1, "SERVER_FAILED", 0);
    });
  }
}

/** One JSON object per line on standard output, written before the next one is made. */
function jsonLog(level: string): TurnLog {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ fd: 1, sync: true }),
  );
}

main(process.argv.slice(2)).catch((error: unknown) => {
  if (error instanceof SettingsError || error instanceof TurnOptionsError) {
    const problems = error.problems.map((problem) => `  - ${problem}\n`).join("");
    process.stderr.write(`The configuration is wrong:\n${problems}`);
  } else if (error instanceof TurnStartError) {
    process.stderr.write(`${error.message}\n`);
  } else {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  }
  process.exit(1);
});
