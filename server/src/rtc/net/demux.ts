import { hasFingerprint, hasIntegrity } from "../stun/integrity.ts";
import { BINDING_REQUEST, looksLikeStun, parseStun } from "../stun/message.ts";
import type { RtcCounters } from "./counters.ts";
import type { DatagramSocket } from "./datagram-socket.ts";
import { FRAME_HEADER_BYTES } from "./frame-reader.ts";
import type { IceDirectory, RemotePath, UfragEntry } from "./ice-directory.ts";
import { type IceHandler, IceSession } from "./ice-session.ts";
import { readNomination } from "./nomination.ts";

/** How long an address stays with the peer that last checked from it, whoever else claims it. */
export const ADDRESS_HOLD_MS = 6_000;

/** RFC 7983 section 7: what a datagram is, by its first byte. */
const DTLS_FIRST = 20;
const DTLS_LAST = 63;
const RTP_FIRST = 128;
const RTP_LAST = 191;

/**
 * Finds the peer of each datagram on sockets that all peers share: a check by the local user name
 * fragment in it, everything else by the address it came from, once an authenticated check came from
 * there. What is not authentic is counted and never answered. Does no I/O of its own.
 */
export class Demux implements IceDirectory {
  readonly counters: RtcCounters;
  readonly #maxAddressesPerPeer: number;
  readonly #byUfrag = new Map<string, UfragEntry>();
  /** By socket family, address and port: no text is built for each datagram. */
  readonly #paths4 = new Map<string, Map<number, RemotePath>>();
  readonly #paths6 = new Map<string, Map<number, RemotePath>>();
  readonly #sessions = new Set<IceSession>();
  /** TCP connections that have a path; the path is kept at the connection. */
  #connections = 0;

  constructor(options: { counters: RtcCounters; maxAddressesPerPeer: number }) {
    this.counters = options.counters;
    this.#maxAddressesPerPeer = options.maxAddressesPerPeer;
  }

  /** Opens a session, which its owner closes. */
  open(handler: IceHandler): IceSession {
    const session = new IceSession(this, handler, {
      maxAddresses: this.#maxAddressesPerPeer,
      addressHoldUs: ADDRESS_HOLD_MS * 1000,
      counters: this.counters,
    });
    this.#sessions.add(session);
    return session;
  }

  /** Entries kept now, for tests of what closing leaves behind. */
  get size(): { sessions: number; ufrags: number; addresses: number } {
    return {
      sessions: this.#sessions.size,
      ufrags: this.#byUfrag.size,
      addresses: countPaths(this.#paths4) + countPaths(this.#paths6) + this.#connections,
    };
  }

  /** A TCP connection is gone, and its path with it. */
  disconnected(socket: DatagramSocket): void {
    const path = socket.connection?.path;
    path?.session.lose(path);
  }

  /** Takes one datagram. */
  receive(
    datagram: Buffer,
    port: number,
    address: string,
    socket: DatagramSocket,
    nowUs: number,
  ): void {
    const { counters } = this;
    counters.received++;
    counters.receivedBytes += datagram.length;
    const first = datagram[0];
    // Nobody can be answered at port 0, and trying to would throw.
    if (first === undefined || port === 0) {
      counters.malformed++;
    } else if (looksLikeStun(first)) {
      this.#receiveStun(datagram, port, address, socket, nowUs);
    } else if (first >= RTP_FIRST && first <= RTP_LAST) {
      const path = this.path(socket, address, port);
      if (path === undefined) counters.notValidated++;
      else {
        path.session.receivedBytes += datagram.length + framingOf(socket);
        path.session.handler.onMedia(datagram, nowUs);
      }
    } else if (first >= DTLS_FIRST && first <= DTLS_LAST) {
      const path = this.path(socket, address, port);
      if (path === undefined) counters.notValidated++;
      else {
        path.session.receivedBytes += datagram.length + framingOf(socket);
        path.session.handler.onDtls(datagram, nowUs);
      }
    } else {
      counters.malformed++;
    }
  }

  addUfrag(ufrag: string, entry: UfragEntry): boolean {
    if (this.#byUfrag.has(ufrag)) return false;
    this.#byUfrag.set(ufrag, entry);
    return true;
  }

  removeUfrag(ufrag: string): void {
    this.#byUfrag.delete(ufrag);
  }

  path(socket: DatagramSocket, address: string, port: number): RemotePath | undefined {
    if (socket.connection !== undefined) return socket.connection.path;
    return this.#pathsOf(socket).get(address)?.get(port);
  }

  addPath(path: RemotePath): void {
    const { connection } = path.socket;
    if (connection !== undefined) {
      connection.path = path;
      this.#connections++;
      this.counters.addresses++;
      return;
    }
    const paths = this.#pathsOf(path.socket);
    let ports = paths.get(path.address);
    if (ports === undefined) {
      ports = new Map();
      paths.set(path.address, ports);
    }
    ports.set(path.port, path);
    this.counters.addresses++;
  }

  removePath(path: RemotePath): void {
    const { connection } = path.socket;
    if (connection !== undefined) {
      if (connection.path !== path) return;
      connection.path = undefined;
      this.#connections--;
      this.counters.addresses--;
      connection.released();
      return;
    }
    const paths = this.#pathsOf(path.socket);
    const ports = paths.get(path.address);
    if (ports?.get(path.port) !== path) return;
    ports.delete(path.port);
    if (ports.size === 0) paths.delete(path.address);
    this.counters.addresses--;
  }

  removeSession(session: IceSession): void {
    this.#sessions.delete(session);
  }

  #pathsOf(socket: DatagramSocket): Map<string, Map<number, RemotePath>> {
    return socket.family === 4 ? this.#paths4 : this.#paths6;
  }

  /** RFC 8445 section 7.3, with silence instead of an error for whatever is not authentic. */
  #receiveStun(
    datagram: Buffer,
    port: number,
    address: string,
    socket: DatagramSocket,
    nowUs: number,
  ): void {
    const { counters } = this;
    const message = parseStun(datagram);
    if (message === undefined) {
      counters.malformed++;
      return;
    }
    if (message.type !== BINDING_REQUEST) {
      counters.stunIgnored++;
      return;
    }
    const colon = message.username?.indexOf(":") ?? -1;
    const entry =
      colon > 0 ? this.#byUfrag.get(message.username?.slice(0, colon) ?? "") : undefined;
    if (entry === undefined) {
      counters.stunUnknownUser++;
      return;
    }
    if (
      !hasFingerprint(message, datagram) ||
      !hasIntegrity(message, datagram, entry.credentials.pwd)
    ) {
      counters.stunUnauthenticated++;
      return;
    }
    entry.session.receivedBytes += datagram.length + framingOf(socket);
    const nomination = readNomination(datagram, message);
    entry.session.check(message, nomination, entry, socket, address, port, nowUs);
  }
}

/** Bytes that the socket adds to a datagram. */
function framingOf(socket: DatagramSocket): number {
  return socket.connection === undefined ? 0 : FRAME_HEADER_BYTES;
}

function countPaths(paths: ReadonlyMap<string, ReadonlyMap<number, RemotePath>>): number {
  let count = 0;
  for (const ports of paths.values()) count += Math.max(1, ports.size);
  return count;
}
