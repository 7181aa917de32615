import { type Config, ConfigError } from "./config/index.ts";
import { silentLog, systemClock } from "./core/index.ts";
import type { SharedTurn } from "./ice-servers.ts";
import { ListenError } from "./listen-error.ts";
import { startTls } from "./tls-start.ts";
import { turnUrls } from "./turn/index.ts";
import { startTurnRelay } from "./turn-relay.ts";

/** A relay to look at, seen from this machine. */
export interface ExaminedTurn extends SharedTurn {
  /** Ends it if it was started to be looked at. */
  close(): Promise<void>;
}

/**
 * The bundled relay: that of the running server when the secret says how to be let in, or else, while its ports are free,
 * one that is started for the moment. Undefined when there is none, or none that lets us in.
 * @throws ConfigError when certificate or key cannot be used.
 */
export async function openTurnToExamine(given: Config): Promise<ExaminedTurn | undefined> {
  const config = withoutSelfSigned(given);
  const { turn, rtc } = config;
  const { host, port, tlsPort, secret } = turn;
  const here = host === "*" || host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  // A certificate has names, and those are looked at as a browser would.
  const names = { plain: [here], tls: turn.publicHosts };
  try {
    // Where media would be says nothing here, but it has to be somewhere.
    const tls = await startTls(config, { clock: systemClock, log: silentLog });
    tls.close();
    const relay = await startTurnRelay(config, rtc.port || 1, silentLog, tls);
    if (relay === undefined) return undefined;
    const urls = turnUrls(relay.addresses, names);
    return { urls, secret: relay.secret, close: () => relay.close("EXAMINED", 0) };
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    if (!(error instanceof ListenError) || secret === "") return undefined;
    const plain = (["udp", "tcp"] as const).map((protocol) => ({ protocol, host, port }));
    const tls = tlsPort === 0 ? [] : [{ protocol: "tls" as const, host, port: tlsPort }];
    return { urls: turnUrls([...plain, ...tls], names), secret, close: async () => {} };
  }
}

/** No browser takes a relay's certificate that nobody signed, and looking makes no files. */
function withoutSelfSigned(config: Config): Config {
  const { https, turn } = config;
  if (!https.selfSigned) return config;
  const tlsPort = turn.cert === "" ? 0 : turn.tlsPort;
  return { ...config, https: { ...https, selfSigned: false }, turn: { ...turn, tlsPort } };
}
