import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Config, hasCertificate } from "./config/index.ts";
import { silentLog, systemClock } from "./core/index.ts";
import {
  type DoctorArguments,
  type DoctorPorts,
  type ExaminedCertificate,
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
import { CertificateError, readPair } from "./tls/index.ts";
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
    ...(hasCertificate(config) ? { certificates: () => configuredCertificates(config) } : {}),
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

/** Those in files. What the server makes or orders itself it keeps up to date itself. */
function configuredCertificates({ https }: Config): ExaminedCertificate[] {
  if (https.selfSigned) {
    return [{ path: "of https.selfSigned", selfSigned: true }];
  }
  if (https.cert === "") return [];
  return [{ cert: https.cert, key: https.key }, ...https.moreCertificates].map(({ cert, key }) => {
    try {
      const pair = { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
      const { names, expiresAtMs, selfSigned } = readPair(pair);
      return { path: cert, names, expiresAtMs, selfSigned };
    } catch (error) {
      const { code = "", message } = error as NodeJS.ErrnoException;
      const problem = error instanceof CertificateError ? message : `it cannot be read (${code})`;
      return { path: cert, problem };
    }
  });
}
