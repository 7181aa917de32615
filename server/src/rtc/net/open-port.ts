import { isIP } from "node:net";
import type { Log } from "../../core/ports.ts";

/** Port 0 asks for one number free on every socket; a clash is tried again so many times. */
const ATTEMPTS = 8;

/** Something bound to a port. */
export interface BoundSocket {
  readonly port: number;
  close(): Promise<void>;
}

/** Opens a socket; rejects with the system's error. */
export type OpenSocket<T> = (family: 4 | 6, address: string, port: number) => Promise<T>;

/** The sockets of one port number, IPv4 first. They are the caller's to close. */
export interface OpenPort<Udp, Tcp> {
  readonly udp: readonly Udp[];
  /** Empty when TCP was not asked for. */
  readonly tcp: readonly Tcp[];
}

export interface OpenPortOptions<Udp, Tcp> {
  /** An IP address; `::` or undefined: every IPv4 and IPv6 interface. */
  readonly host: string | undefined;
  /** 0 for any number that is free everywhere. */
  readonly port: number;
  readonly log: Log;
  readonly udp: OpenSocket<Udp>;
  readonly tcp: OpenSocket<Tcp> | undefined;
}

/**
 * Opens one port number for UDP, and for TCP when asked for, on one address or on both families. Rejects with the
 * system's error (`EADDRINUSE` …), and then nothing is left open. A machine without IPv6 is served on IPv4 alone.
 */
export async function openPort<Udp extends BoundSocket, Tcp extends BoundSocket>(
  options: OpenPortOptions<Udp, Tcp>,
): Promise<OpenPort<Udp, Tcp>> {
  for (let attempt = 1; ; attempt++) {
    const opened: BoundSocket[] = [];
    try {
      return await openOnce(options, opened);
    } catch (cause) {
      await Promise.all(opened.map((socket) => socket.close()));
      const clash = (cause as NodeJS.ErrnoException).code === "EADDRINUSE";
      if (options.port !== 0 || !clash || attempt === ATTEMPTS) throw cause;
    }
  }
}

async function openOnce<Udp extends BoundSocket, Tcp extends BoundSocket>(
  { host, port, log, udp, tcp }: OpenPortOptions<Udp, Tcp>,
  opened: BoundSocket[],
): Promise<OpenPort<Udp, Tcp>> {
  const keep = async <T extends BoundSocket>(opening: Promise<T>): Promise<T> => {
    const socket = await opening;
    opened.push(socket);
    return socket;
  };
  const both = host === undefined || host === "::";
  const family = both || isIP(host) === 4 ? 4 : 6;
  const address = both ? "0.0.0.0" : host;
  const first = await keep(udp(family, address, port));
  const udps = [first];
  const tcps = tcp === undefined ? [] : [await keep(tcp(family, address, first.port))];
  if (!both) return { udp: udps, tcp: tcps };
  try {
    udps.push(await keep(udp(6, "::", first.port)));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== "EAFNOSUPPORT" && code !== "EADDRNOTAVAIL") throw cause;
    log.info({ port: first.port }, "no IPv6 here: WebRTC on IPv4 alone");
    return { udp: udps, tcp: tcps };
  }
  if (tcp !== undefined) tcps.push(await keep(tcp(6, "::", first.port)));
  return { udp: udps, tcp: tcps };
}
