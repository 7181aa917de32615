import { RefusedError } from "../core/errors.ts";
import type { Clock, Log } from "../core/ports.ts";
import { createCertificate, type LocalCertificate } from "./dtls/certificate.ts";
import { HandshakeGate } from "./handshake-gate.ts";
import { DEFAULT_RTC_LIMITS, type RtcLimits } from "./limits.ts";
import type { RtcCounters } from "./net/counters.ts";
import { UdpMux } from "./net/udp-mux.ts";
import type { AnswerPreferences, Peer, PeerEvents, PeerFactory } from "./peer.ts";
import { SenderPeer } from "./sender-peer.ts";

/** UDP port of all peers, if nothing else is said. */
export const DEFAULT_RTC_PORT = 8189;

export interface PeerFactoryOptions {
  /** UDP port of all peers; 0 for any free one. Default 8189. */
  readonly port?: number;
  /** An IP address to bind; `0.0.0.0` every IPv4 interface; `::` or nothing: every IPv4 and IPv6 interface. */
  readonly host?: string | undefined;
  /** IP addresses to announce; nothing or empty: those of the interfaces, loopback only if there is no other. */
  readonly announcedIps?: readonly string[] | undefined;
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
  const { clock, log, host, announcedIps } = options;
  const limits = { ...DEFAULT_RTC_LIMITS, ...options.limits };
  const port = options.port ?? DEFAULT_RTC_PORT;
  const mux = await UdpMux.open({ port, host, announcedIps, clock, log, limits });
  return new UdpPeerFactory(mux, clock, limits);
}

class UdpPeerFactory implements BoundPeerFactory {
  readonly #mux: UdpMux;
  readonly #clock: Clock;
  readonly #limits: RtcLimits;
  readonly #certificate: LocalCertificate;
  readonly #gate: HandshakeGate;
  readonly #peers = new Set<SenderPeer>();
  #closed = false;

  constructor(mux: UdpMux, clock: Clock, limits: RtcLimits) {
    this.#mux = mux;
    this.#clock = clock;
    this.#limits = limits;
    this.#certificate = createCertificate(clock.wallMs());
    this.#gate = new HandshakeGate(limits.maxConcurrentHandshakes, mux.counters);
  }

  get port(): number {
    return this.#mux.port;
  }

  get address(): string {
    return this.#mux.address;
  }

  get counters(): Readonly<RtcCounters> {
    return this.#mux.counters;
  }

  get size(): { sessions: number; ufrags: number; addresses: number; handshakes: number } {
    return { ...this.#mux.size, handshakes: this.#gate.size };
  }

  createSender(preferences: AnswerPreferences, events: PeerEvents): Peer {
    if (this.#closed || this.#peers.size >= this.#limits.maxPeers) {
      throw new RefusedError("PEERS_FULL", 503, "no more WebRTC peers are taken");
    }
    const peer = new SenderPeer({
      mux: this.#mux,
      certificate: this.#certificate,
      gate: this.#gate,
      clock: this.#clock,
      limits: this.#limits,
      preferences,
      events,
      onClosed: (closed) => {
        this.#peers.delete(closed);
        this.#mux.counters.peers--;
      },
    });
    this.#peers.add(peer);
    this.#mux.counters.peers++;
    return peer;
  }

  createReceiver(_events: PeerEvents): Peer {
    throw new RefusedError("PUBLISH_UNSUPPORTED", 501, "Publishing over WebRTC is not there yet.");
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const peer of [...this.#peers]) peer.close("SERVER_CLOSING");
    await this.#mux.close();
  }
}
