import type { TransportName } from "../transports/transport.ts";

/** What the ladder knows of the world around it: ways to the server, the stream, the network, the page. */
export class Surroundings {
  readonly #links = new Set<TransportName>();
  #stream: "unknown" | "live" | "waiting" | "offline" = "unknown";
  #online = true;
  #visible = true;

  /** Whether the server answers by any rung. */
  get linkUp(): boolean {
    return this.#links.size > 0;
  }

  /** No frames are to be had from anybody now. */
  get isSilent(): boolean {
    return this.#stream === "waiting" || this.#stream === "offline";
  }

  /** It makes sense to try a better rung in the background. */
  get invites(): boolean {
    return this.#visible && this.#online && !this.isSilent;
  }

  /** True when the server answers by this rung as it did not before. */
  link(rung: TransportName, up: boolean): boolean {
    const before = this.#links.has(rung);
    if (up) this.#links.add(rung);
    else this.#links.delete(rung);
    return up && !before;
  }

  /** True when frames can be had from now on. */
  stream(state: "live" | "waiting" | "offline"): boolean {
    const wasSilent = this.isSilent;
    this.#stream = state;
    return wasSilent && !this.isSilent;
  }

  /** True when there is a network, maybe another one than before. */
  network(online: boolean): boolean {
    this.#online = online;
    return online;
  }

  /** True when the page can be seen as it could not before. */
  page(visible: boolean): boolean {
    const before = this.#visible;
    this.#visible = visible;
    return visible && !before;
  }

  /** Another server or stream may come. */
  forget(): void {
    this.#links.clear();
    this.#stream = "unknown";
  }
}
