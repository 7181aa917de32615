import { createSocket, type Socket } from "node:dgram";
import { expect, vi } from "vitest";
import { FakeClock } from "../core/fake-clock.ts";
import { silentLog } from "../core/log.ts";
import type { Clock } from "../core/ports.ts";
import type { RtcLimits } from "./limits.ts";
import type { Peer, PeerEvents } from "./peer.ts";
import { type BoundPeerFactory, createPeerFactory } from "./peer-factory.ts";
import { WeriftViewer } from "./werift/test-viewer.ts";

export const PREFERENCES = { h264ProfileLevelId: "42e01f" } as const;

/** Keeps what a peer tells, and lets tests wait for it. */
export class Owner implements PeerEvents {
  readonly told: string[] = [];
  readonly datagrams: Buffer[] = [];
  /** DTLS application data. */
  readonly packets: Buffer[] = [];
  #waiting: { event: string; resolve: () => void }[] = [];

  connected(): void {
    this.#tell("connected");
  }

  datagram(bytes: Buffer): void {
    this.datagrams.push(Buffer.from(bytes));
    this.#wake("datagram");
  }

  data(bytes: Buffer): void {
    this.packets.push(Buffer.from(bytes));
    this.#wake("data");
  }

  disconnected(): void {
    this.#tell("disconnected");
  }

  reconnected(): void {
    this.#tell("reconnected");
  }

  closed(reason: string): void {
    this.#tell(reason);
  }

  /** Resolves when that was told, or a datagram is there. */
  hears(event: string): Promise<void> {
    if (this.told.includes(event)) return Promise.resolve();
    if (event === "datagram" && this.datagrams.length > 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ event, resolve }));
  }

  #tell(event: string): void {
    this.told.push(event);
    this.#wake(event);
  }

  #wake(event: string): void {
    for (const waiting of this.#waiting) if (waiting.event === event) waiting.resolve();
    this.#waiting = this.#waiting.filter((waiting) => waiting.event !== event);
  }
}

/** The ICE credentials of an answer. */
export function credentialsOf(answer: string): { ufrag: string; pwd: string } {
  return {
    ufrag: /a=ice-ufrag:(\S+)/.exec(answer)?.[1] ?? "",
    pwd: /a=ice-pwd:(\S+)/.exec(answer)?.[1] ?? "",
  };
}

/** Waits for a condition that no event tells. */
export function until(condition: () => boolean): Promise<void> {
  return vi.waitFor(() => expect(condition()).toBe(true), { timeout: 20_000, interval: 5 });
}

/** A UDP socket of somebody else. */
export interface Stranger {
  readonly socket: Socket;
  readonly received: Buffer[];
  send(bytes: Uint8Array): void;
}

/** A factory on a free port of 127.0.0.1 and what tests need around it. */
export class PeerBench {
  readonly clock: FakeClock;
  readonly owner: Owner = new Owner();
  readonly factory: BoundPeerFactory;
  readonly #viewers: WeriftViewer[] = [];
  readonly #sockets: Socket[] = [];

  private constructor(factory: BoundPeerFactory, clock: FakeClock) {
    this.factory = factory;
    this.clock = clock;
  }

  /** With a fake clock, unless another one is given. */
  static async open(limits: Partial<RtcLimits> = {}, other?: Clock): Promise<PeerBench> {
    const fake = new FakeClock();
    const clock = other ?? fake;
    const factory = await createPeerFactory({
      port: 0,
      host: "127.0.0.1",
      clock,
      log: silentLog,
      limits,
    });
    return new PeerBench(factory, fake);
  }

  /** A peer of `owner` that sends. */
  createSender(owner: PeerEvents = this.owner): Peer {
    return this.factory.createSender(PREFERENCES, owner);
  }

  /** A peer of `owner` that receives. */
  createReceiver(owner: PeerEvents = this.owner): Peer {
    return this.factory.createReceiver(owner);
  }

  viewer(): WeriftViewer {
    const viewer = new WeriftViewer();
    this.#viewers.push(viewer);
    return viewer;
  }

  /** A peer of `owner` and a werift viewer, connected. */
  async connect(): Promise<{ peer: Peer; client: WeriftViewer }> {
    const peer = this.createSender();
    const client = this.viewer();
    await client.negotiate(peer);
    await this.owner.hears("connected");
    await client.reaches("connected");
    return { peer, client };
  }

  stranger(): Stranger {
    const socket = createSocket("udp4");
    const received: Buffer[] = [];
    socket.on("message", (bytes) => received.push(bytes));
    this.#sockets.push(socket);
    const send = (bytes: Uint8Array): void => socket.send(bytes, this.factory.port, "127.0.0.1");
    return { socket, received, send };
  }

  /** Resolves when the factory has taken so many datagrams in all. */
  untilReceived(count: number): Promise<void> {
    return until(() => this.factory.counters.received >= count);
  }

  async close(): Promise<void> {
    await this.factory.close();
    for (const viewer of this.#viewers) await viewer.close();
    for (const socket of this.#sockets) socket.close();
  }
}
