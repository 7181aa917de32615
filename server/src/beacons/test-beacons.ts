import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { OriginPolicy, ProxyTrust } from "@millrace/signaling/gate";
import { FakeClock } from "../core/fake-clock.ts";
import { RefusedError, Registry, silentLog, type Viewer } from "../core/index.ts";
import { BeaconDesk, type BeaconOptions, type PlayerReport } from "./desk.ts";

/** The desk on a free port of loopback, and what it tells. `live/cam` is published. */
export class TestBeacons {
  readonly clock: FakeClock = new FakeClock();
  readonly registry: Registry = new Registry({ clock: this.clock, log: silentLog });
  readonly reports: PlayerReport[] = [];
  readonly results: string[] = [];
  readonly desk: BeaconDesk;
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  url = "";

  constructor(options: Partial<BeaconOptions> = {}) {
    const trust = new ProxyTrust([]);
    this.desk = new BeaconDesk({
      registry: this.registry,
      clock: this.clock,
      trust,
      origins: new OriginPolicy("*", trust),
      observer: {
        told: (report) => void this.reports.push(report),
        counted: (result) => void this.results.push(result),
      },
      ...options,
    });
    const who = { transport: "rtmp", address: "192.0.2.1", onKick: () => {} } as const;
    this.registry.publish({ stream: "live/cam", ...who });
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  /** A viewer of `live/cam`. */
  watch(clientId: string): Viewer {
    const stream = this.registry.get("live/cam");
    if (stream === undefined) throw new Error("nobody publishes");
    return stream.addViewer({ transport: "webrtc", address: "192.0.2.2", clientId });
  }

  /** Sends a beacon as players do; its status. */
  async send(body: object | string, headers: Record<string, string> = {}): Promise<number> {
    const response = await fetch(`${this.url}/api/v1/beacons`, {
      method: "POST",
      headers: { "Content-Type": "text/plain", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    await response.text();
    return response.status;
  }

  async close(): Promise<void> {
    this.desk.close();
    this.registry.close("TEST_OVER");
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (!(await this.desk.handle(request, response))) response.writeHead(404).end();
    } catch (error) {
      response.writeHead(error instanceof RefusedError ? error.status : 500).end();
    }
  }
}
