import type { SignalingClientOptions } from "./options.ts";
import { SignalingClient } from "./signaling-client.ts";

/**
 * Those of one page that watch over one connection: half of the sessions that a server grants a connection, for each may
 * have two while one replaces the other.
 */
export const maxWatchersPerClient = 4;
/** All that use one connection; fewer than the streams that a server lets one connection observe. */
export const maxUsersPerClient = 12;
/** How long a connection that nobody uses stays: who changes the way of watching comes back at once. Milliseconds. */
const defaultLingerMs = 3000;

export interface SharedClientsOptions {
  /** For every client; `url` and `token` come with the lease. */
  readonly client?: Omit<SignalingClientOptions, "url" | "token" | "client">;
  /** Default 3000. */
  readonly lingerMs?: number;
}

export interface LeaseRequest {
  /** As `SignalingClientOptions.url`. */
  readonly url: string;
  /** Goes with the connection's handshake, so that only those share one who have the same. */
  readonly token: string | undefined;
  /** As `SignalingClientOptions.client`; the same for all of a page. */
  readonly client?: string | undefined;
  /** Whether it will open sessions; the others only observe streams and ask for the clock. */
  readonly watches: boolean;
}

/** The right to use a client together with others. */
export interface ClientLease {
  /** Not to be closed. Listeners, observations and sessions have to be ended before the lease is given back. */
  readonly client: SignalingClient;
  /** Gives it back; the last one closes the client. May be called twice. */
  release(): void;
}

interface SharedClient {
  readonly client: SignalingClient;
  users: number;
  watchers: number;
  linger: ReturnType<typeof setTimeout> | undefined;
}

/** One connection for all of a page that talk to the same server with the same token; more when they are many. */
export class SharedClients {
  readonly #options: SharedClientsOptions;
  readonly #clients = new Map<string, Set<SharedClient>>();

  constructor(options: SharedClientsOptions = {}) {
    this.#options = options;
  }

  /** A connection that waits for its next attempt makes it at once. @throws TypeError when `url` is no URL. */
  lease(request: LeaseRequest): ClientLease {
    const { watches } = request;
    const key = JSON.stringify([new URL(request.url).href, request.token]);
    const alike = this.#clients.get(key) ?? new Set();
    const shared =
      [...alike].find((one) => hasPlace(one, watches)) ?? this.#make(request, key, alike);
    clearTimeout(shared.linger);
    shared.users += 1;
    if (watches) shared.watchers += 1;
    shared.client.hurry();
    let released = false;
    return {
      client: shared.client,
      release: () => {
        if (released) return;
        released = true;
        shared.users -= 1;
        if (watches) shared.watchers -= 1;
        if (shared.users === 0) this.#unused(key, shared);
      },
    };
  }

  /** Connections that stand or are being made, those that nobody uses any more included. */
  get size(): number {
    return [...this.#clients.values()].reduce((sum, alike) => sum + alike.size, 0);
  }

  #make(
    { url, token, client: name }: LeaseRequest,
    key: string,
    alike: Set<SharedClient>,
  ): SharedClient {
    const client = new SignalingClient({
      ...this.#options.client,
      url,
      ...(token !== undefined && { token }),
      ...(name !== undefined && { client: name }),
    });
    const shared: SharedClient = { client, users: 0, watchers: 0, linger: undefined };
    alike.add(shared);
    this.#clients.set(key, alike);
    return shared;
  }

  #unused(key: string, shared: SharedClient): void {
    // Whoever comes next to a server that does not answer begins anew, without the waits of the one before.
    if (shared.client.state !== "connected") {
      this.#close(key, shared);
      return;
    }
    const lingerMs = this.#options.lingerMs ?? defaultLingerMs;
    shared.linger = setTimeout(() => this.#close(key, shared), lingerMs);
  }

  #close(key: string, shared: SharedClient): void {
    shared.client.close();
    const alike = this.#clients.get(key);
    alike?.delete(shared);
    if (alike?.size === 0) this.#clients.delete(key);
  }
}

function hasPlace({ users, watchers }: SharedClient, watches: boolean): boolean {
  return users < maxUsersPerClient && (!watches || watchers < maxWatchersPerClient);
}
