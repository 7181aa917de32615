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
import { type NativeUdp, NativeUdpSocket } from "./native-udp-socket.ts";
import { type OpenPort, openPort } from "./open-port.ts";
import { DEFAULT_TCP_LIMITS, type TcpLimits } from "./tcp-limits.ts";
import { TcpConnections, TcpListener } from "./tcp-listener.ts";
import { type BindUdp, UdpSocket } from "./udp-socket.ts";

/** How long a list of the machine's addresses is believed; they change with the network. */
const INTERFACES_VALID_US = 10_000_000;

export interface UdpMuxOptions {
  /** 0 for any free port. */
  readonly port: number;
  /** An IP address; `0.0.0.0` every IPv4 interface, `::` or undefined every IPv4 and IPv6 interface. */
  readonly host: string | undefined;
  /** Addresses to put into candidates; undefined or empty: those of the interfaces. */
  readonly announcedIps: readonly string[] | undefined;
  /** Also takes TCP connections at the same port number. Default false. RFC 6544. */
  readonly tcp?: boolean | undefined;
  readonly tcpLimits?: Partial<TcpLimits> | undefined;
  /** Makes the UDP sockets instead of Node, which reads them. */
  readonly bindUdp?: BindUdp | undefined;
  /** Makes and reads the UDP sockets instead of Node. */
  readonly nativeUdp?: NativeUdp | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: RtcLimits;
}

type MuxSocket = UdpSocket | NativeUdpSocket;

/** The one port of all peers: UDP, and TCP at the same number when asked for. */
export class UdpMux {
  readonly port: number;
  /** The address of the first socket. */
  readonly address: string;
  readonly counters: RtcCounters;
  readonly #demux: Demux;
  readonly #open: OpenPort<MuxSocket, TcpListener>;
  readonly #connections: TcpConnections;
  readonly #clock: Clock;
  readonly #configured: readonly string[];
  #candidates: readonly HostCandidate[] = [];
  #candidatesUntilUs = Number.NEGATIVE_INFINITY;

  private constructor(
    options: UdpMuxOptions,
    demux: Demux,
    open: OpenPort<MuxSocket, TcpListener>,
    connections: TcpConnections,
  ) {
    const [first] = open.udp;
    if (first === undefined) throw new Error("no socket");
    this.port = first.port;
    this.address = first.address;
    this.counters = demux.counters;
    this.#demux = demux;
    this.#open = open;
    this.#connections = connections;
    this.#clock = options.clock;
    this.#configured = options.announcedIps ?? [];
  }

  /**
   * Binds the port. Rejects with the system's error (`EADDRINUSE` …), or TypeError when an
   * address is none. A machine without IPv6 is served on IPv4 alone.
   */
  static async open(options: UdpMuxOptions): Promise<UdpMux> {
    const { clock, log, limits, host, bindUdp: bind, nativeUdp: native } = options;
    if (host !== undefined && isIP(host) === 0) throw new TypeError(`not an IP address: ${host}`);
    const counters = createCounters();
    const demux = new Demux({ counters, maxAddressesPerPeer: limits.maxAddressesPerPeer });
    const tcpLimits = { ...DEFAULT_TCP_LIMITS, ...options.tcpLimits };
    const connections = new TcpConnections(tcpLimits, counters);
    const receive: DatagramReceiver = (datagram, port, address, socket) => {
      demux.receive(datagram, port, address, socket, clock.nowUs());
    };
    const error = (cause: NodeJS.ErrnoException): void => {
      // Once is enough: the counter tells the rest.
      if (counters.socketErrors++ === 0) log.warn({ code: cause.code }, "WebRTC socket error");
    };
    const opened = await openPort({
      host,
      port: options.port,
      log,
      udp: (family, address, port): Promise<MuxSocket> => {
        const socket = { ...limits, family, host: address, port, counters, receive, error };
        if (native !== undefined) return NativeUdpSocket.open({ ...socket, native });
        return UdpSocket.open({ ...socket, bind });
      },
      tcp:
        options.tcp !== true
          ? undefined
          : (family, address, port) =>
              TcpListener.open(
                {
                  family,
                  host: address,
                  port,
                  counters,
                  limits: tcpLimits,
                  receive,
                  disconnected: (connection) => demux.disconnected(connection),
                  error,
                },
                connections,
              ),
    });
    try {
      const mux = new UdpMux(options, demux, opened, connections);
      const addresses = [...new Set(mux.candidates().map((candidate) => candidate.address))];
      const buffers = opened.udp[0]?.bufferBytes();
      const tcp = opened.tcp.length > 0;
      log.debug({ port: mux.port, tcp, addresses, buffers }, "port open for WebRTC");
      return mux;
    } catch (cause) {
      await closeAll(opened);
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
      const hosts = this.#open.udp.map((socket) => socket.address);
      const addresses = announcedAddresses(hosts, this.#configured, interfaceAddresses());
      this.#candidates = hostCandidates(addresses, this.port, this.#open.tcp.length > 0);
      this.#candidatesUntilUs = nowUs + INTERFACES_VALID_US;
    }
    return this.#candidates;
  }

  /** Entries kept now, for tests of what closing leaves behind. */
  get size(): { sessions: number; ufrags: number; addresses: number } {
    return this.#demux.size;
  }

  /** What is kept of TCP connections now, for tests of what closing leaves behind. */
  get connectionEntries(): number {
    return this.#connections.size;
  }

  /** Ends every TCP connection too. May be called twice. */
  async close(): Promise<void> {
    const closed = closeAll(this.#open);
    this.#connections.closeAll();
    await closed;
  }
}

async function closeAll({ udp, tcp }: OpenPort<MuxSocket, TcpListener>): Promise<void> {
  await Promise.all([...udp, ...tcp].map((socket) => socket.close()));
}
