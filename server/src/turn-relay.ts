import { TurnOptionsError, TurnStartError } from "@millrace/turn";
import { type Config, ConfigError } from "./config/index.ts";
import type { Log } from "./core/index.ts";
import { mediaPlace } from "./from-config.ts";
import { listenError } from "./listen-error.ts";
import { interfaceAddresses } from "./rtc/net/announced.ts";
import type { StartedTls } from "./tls-start.ts";
import { BundledTurn } from "./turn/index.ts";

/**
 * Starts the relay for media on the port `rtcPort`; undefined when it is switched off.
 * @throws ListenError when it cannot listen, ConfigError when certificate or key cannot be used.
 */
export async function startTurnRelay(
  config: Config,
  rtcPort: number,
  log: Log,
  tls: Pick<StartedTls, "turn">,
): Promise<BundledTurn | undefined> {
  const { turn } = config;
  if (!turn.enabled) return undefined;
  const interfaces = interfaceAddresses();
  try {
    return await BundledTurn.start(turn, {
      log,
      media: mediaPlace(config, rtcPort, interfaces),
      own: interfaces.map(({ address }) => address),
      certificates: tls.turn?.certificates,
    });
  } catch (error) {
    if (error instanceof TurnOptionsError) throw new ConfigError(error.problems);
    if (!(error instanceof TurnStartError)) throw error;
    const { port = turn.port } = error;
    const key = port !== 0 && port === turn.tlsPort ? "tlsPort" : "port";
    throw listenError("turn", { host: turn.host, port }, error, key);
  }
}
