import { readdirSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { type Listening, RelayServer } from "./relay-server.ts";
import { TestClient, testUser } from "./test-client.ts";
import { TestClock } from "./test-clock.ts";
import { TestPeer } from "./test-peer.ts";
import type { TurnOptions } from "./turn-options.ts";

/** Ports of tests: a range of its own for each file that runs at the same time as others. */
export const testPorts = { minPort: 20_000, maxPort: 31_999 } as const;

export const hasIpv6: boolean = Object.values(networkInterfaces()).some((list) =>
  list?.some((entry) => entry.address === "::1"),
);

/** A running relay on loopback, with everything of a test that must be closed. */
export class TestRelay {
  readonly server: RelayServer;
  readonly clock: TestClock;
  readonly listening: readonly Listening[];
  readonly #closing: (() => Promise<void>)[] = [];

  private constructor(server: RelayServer, clock: TestClock, listening: readonly Listening[]) {
    this.server = server;
    this.clock = clock;
    this.listening = listening;
  }

  static async start(change: Partial<TurnOptions> = {}): Promise<TestRelay> {
    const clock = new TestClock();
    const server = new RelayServer(testOptions(change), clock);
    const { listening } = await server.start();
    return new TestRelay(server, clock, listening);
  }

  /** Where the first listener of the protocol is. */
  at(protocol: "udp" | "tcp" | "tls"): Listening {
    const found = this.listening.find((listener) => listener.protocol === protocol);
    if (found === undefined) throw new Error(`no ${protocol} listener`);
    return found;
  }

  async client(
    protocol: "udp" | "tcp" | "tls" = "udp",
    user: { readonly username: string; readonly password: string } = testUser,
  ): Promise<TestClient> {
    const client = await TestClient.open(this.at(protocol), user);
    this.#closing.push(() => client.close());
    return client;
  }

  async peer(host?: string): Promise<TestPeer> {
    const peer = await TestPeer.open(host);
    this.#closing.push(() => peer.close());
    return peer;
  }

  async close(): Promise<void> {
    await Promise.all(this.#closing.map((close) => close()));
    await this.server.stop();
  }
}

export function testOptions(change: Partial<TurnOptions> = {}): TurnOptions {
  return {
    realm: "example.org",
    secrets: ["a-secret"],
    users: [testUser],
    listen: [{ protocol: "udp", host: "127.0.0.1", port: 0 }],
    relayHosts: ["127.0.0.1"],
    announcedIps: [],
    ...testPorts,
    media: [],
    allowPeers: ["127.0.0.1"],
    limits: {},
    ...change,
  };
}

/** Open file descriptors of this process. */
export function openDescriptors(): number {
  return readdirSync("/proc/self/fd").length;
}
