import type { ListenAddress } from "./api/index.ts";
import type { Config } from "./config/index.ts";
import type { Access, Clock, Log, Registry } from "./core/index.ts";
import { bindable } from "./from-config.ts";
import { listening } from "./listen-error.ts";
import { defaultServerLimits, RtmpServer } from "./rtmp/index.ts";
import type { Certificates } from "./tls/index.ts";

/** What RTMP needs from the rest of the gateway. */
export interface RtmpSurroundings {
  readonly registry: Registry;
  readonly access: Access;
  readonly clock: Clock;
  readonly log: Log;
  readonly certificates: Certificates | undefined;
}

/** RTMP with its ports open. */
export interface StartedRtmp {
  readonly server: RtmpServer;
  readonly addresses: { readonly rtmp?: ListenAddress; readonly rtmps?: ListenAddress };
}

/** Opens the ports of RTMP and RTMPS; undefined when both are switched off. @throws ListenError */
export async function startRtmp(
  config: Config,
  { certificates, ...shared }: RtmpSurroundings,
): Promise<StartedRtmp | undefined> {
  const { rtmp, rtmps, shutdown } = config;
  if (!rtmp.enabled && !rtmps.enabled) return undefined;
  const { maxConnections, maxConnectionsPerAddress } = rtmp;
  const drainTimeoutMs = Math.min(shutdown.drainSeconds * 1000, defaultServerLimits.drainTimeoutMs);
  const limits = { maxConnections, maxConnectionsPerAddress, drainTimeoutMs };
  const server = new RtmpServer({ ...shared, limits, tls: certificates });
  try {
    const plain = rtmp.enabled
      ? await listening("rtmp", rtmp, () => server.listen(rtmp.port, bindable(rtmp.host)))
      : undefined;
    const secure = rtmps.enabled
      ? await listening("rtmps", rtmps, () => server.listenSecure(rtmps.port, bindable(rtmps.host)))
      : undefined;
    return {
      server,
      addresses: { ...(plain && { rtmp: at(plain) }), ...(secure && { rtmps: at(secure) }) },
    };
  } catch (error) {
    await server.close("START_FAILED");
    throw error;
  }
}

function at({ address, port }: { address: string; port: number }): ListenAddress {
  return { host: address, port };
}
