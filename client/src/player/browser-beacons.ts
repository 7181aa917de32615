import type { PlayerEventMap, PlayerStats } from "../element-events.ts";
import type { StreamAddress } from "./address.ts";
import { BeaconCollector } from "./beacon.ts";
import { type BeaconAddress, BeaconSender } from "./beacon-sender.ts";
import { clientIdFor, randomName } from "./client-id.ts";
import { browserScheduler } from "./scheduler.ts";

/** What of the player is looked at. */
export interface ObservedPlayer extends Element {
  readonly stats: () => Promise<PlayerStats>;
}

/** Tells the server what the viewer of this player sees, unless its attribute `beacons` is `off`. */
export class BrowserBeacons {
  readonly #player: ObservedPlayer;
  readonly #collector = new BeaconCollector();
  readonly #sender: BeaconSender;
  #session = randomName(12);
  /** Of what plays, or played last. */
  #address: BeaconAddress | undefined;

  /** `address` is asked when playing begins. */
  constructor(player: ObservedPlayer, address: () => StreamAddress | undefined) {
    this.#player = player;
    this.#sender = new BeaconSender({
      scheduler: browserScheduler,
      address: () => (player.getAttribute("beacons") === "off" ? undefined : this.#address),
      session: () => this.#session,
      take: (nowMs) => this.#collector.take(nowMs),
      counted: (transport, media) => this.#collector.counted(transport, media),
      stats: async () => {
        const { transport, ...media } = await player.stats();
        return transport === undefined ? undefined : { transport, media };
      },
      post: postBeacon,
    });
    this.#on("statechange", ({ state }) => {
      if (!this.#collector.active && state !== "idle") {
        this.#address = beaconAddress(address());
        this.#session = randomName(12);
        this.#sender.start();
      }
      this.#collector.state(state, performance.now());
      if (state === "idle") this.#sender.stop();
    });
    this.#on("transport", ({ from, to, reason }) =>
      this.#collector.switched(from ?? undefined, to ?? undefined, reason, performance.now()),
    );
    this.#on("latency", ({ medianMs }) => this.#collector.latency(medianMs));
  }

  /** A frame of the video in sight is shown. Monotonic milliseconds. */
  frame(shownAtMs: number): void {
    this.#collector.frame(shownAtMs);
  }

  /** Looks at the page until `signal`. */
  start(signal: AbortSignal): void {
    const look = (): void => {
      const hidden = document.visibilityState === "hidden";
      this.#collector.hidden(hidden, performance.now());
      // Some browsers give no other sign before a page is thrown away.
      if (hidden) this.#sender.leave();
    };
    document.addEventListener("visibilitychange", look, { signal });
    globalThis.addEventListener("pagehide", () => this.#sender.leave(), { signal });
  }

  #on<Name extends "statechange" | "transport" | "latency">(
    name: Name,
    told: (detail: PlayerEventMap[Name]["detail"]) => void,
  ): void {
    this.#player.addEventListener(name, (event) => told((event as PlayerEventMap[Name]).detail));
  }
}

function beaconAddress(address: StreamAddress | undefined): BeaconAddress | undefined {
  if (address === undefined) return undefined;
  const url = new URL("api/v1/beacons", address.base).href;
  return { url, stream: address.stream, client: clientIdFor(url) };
}

/**
 * As plain text, for which browsers ask no server's leave (WHATWG Fetch, CORS-safelisted requests). Pages of other origins
 * learn nothing of the answer, and need not.
 */
async function postBeacon(url: string, body: string, leaving: boolean): Promise<boolean> {
  const keepalive = "keepalive" in Request.prototype;
  if (leaving && !keepalive) return navigator.sendBeacon(url, body);
  const mode = new URL(url).origin === location.origin ? "same-origin" : "no-cors";
  const headers = { "Content-Type": "text/plain;charset=UTF-8" };
  await fetch(url, { method: "POST", body, headers, keepalive: leaving, mode });
  return true;
}
