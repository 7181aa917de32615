#!/usr/bin/env node
import { createGateway, type Gateway } from "./app.ts";
import { banner } from "./banner.ts";
import { parseCommand } from "./command.ts";
import { ConfigError, type LoadedConfig, secretsOf } from "./config/index.ts";
import { estimate } from "./estimate.ts";
import { examine } from "./examine.ts";
import { ListenError } from "./listen-error.ts";
import { createLog, type WritingLog } from "./log/index.ts";
import { EgressUnavailableError } from "./rtc/egress/choose-core.ts";
import { makeToken } from "./token-command.ts";
import { version } from "./version.ts";

/** How long an end may take beyond the time to drain before the process is ended anyway. */
const forcedEndMs = 5000;

async function main(args: readonly string[]): Promise<void> {
  const command = parseCommand({ args, environment: process.env });
  if (command.type === "print") process.stdout.write(command.text);
  else if (command.type === "serve") await serve(command.loaded);
  else if (command.type === "capacity") {
    await estimate(command.loaded.config, command.asked, (text) => process.stdout.write(text));
  } else if (command.type === "token") {
    const token = makeToken(command.loaded.config, command.asked, Date.now());
    process.stdout.write(`${token}\n`);
  } else {
    const { config } = command.loaded;
    process.exitCode = await examine(config, command.asked, (text) => process.stdout.write(text));
  }
}

async function serve({ config, file }: LoadedConfig): Promise<void> {
  const log = createLog({ ...config.log, secrets: secretsOf(config) });
  if (file !== undefined) log.info({ file }, "configuration read");
  const gateway = await createGateway(config, { log });
  endWith(gateway, log, config.shutdown.drainSeconds * 1000 + forcedEndMs);
  await gateway.start();
  const facts = { addresses: gateway.addresses(), open: gateway.openness, tls: gateway.tls };
  process.stderr.write(`${banner(version, config, facts)}\n`);
}

/** Ctrl-C reaches us from the terminal and again from npm: only a signal this much later means "at once". */
const impatientMs = 1000;

/** Ends the process with the gateway: 0 after a signal, 1 after a bug; a later second signal ends it at once. */
function endWith(gateway: Gateway, log: WritingLog, limitMs: number): void {
  let endingSinceMs: number | undefined;
  const end = (exitCode: number, reason: string): void => {
    const leave = (code: number): never => {
      log.flush();
      process.exit(code);
    };
    if (endingSinceMs !== undefined) {
      const impatient = performance.now() - endingSinceMs >= impatientMs;
      if (exitCode !== 0) leave(exitCode);
      if (impatient) leave(130);
      return;
    }
    endingSinceMs = performance.now();
    process.exitCode = exitCode;
    setTimeout(() => leave(exitCode), limitMs);
    gateway.close(reason).then(
      () => {
        log.info({ code: reason }, "closed");
        leave(exitCode);
      },
      (error: unknown) => {
        log.error({ err: error }, "closing failed");
        leave(exitCode);
      },
    );
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => end(0, "SERVER_CLOSING"));
  }
  process.on("SIGHUP", () => {
    if (endingSinceMs === undefined && reloads(gateway)) {
      const taken = gateway.tls?.reload();
      log.info({ taken }, "certificates looked at because of SIGHUP");
    } else end(0, "SERVER_CLOSING");
  });
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, (error: unknown) => {
      log.error({ err: error, event }, "a bug: the server ends");
      end(1, "SERVER_FAILED");
    });
  }
}

/** SIGHUP means "read your files again" to a service, and that its terminal is gone to what runs in one. */
function reloads(gateway: Gateway): boolean {
  const inTerminal = process.stdout.isTTY === true || process.stderr.isTTY === true;
  return !inTerminal && (gateway.tls?.facts().length ?? 0) > 0;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  if (error instanceof ConfigError) {
    const problems = error.problems.map((problem) => `  - ${problem}\n`).join("");
    process.stderr.write(`The configuration is wrong:\n${problems}`);
  } else if (error instanceof ListenError || error instanceof EgressUnavailableError) {
    process.stderr.write(`${error.message}\n`);
  } else {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  }
  process.exit(1);
});
