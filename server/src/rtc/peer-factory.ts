import { RefusedError } from "../core/errors.ts";
import type { Clock, Log } from "../core/ports.ts";
import { createCertificate } from "./dtls/certificate.ts";
import { HandshakeGate } from "./handshake-gate.ts";
import { JoinTurns } from "./join-turns.ts";
import { DEFAULT_RTC_LIMITS, type RtcLimits } from "./limits.ts";
import { LitePeer, type LitePeerHost } from "./lite-peer.ts";
import { announcedHint, inContainer } from "./net/announced-hint.ts";
import { containerSigns } from "./net/container-signs.ts";
import type { RtcCounters } from "./net/counters.ts";
import type { NativeUdp } from "./net/native-udp-socket.ts";
import { UdpMux } from "./net/udp-mux.ts";
import type { BindUdp } from "./net/udp-socket.ts";
import type { AnswerPreferences, Peer, PeerEvents, PeerFactory } from "./peer.ts";
import type { Planner } from "./sdp/plan.ts";
import { ReceivePlanner } from "./sdp/receive-planner.ts";
import { SendPlanner } from "./sdp/send-planner.ts";

/** UDP port of all peers, if nothing else is said. */
export const DEFAULT_RTC_PORT = 8189;

export interface PeerFactoryOptions {
  /** UDP port of all peers; 0 for any free one. Default 8189. */
  readonly port?: number;
  /** An IP address to bind; `0.0.0.0` every IPv4 interface; `::` or nothing: every IPv4 and IPv6 interface. */
  readonly host?: string | undefined;
  /** IP addresses to announce; nothing or empty: those of the interfaces, loopback only if there is no other. */
  readonly announcedIps?: readonly string[] | undefined;
  /** Also takes peers over TCP, on the same port number. RFC 6544. Default: what the mux does by itself. */
  readonly tcp?: boolean | undefined;
  /** Makes the UDP sockets instead of Node, so that native code can send through them. */
  readonly bindUdp?: BindUdp | undefined;
  /** Makes and reads the UDP sockets instead of Node. */
  readonly nativeUdp?: NativeUdp | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: Partial<RtcLimits>;
}

/** A factory with a bound port. */
export interface BoundPeerFactory extends PeerFactory {
  readonly port: number;
  /** The address that is bound. */
  readonly address: string;
  /** Live figures; read, never write. */
  readonly counters: Readonly<RtcCounters>;
  /** Entries kept in the tables of the port now; all zero when no peer is open. */
  readonly size: { sessions: number; ufrags: number; addresses: number; handshakes: number };
}

/**
 * Opens the UDP port and makes the certificate of this process.
 * Rejects with the system's error (`EADDRINUSE` …), or TypeError for an address that is none.
 */
export async function createPeerFactory(options: PeerFactoryOptions): Promise<BoundPeerFactory> {
  const { clock, log, host, announcedIps, bindUdp, nativeUdp } = options;
  const limits = { ...DEFAULT_RTC_LIMITS, ...options.limits };
  const port = options.port ?? DEFAULT_RTC_PORT;
  const tcp = options.tcp === undefined ? {} : { tcp: options.tcp };
  const sockets = { bindUdp, nativeUdp };
  const mux = await UdpMux.open({
    port,
    host,
    announcedIps,
    clock,
    log,
    limits,
    ...sockets,
    ...tcp,
  });
  warnOfUnreachable(mux, announcedIps ?? [], log);
  return new UdpPeerFactory(mux, clock, limits);
}

/** Browsers that cannot reach any announced address fail without a reason that anybody sees; so the operator is told. */
function warnOfUnreachable(mux: UdpMux, configured: readonly string[], log: Log): void {
  const addresses = new Set(mux.candidates().map(({ address }) => address));
  const container = inContainer(containerSigns());
  const hint = announcedHint([...addresses], { configured, container });
  if (hint !== undefined) log.warn({ code: hint.code }, hint.message);
}

class UdpPeerFactory implements BoundPeerFactory {
  readonly #host: LitePeerHost;
  readonly #peers = new Set<LitePeer>();
  #closed = false;

  constructor(mux: UdpMux, clock: Clock, limits: RtcLimits) {
    this.#host = {
      mux,
      clock,
      limits,
      certificate: createCertificate(clock.wallMs()),
      gate: new HandshakeGate(limits.maxConcurrentHandshakes, mux.counters),
      turns: new JoinTurns(clock),
      onClosed: (closed) => {
        this.#peers.delete(closed);
        mux.counters.peers--;
      },
    };
  }

  get port(): number {
    return this.#host.mux.port;
  }

  get address(): string {
    return this.#host.mux.address;
  }

  get counters(): Readonly<RtcCounters> {
    return this.#host.mux.counters;
  }

  get size(): { sessions: number; ufrags: number; addresses: number; handshakes: number } {
    const { mux, gate } = this.#host;
    return { ...mux.size, handshakes: gate.size };
  }

  createSender(preferences: AnswerPreferences, events: PeerEvents): Peer {
    return this.#open(new SendPlanner(preferences), events);
  }

  createReceiver(events: PeerEvents): Peer {
    return this.#open(new ReceivePlanner(this.#host.limits.maxSimulcastLayers), events);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const peer of [...this.#peers]) peer.close("SERVER_CLOSING");
    await this.#host.mux.close();
  }

  #open(planner: Planner, events: PeerEvents): Peer {
    const { mux, limits } = this.#host;
    if (this.#closed || this.#peers.size >= limits.maxPeers) {
      throw new RefusedError("PEERS_FULL", 503, "no more WebRTC peers are taken");
    }
    const peer = new LitePeer(this.#host, planner, events);
    this.#peers.add(peer);
    mux.counters.peers++;
    return peer;
  }
}
