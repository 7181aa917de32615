import type { PathReceiver, Protocol } from "./client-path.ts";
import type { OpenDatagramSocket } from "./datagram-socket.ts";
import { type ConnectionCounts, type StreamLimits, StreamListener } from "./stream-listener.ts";
import { UdpListener } from "./udp-listener.ts";

/** An open port for clients. */
export interface Listener {
  readonly protocol: Protocol;
  readonly host: string;
  readonly family: 4 | 6;
  readonly port: number;
  /** Shows another certificate from now on; without TLS there is none. */
  replaceCertificate?(tls: { readonly cert: string; readonly key: string }): void;
  /** Ends what waits for too long. */
  sweep(nowMs: number): void;
  /** Resolves when the port is free. May be called twice. */
  close(): Promise<void>;
}

export interface ListenersOptions {
  readonly listen: readonly {
    readonly protocol: Protocol;
    readonly host: string;
    readonly port: number;
  }[];
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  readonly limits: StreamLimits & {
    readonly recvBufferBytes: number;
    readonly sendBufferBytes: number;
  };
  readonly counts: ConnectionCounts;
  readonly receiver: PathReceiver;
  readonly openUdp: OpenDatagramSocket;
  readonly nowMs: () => number;
  readonly error: (error: Error) => void;
}

/** Port 0 for both families: the second may find the first one's port in use. */
const maxPortTries = 8;

/** Opens all listeners. Rejects with the system's error, to which protocol, address and port are added, and leaves none open. */
export async function openListeners(options: ListenersOptions): Promise<readonly Listener[]> {
  const opened: Listener[] = [];
  try {
    for (const { protocol, host, port } of options.listen) {
      if (host === "*") opened.push(...(await openBoth(protocol, port, options)));
      else opened.push(await open(protocol, host, port, options));
    }
  } catch (error) {
    await Promise.all(opened.map((listener) => listener.close()));
    throw error;
  }
  return opened;
}

/** Both families on one port number; only IPv4 where the machine has no IPv6, and the other way round. */
async function openBoth(
  protocol: Protocol,
  port: number,
  options: ListenersOptions,
): Promise<readonly Listener[]> {
  for (let tries = 1; ; tries++) {
    const first = await open(protocol, "0.0.0.0", port, options).catch(unlessMissing);
    try {
      const second = await open(protocol, "::", first?.port ?? port, options);
      return first === undefined ? [second] : [first, second];
    } catch (error) {
      if (first !== undefined && isMissingFamily(error)) return [first];
      await first?.close();
      const again = port === 0 && (error as NodeJS.ErrnoException).code === "EADDRINUSE";
      if (!again || tries === maxPortTries) throw error;
    }
  }
}

function unlessMissing(error: unknown): undefined {
  if (!isMissingFamily(error)) throw error;
}

function isMissingFamily(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "EAFNOSUPPORT" || code === "EADDRNOTAVAIL";
}

async function open(
  protocol: Protocol,
  host: string,
  port: number,
  options: ListenersOptions,
): Promise<Listener> {
  const family = host.includes(":") ? 6 : 4;
  const { tls, limits, counts, receiver, openUdp, nowMs, error } = options;
  try {
    if (protocol === "udp") {
      const { recvBufferBytes, sendBufferBytes, maxQueuedBytes } = limits;
      return UdpListener.open({
        host,
        family,
        port,
        recvBufferBytes,
        sendBufferBytes,
        maxQueuedBytes,
        receiver,
        openUdp,
        error,
      });
    }
    return await StreamListener.open({
      protocol,
      host,
      family,
      port,
      tls,
      limits,
      counts,
      receiver,
      nowMs,
      error,
    });
  } catch (cause) {
    throw Object.assign(cause as Error, { protocol, address: host, port });
  }
}
