import type { IceServer } from "@millrace/signaling/session";
import type { Config } from "./config/index.ts";
import type { Access, Clock, Log, Registry } from "./core/index.ts";
import { listening } from "./listen-error.ts";
import { chooseEgress } from "./rtc/egress/choose-core.ts";
import type { EgressCore } from "./rtc/egress/core.ts";
import { readsUdp } from "./rtc/egress/native-module.ts";
import { RtcGateway } from "./rtc/gateway/gateway.ts";
import { type BoundPeerFactory, createPeerFactory } from "./rtc/peer-factory.ts";
import { selfTest } from "./rtc/werift/self-test.ts";

/** What WebRTC needs from the rest of the gateway. */
export interface RtcSurroundings {
  readonly registry: Registry;
  readonly access: Access;
  readonly clock: Clock;
  readonly log: Log;
  /** Where a client may find STUN and TURN. `id` is no secret. */
  iceServers(id: string): readonly IceServer[];
}

/** WebRTC with its port open. Whoever started it closes the gateway, then the core, then the peers. */
export interface StartedRtc {
  readonly core: EgressCore;
  readonly peers: BoundPeerFactory;
  readonly gateway: RtcGateway;
}

/** Opens the WebRTC port. @throws ListenError, EgressUnavailableError */
export async function startRtc(config: Config, options: RtcSurroundings): Promise<StartedRtc> {
  // Keys that another implementation would not understand must never reach a viewer.
  await selfTest();
  const { clock, log } = options;
  const { host, port, tcp, announcedIps, dataFromViewers, maxPeers } = config.rtc;
  const { egress: choice, egressThreads } = config.rtc;
  const { core, native } = chooseEgress({
    choice,
    threads: egressThreads === 0 ? undefined : egressThreads,
    clock,
    log,
  });
  const peers = await openPort().catch((error: unknown) => {
    core.close();
    throw error;
  });
  const limits = { maxSessions: maxPeers };
  const gateway = new RtcGateway({ ...options, peers, core, limits, dataFromViewers });
  return { core, peers, gateway };

  function openPort(): Promise<BoundPeerFactory> {
    return listening("rtc", { host, port }, () =>
      createPeerFactory({
        port,
        tcp,
        host: host === "*" ? undefined : host,
        announcedIps,
        clock,
        log,
        limits: { maxPeers },
        bindUdp: native?.udpSocket,
        nativeUdp: native && readsUdp(native) ? native : undefined,
      }),
    );
  }
}
