import type { IncomingMessage } from "node:http";
import type { OriginPolicy, ProxyTrust } from "@millrace/signaling/gate";
import type { IceServer } from "@millrace/signaling/session";
import type { Access, Clock, Log } from "../core/index.ts";
import type { ProbeLimits } from "./limits.ts";

/** One WebRTC peer, as much as is needed of it here. */
export interface ProbePeer {
  /** @throws ProtocolError `SDP_INVALID`, `SDP_UNSUPPORTED`. */
  answer(offerSdp: string): Promise<string>;
  /** May be called twice. */
  close(reason: string): void;
}

/** Makes peers as viewers have them. A `PeerFactory` of `rtc/` is one. */
export interface ProbePeers {
  /** @throws RefusedError `PEERS_FULL` 503. */
  createSender(
    preferences: { readonly h264ProfileLevelId: undefined },
    events: { connected(): void; datagram(): void; closed(reason: string): void },
  ): ProbePeer;
}

export interface ProbeOptions {
  /** Stays the caller's: closed after the handler. */
  readonly peers: ProbePeers;
  readonly access: Access;
  /** Where the browser may find STUN and TURN. `id` is no secret. */
  iceServers(id: string): readonly IceServer[];
  readonly trust: ProxyTrust;
  readonly origins: OriginPolicy;
  /** Path prefix under which clients reach us, such as `/gateway`. Request addresses come without it. */
  readonly basePath: string;
  /** Finds the token that a request shows. Default: `Authorization: Bearer`, else `?token=`. */
  readonly tokenFrom?: (request: IncomingMessage, query: URLSearchParams) => string | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: Partial<ProbeLimits>;
}
