import type { NativeFlow, NativeFlowOptions, NativeTraffic } from "../native/native-flow.ts";
import type { Counters, Traffic } from "./counters.ts";
import type { Endpoint, PeerTable } from "./peer-table.ts";

/** Native code that passes ChannelData on by itself. */
export interface FastPath {
  /** Undefined when it has no room. */
  flow(options: NativeFlowOptions): NativeFlow | undefined;
}

/** Tells native code which channels of an allocation lead where, and counts what it has passed on. */
export class ChannelRoutes {
  readonly #flow: NativeFlow;
  readonly #counters: Counters;
  readonly #routes = new Map<number, Endpoint>();
  #settled: NativeTraffic;

  constructor(flow: NativeFlow, counters: Counters) {
    this.#flow = flow;
    this.#settled = flow.traffic;
    this.#counters = counters;
  }

  /** To be called after every change of the table, and after something of it expired. */
  follow(peers: PeerTable, routesTo: (endpoint: Endpoint) => ChannelRoutes | undefined): void {
    for (const [channel, endpoint] of this.#routes) {
      if (peers.channel(channel) === endpoint && endpoint.host.permitted) continue;
      this.#flow.unbind(channel);
      this.#routes.delete(channel);
    }
    for (const [channel, endpoint] of peers.bound()) {
      const { route, host } = endpoint;
      // Without a permission nothing may come back.
      if (!host.permitted) continue;
      if (route.type === "wire") {
        if (this.#routes.has(channel)) continue;
        if (this.#flow.bind(channel, route.address, route.port))
          this.#routes.set(channel, endpoint);
        continue;
      }
      // Another allocation may have come to that address meanwhile, so this is said anew each time.
      const other = routesTo(endpoint);
      if (other !== undefined && this.#flow.bindFlow(channel, other.#flow)) {
        this.#routes.set(channel, endpoint);
      }
    }
  }

  /** Whether so many bytes may pass in JavaScript: both ways share one limit. */
  take(toPeers: boolean, bytes: number): boolean {
    return this.#flow.take(toPeers, bytes);
  }

  /** Adds to `traffic`, and to the relay's counters, what was passed on since the last call. */
  settle(traffic: Traffic): void {
    const now = this.#flow.traffic;
    const before = this.#settled;
    this.#settled = now;
    const bandwidth = now.droppedBandwidth - before.droppedBandwidth;
    const queue = now.droppedQueue - before.droppedQueue;
    traffic.bytesIn += now.bytesIn - before.bytesIn;
    traffic.packetsIn += now.packetsIn - before.packetsIn;
    traffic.bytesOut += now.bytesOut - before.bytesOut;
    traffic.packetsOut += now.packetsOut - before.packetsOut;
    traffic.dropped += bandwidth + queue;
    this.#counters.drops.bandwidth += bandwidth;
    this.#counters.drops.queue += queue;
  }

  /** May be called twice. */
  end(): void {
    this.#flow.end();
    this.#routes.clear();
  }
}
