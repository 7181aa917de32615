/** A token, or where to get a fresh one before each connection. */
export type TokenSource = string | (() => string | undefined | Promise<string | undefined>);

export interface SignalingClientOptions {
  /** Where the server is: `https://host`, with any prefix it is reached under (`https://host/live-gateway`). */
  readonly url: string;
  /** socket.io's path on that host. Default: the prefix of `url` and `/socket.io/`. */
  readonly path?: string;
  readonly token?: TokenSource;
  /** What the server is told when a session to watch begins: by this name statistics know the viewer again. */
  readonly client?: string;
  /** Ways to connect, best first. Default WebSocket, then long-polling where it is blocked. */
  readonly transports?: readonly ("websocket" | "polling")[];
  /** How long a request may take, waiting for a connection included. Default 8000. */
  readonly requestTimeoutMs?: number;
  /** How long one attempt to connect may take. Default 4000. */
  readonly connectTimeoutMs?: number;
  /** Wait before the first reconnection; doubles up to the maximum. Default 300. */
  readonly reconnectMinMs?: number;
  /** Default 10000. */
  readonly reconnectMaxMs?: number;
  /** How often the clock offset is measured anew; 0 never measures. Default 30000. */
  readonly clockIntervalMs?: number;
  /** Our wall clock, in ms since 1970 with fractions. Default `performance`'s, which never jumps. */
  readonly wallMs?: () => number;
}

export interface ServerAddress {
  readonly namespaceUrl: string;
  readonly path: string;
}

/** Splits the server's URL into what socket.io wants. @throws TypeError when it is no URL. */
export function serverAddress(url: string, namespace: string, path?: string): ServerAddress {
  const parsed = new URL(url);
  const prefix = parsed.pathname.replace(/\/+$/, "");
  return { namespaceUrl: `${parsed.origin}${namespace}`, path: path ?? `${prefix}/socket.io/` };
}
