import { createUserKeys, Nonces, RequestBudget, type UserKeys } from "../auth/index.ts";
import { type NativeSockets, openNative } from "../native/index.ts";
import {
  ConnectionCounts,
  type DatagramSocket,
  type DatagramSocketOptions,
  type Listener,
  openListeners,
  type Protocol,
  UdpSocket,
} from "../net/index.ts";
import type { Allocation } from "./allocation.ts";
import { Allocations } from "./allocations.ts";
import { Authenticator } from "./authenticator.ts";
import { Counters, Traffic } from "./counters.ts";
import { NodeTurnShell } from "./node-turn.ts";
import { ownIps, relayAddresses } from "./own-addresses.ts";
import { PeerPolicy } from "./peer-policy.ts";
import type { RelayAddress } from "./relay-address.ts";
import type { RelayPorts } from "./relay-ports.ts";
import { RequestHandler } from "./request-handler.ts";
import { defaultTurnLimits, type TurnLimits, type TurnOptions } from "./turn-options.ts";
import type { AllocationEvent, RefusedEvent, ReleaseReason, TurnStats } from "./turn-stats.ts";

/** What expires does so at most this late. */
const sweepMs = 1_000;

export interface RelayEvents {
  allocated: [AllocationEvent];
  refreshed: [AllocationEvent];
  released: [AllocationEvent];
  refused: [RefusedEvent];
}

export interface Listening {
  readonly protocol: Protocol;
  readonly host: string;
  readonly port: number;
}

/** A STUN and TURN server. RFC 8489, RFC 8656. */
export class RelayServer extends NodeTurnShell {
  readonly #options: TurnOptions;
  readonly #ports: RelayPorts;
  readonly #limits: TurnLimits;
  readonly #counters = new Counters();
  readonly #connections = new ConnectionCounts();
  readonly #addresses: readonly RelayAddress[];
  readonly #allocations: Allocations;
  readonly #handler: RequestHandler;
  readonly #users: Map<string, string>;
  #keys: UserKeys;
  #sockets: NativeSockets | undefined;
  #listeners: readonly Listener[] = [];
  #starting: Promise<{ readonly listening: readonly Listening[] }> | undefined;
  #stopping: Promise<void> | undefined;
  #stopSweeps: (() => void) | undefined;
  readonly #drainEnded: Promise<void>;
  #endDrain: () => void = () => {};

  /** Opens nothing. Throws `Error` when the options contradict themselves. */
  constructor(options: TurnOptions, ports: RelayPorts) {
    const limits: TurnLimits = { ...defaultTurnLimits, ...options.limits };
    super({
      realm: options.realm,
      minPort: options.minPort,
      maxPort: options.maxPort,
      listeningPort: options.listen[0]?.port ?? 0,
      listeningIps: options.listen.map(({ host }) => host),
      relayIps: options.relayHosts,
      maxAllocateLifetime: limits.maxLifetimeSeconds,
      defaultAllocatetLifetime: limits.defaultLifetimeSeconds,
    });
    this.#options = options;
    this.#ports = ports;
    this.#limits = limits;
    this.#drainEnded = new Promise((resolve) => {
      this.#endDrain = resolve;
    });
    this.#users = new Map(options.users.map(({ username, password }) => [username, password]));
    this.#keys = this.#createKeys();
    this.#addresses = relayAddresses(options, limits, {
      openUdp: (socket) => this.#openUdp(socket),
      error: (error) => this.#socketError(error),
    });
    const nowMs = (): number => ports.nowMs();
    const counters = this.#counters;
    const policy = new PeerPolicy({
      media: options.media,
      allowPeers: options.allowPeers,
      relayedIps: this.#addresses.map(({ announced }) => announced),
      ownIps: ownIps(options),
      isRelayed: (family, port) => this.#allocations.find(family, port) !== undefined,
    });
    this.#allocations = new Allocations({
      limits,
      addresses: this.#addresses,
      policy,
      counters,
      nowMs,
      fastPath: () => this.#sockets,
      released: (allocation, reason) => this.#released(allocation, reason),
    });
    const nonces = new Nonces({
      ttlMs: limits.nonceSeconds * 1000,
      wallMs: () => ports.wallMs(),
    });
    this.#handler = new RequestHandler({
      limits,
      authenticator: new Authenticator(options.realm, nonces, () => this.#keys),
      budget: new RequestBudget({
        nowMs,
        burstBytes: limits.unauthenticatedBurstBytes,
        bytesPerSecond: limits.unauthenticatedBytesPerSecond,
        totalBurstBytes: limits.unauthenticatedTotalBytesPerSecond,
        totalBytesPerSecond: limits.unauthenticatedTotalBytesPerSecond,
        maxSources: limits.maxUnauthenticatedSources,
      }),
      allocations: this.#allocations,
      policy,
      counters,
      nowMs,
      allocated: (allocation, seconds) => this.#tell("allocated", allocation, seconds),
      refreshed: (allocation, seconds) => this.#tell("refreshed", allocation, seconds),
      refused: (event) => this.#refused(event),
    });
  }

  /** Opens all listeners; rejects with the system's error and leaves none open. Called twice it is one start. */
  override start(): Promise<{ readonly listening: readonly Listening[] }> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  async #start(): Promise<{ readonly listening: readonly Listening[] }> {
    if (this.#stopping !== undefined) throw new Error("the relay was stopped");
    const limits = this.#limits;
    this.#sockets = openNative(this.#options.dataPath ?? "auto", this.#ports.log);
    const listeners = await openListeners({
      listen: this.#options.listen,
      tls: this.#options.tls,
      limits: {
        ...limits,
        idleMs: limits.idleSeconds * 1000,
        handshakeMs: limits.handshakeSeconds * 1000,
      },
      counts: this.#connections,
      receiver: this.#handler,
      openUdp: (socket) => this.#openUdp(socket),
      nowMs: () => this.#ports.nowMs(),
      error: (error) => this.#socketError(error),
    }).catch((error: unknown) => {
      this.#sockets?.close();
      throw error;
    });
    this.#listeners = listeners;
    this.#stopSweeps = this.#ports.every(sweepMs, () => this.#sweep());
    return { listening: listeners.map(({ protocol, host, port }) => ({ protocol, host, port })) };
  }

  /** From now on handshakes of all TLS listeners show this certificate; connections stay. */
  replaceCertificate(tls: { readonly cert: string; readonly key: string }): void {
    for (const listener of this.#listeners) listener.replaceCertificate?.(tls);
  }

  #sweep(): void {
    const nowMs = this.#ports.nowMs();
    this.#allocations.sweep();
    this.#handler.sweep();
    for (const listener of this.#listeners) listener.sweep(nowMs);
  }

  /**
   * Refuses new allocations, waits at most `drainMs` for the last one to end, then closes everything. Resolves when
   * all ports are free. May be called twice: the second call ends the wait of the first.
   */
  override stop(drainMs = 0): Promise<void> {
    if (this.#stopping === undefined) this.#stopping = this.#stop(drainMs);
    else this.#endDrain();
    return this.#stopping;
  }

  async #stop(drainMs: number): Promise<void> {
    await this.#starting?.catch(() => {});
    const drained = this.#allocations.drain();
    if (drainMs > 0 && this.#allocations.size > 0) await this.#waitAtMost(drained, drainMs);
    this.#stopSweeps?.();
    await this.#allocations.close();
    await Promise.all(this.#listeners.map((listener) => listener.close()));
    this.#sockets?.close();
  }

  #openUdp(options: DatagramSocketOptions): DatagramSocket {
    return this.#sockets?.open(options) ?? UdpSocket.open(options);
  }

  async #waitAtMost(drained: Promise<void>, drainMs: number): Promise<void> {
    const startMs = this.#ports.nowMs();
    const stopLooking = this.#ports.every(Math.min(drainMs, sweepMs / 10), () => {
      if (this.#ports.nowMs() - startMs >= drainMs) this.#endDrain();
    });
    await Promise.race([drained, this.#drainEnded]);
    stopLooking();
  }

  /** Adds a user with a password of his own, or gives him a new one. */
  override addUser(username: string, password: string): void {
    this.#users.set(username, password);
    this.#keys = this.#createKeys();
  }

  /** His allocations last until they expire. */
  override removeUser(username: string): void {
    this.#users.delete(username);
    this.#keys = this.#createKeys();
  }

  #createKeys(): UserKeys {
    const { realm, secrets } = this.#options;
    return createUserKeys({
      realm,
      secrets,
      users: this.#users,
      wallMs: () => this.#ports.wallMs(),
      maxUsernameBytes: this.#limits.maxUsernameBytes,
    });
  }

  stats(): TurnStats {
    const counters = this.#counters;
    const traffic = new Traffic();
    traffic.add(counters.past);
    let permissions = 0;
    let channels = 0;
    for (const allocation of this.#allocations) {
      traffic.add(allocation.traffic);
      permissions += allocation.peers.permissions;
      channels += allocation.peers.channels;
    }
    const { now, total, refused } = this.#connections;
    const { bytesIn, bytesOut, packetsIn, packetsOut } = traffic;
    return {
      allocations: { now: this.#allocations.size, total: counters.allocated },
      reservations: this.#allocations.reservations,
      connections: { now, total, refused },
      permissions,
      channels,
      freePorts: this.#addresses.reduce((sum, { freePorts }) => sum + freePorts, 0),
      bindings: counters.bindings,
      bytesIn,
      bytesOut,
      packetsIn,
      packetsOut,
      drops: { ...counters.drops, inbox: this.#sockets?.missed ?? 0 },
      dataPath: this.#sockets === undefined ? "node" : "native",
      refusals: Object.fromEntries(counters.refusals),
      socketErrors: counters.socketErrors,
    };
  }

  override on<Name extends keyof RelayEvents>(
    name: Name,
    listener: (...details: RelayEvents[Name]) => void,
  ): this {
    return super.on(name, listener);
  }

  #tell(name: "allocated" | "refreshed", allocation: Allocation, lifetimeSeconds: number): void {
    this.emit(name, describe(allocation, lifetimeSeconds));
  }

  #released(allocation: Allocation, reason: ReleaseReason): void {
    this.emit("released", { ...describe(allocation, 0), reason });
  }

  #refused(event: RefusedEvent): void {
    this.#ports.log.debug({ code: event.code, method: event.method }, "turn request refused");
    this.emit("refused", event);
  }

  #socketError(error: Error): void {
    this.#counters.socketErrors++;
    this.#ports.log.debug({ err: error }, "turn socket error");
  }
}

function describe(allocation: Allocation, lifetimeSeconds: number): AllocationEvent {
  const { id, owner, path, relayed, traffic } = allocation;
  const { bytesIn, bytesOut, packetsIn, packetsOut, dropped } = traffic;
  return {
    id,
    user: owner.quotaUser,
    client: hostPort(path.address, path.port),
    protocol: path.protocol,
    relayed: hostPort(relayed.address, relayed.port),
    lifetimeSeconds,
    bytesIn,
    bytesOut,
    packetsIn,
    packetsOut,
    dropped,
  };
}

function hostPort(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
