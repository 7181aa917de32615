import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Config } from "./config/index.ts";
import { silentLog, systemClock } from "./core/index.ts";
import {
  type DoctorArguments,
  type DoctorPorts,
  exitCodeOf,
  runServerChecks,
  writeReport,
} from "./doctor/index.ts";
import { type ExaminedTurn, openTurnToExamine } from "./examine-turn.ts";
import { transcodeOptions } from "./from-config.ts";
import { iceServersFor } from "./ice-servers.ts";
import { announcedAddresses, interfaceAddresses } from "./rtc/net/announced.ts";
import { announcedHint, inContainer } from "./rtc/net/announced-hint.ts";
import { containerSigns } from "./rtc/net/container-signs.ts";
import { createTranscodePool } from "./transcode/index.ts";
import { version } from "./version.ts";

const builtPlayer = fileURLToPath(new URL("../../client/dist/site/player.js", import.meta.url));

/** `millrace doctor`: writes a report of what keeps streams from working. Returns the exit code: 1 when anything does. */
export async function examine(
  config: Config,
  asked: DoctorArguments,
  write: (text: string) => void,
): Promise<number> {
  const { url, token, stream, json } = asked;
  const turn = url === undefined ? await openTurnToExamine(config) : undefined;
  const ports = doctorPorts(config, turn);
  const report = await runServerChecks({
    version,
    url,
    token,
    stream,
    settings: config,
    ports,
  }).finally(() => turn?.close());
  if (json) write(`${JSON.stringify(report, null, 2)}\n`);
  else writeReport(report, write);
  return exitCodeOf(report);
}

function doctorPorts(config: Config, turn: ExaminedTurn | undefined): DoctorPorts {
  const { host, announcedIps: configured } = config.rtc;
  return {
    pagesBuilt: () => existsSync(builtPlayer),
    announcedHint: () => {
      const hosts = host === "*" ? ["0.0.0.0", "::"] : [host];
      const addresses = announcedAddresses(hosts, configured, interfaceAddresses());
      return announcedHint(addresses, { configured, container: inContainer(containerSigns()) });
    },
    transcoder: async () => {
      const pool = await createTranscodePool(transcodeOptions(config, systemClock, silentLog));
      const { engine } = pool;
      await pool.close();
      return engine;
    },
    turnServers: () =>
      iceServersFor(
        config,
        systemClock,
        () => turn,
      )("doctor").flatMap(({ urls, username, credential }) =>
        username === undefined || credential === undefined ? [] : [{ urls, username, credential }],
      ),
  };
}
