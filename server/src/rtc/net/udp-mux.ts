import { isIP } from "node:net";
import type { Clock, Log } from "../../core/ports.ts";
import type { RtcLimits } from "../limits.ts";
import {
  announcedAddresses,
  type HostCandidate,
  hostCandidates,
  interfaceAddresses,
} from "./announced.ts";
import { createCounters, type RtcCounters } from "./counters.ts";
import type { DatagramReceiver } from "./datagram-socket.ts";
import { Demux } from "./demux.ts";
import type { IceHandler, IceSession } from "./ice-session.ts";
import { UdpSocket } from "./udp-socket.ts";

/** How long a list of the machine's addresses is believed; they change with the network. */
const INTERFACES_VALID_US = 10_000_000;
/** Port 0 asks for one number free on both families; a clash is tried again so many times. */
const PAIR_ATTEMPTS = 8;

export interface UdpMuxOptions {
  /** 0 for any free port. */
  readonly port: number;
  /** An IP address; `0.0.0.0` every IPv4 interface, `::` or undefined every IPv4 and IPv6 interface. */
  readonly host: string | undefined;
  /** Addresses to put into candidates; undefined or empty: those of the interfaces. */
  readonly announcedIps: readonly string[] | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: RtcLimits;
}

/** The one UDP port of all peers. */
export class UdpMux {
  readonly port: number;
  /** The address of the first socket. */
  readonly address: string;
  readonly counters: RtcCounters;
  readonly #demux: Demux;
  readonly #sockets: readonly UdpSocket[];
  readonly #clock: Clock;
  readonly #configured: readonly string[];
  #candidates: readonly HostCandidate[] = [];
  #candidatesUntilUs = Number.NEGATIVE_INFINITY;

  private constructor(options: UdpMuxOptions, demux: Demux, sockets: readonly UdpSocket[]) {
    const [first] = sockets;
    if (first === undefined) throw new Error("no socket");
    this.port = first.port;
    this.address = first.address;
    this.counters = demux.counters;
    this.#demux = demux;
    this.#sockets = sockets;
    this.#clock = options.clock;
    this.#configured = options.announcedIps ?? [];
  }

  /**
   * Binds the port. Rejects with the system's error (`EADDRINUSE` …), or TypeError when an
   * address is none. A machine without IPv6 is served on IPv4 alone.
   */
  static async open(options: UdpMuxOptions): Promise<UdpMux> {
    const { clock, log, limits, host } = options;
    if (host !== undefined && isIP(host) === 0) throw new TypeError(`not an IP address: ${host}`);
    const counters = createCounters();
    const demux = new Demux({ counters, maxAddressesPerPeer: limits.maxAddressesPerPeer });
    const receive: DatagramReceiver = (datagram, port, address, socket) => {
      demux.receive(datagram, port, address, socket, clock.nowUs());
    };
    const error = (cause: NodeJS.ErrnoException): void => {
      // Once is enough: the counter tells the rest.
      if (counters.socketErrors++ === 0) log.warn({ code: cause.code }, "UDP socket error");
    };
    const open = (family: 4 | 6, address: string, port: number): Promise<UdpSocket> =>
      UdpSocket.open({ ...limits, family, host: address, port, counters, receive, error });
    const sockets = await openSockets(host, options.port, open, log);
    try {
      const mux = new UdpMux(options, demux, sockets);
      const addresses = mux.candidates().map((candidate) => candidate.address);
      const buffers = sockets[0]?.bufferBytes();
      log.debug({ port: mux.port, addresses, buffers }, "UDP port open for WebRTC");
      return mux;
    } catch (cause) {
      await Promise.all(sockets.map((socket) => socket.close()));
      throw cause;
    }
  }

  /** Opens a session, which its owner closes. */
  openSession(handler: IceHandler): IceSession {
    return this.#demux.open(handler);
  }

  /** What an answer made now lists. */
  candidates(): readonly HostCandidate[] {
    const nowUs = this.#clock.nowUs();
    if (nowUs >= this.#candidatesUntilUs) {
      const hosts = this.#sockets.map((socket) => socket.address);
      const addresses = announcedAddresses(hosts, this.#configured, interfaceAddresses());
      this.#candidates = hostCandidates(addresses, this.port);
      this.#candidatesUntilUs = nowUs + INTERFACES_VALID_US;
    }
    return this.#candidates;
  }

  /** Entries kept now, for tests of what closing leaves behind. */
  get size(): { sessions: number; ufrags: number; addresses: number } {
    return this.#demux.size;
  }

  /** May be called twice. */
  async close(): Promise<void> {
    await Promise.all(this.#sockets.map((socket) => socket.close()));
  }
}

type Open = (family: 4 | 6, address: string, port: number) => Promise<UdpSocket>;

async function openSockets(
  host: string | undefined,
  port: number,
  open: Open,
  log: Log,
): Promise<UdpSocket[]> {
  if (host !== undefined && host !== "::")
    return [await open(isIP(host) === 6 ? 6 : 4, host, port)];
  for (let attempt = 1; ; attempt++) {
    const v4 = await open(4, "0.0.0.0", port);
    try {
      return [v4, await open(6, "::", v4.port)];
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code;
      if (code === "EAFNOSUPPORT" || code === "EADDRNOTAVAIL") {
        log.info({ port: v4.port }, "no IPv6 here: WebRTC on IPv4 alone");
        return [v4];
      }
      await v4.close();
      if (port !== 0 || code !== "EADDRINUSE" || attempt === PAIR_ATTEMPTS) throw cause;
    }
  }
}
