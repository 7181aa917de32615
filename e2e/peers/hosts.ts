import { type Browser, type BrowserContextOptions, chromium, type Page } from "@playwright/test";
import { fakeMediaFlags } from "./browser-publisher.ts";
import { Gateway } from "./gateway.ts";
import { canMakeNetworks, TestNetwork } from "./network.ts";
import { keepPeerConnections } from "./viewer.ts";

/** `near`: on the gateway's host, where the network is always good. `far`: on the other one. */
export type Place = "near" | "far";

/** What is said where the tests of `Hosts` are left out. */
export const hostsMissing = "network namespaces cannot be made here";

/** Whether tests need `Hosts` must be left out; never where all are to be run. */
export function lacksHosts(): boolean {
  return !process.env["CI"] && !canMakeNetworks();
}

/** A gateway on one of two hosts that are joined by a cable of our own, and browsers on both. */
export class Hosts {
  readonly network: TestNetwork;
  readonly gateway: Gateway;
  readonly #browsers = new Map<Place, Browser>();

  private constructor(network: TestNetwork, gateway: Gateway) {
    this.network = network;
    this.gateway = gateway;
  }

  /** `flags` of the gateway go beyond that anybody may publish. */
  static async start(flags: readonly string[] = []): Promise<Hosts> {
    const network = new TestNetwork();
    try {
      const gateway = await Gateway.start({
        network,
        flags: ["--auth-publish-without-token", "anybody", ...flags],
      });
      return new Hosts(network, gateway);
    } catch (error) {
      network.close();
      throw error;
    }
  }

  /** A page, blank yet, of the browser there. Its peer connections can be asked for statistics. */
  async page(place: Place, options: BrowserContextOptions = {}): Promise<Page> {
    const page = await (await this.#browser(place)).newPage(options);
    await keepPeerConnections(page);
    return page;
  }

  /** Ends browsers, gateway and network. May be called twice. */
  async close(): Promise<void> {
    for (const browser of this.#browsers.values()) await browser.close();
    this.#browsers.clear();
    await this.gateway.stop();
    this.network.close();
  }

  async #browser(place: Place): Promise<Browser> {
    const known = this.#browsers.get(place);
    if (known !== undefined) return known;
    const executable = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
    const browser = await chromium.launch({
      executablePath:
        place === "near"
          ? this.network.chromiumOnServer(executable)
          : this.network.chromiumOnClient(executable),
      args: [
        "--autoplay-policy=no-user-gesture-required",
        // Cameras are for secure pages only.
        `--unsafely-treat-insecure-origin-as-secure=${this.gateway.url}`,
        ...fakeMediaFlags,
      ],
    });
    this.#browsers.set(place, browser);
    return browser;
  }
}
