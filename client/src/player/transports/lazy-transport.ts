import type { LayerPreference } from "@millrace/signaling/session";
import type { LatencySample } from "../latency.ts";
import type { StatsSample } from "../stats.ts";
import type {
  ShownFrame,
  Transport,
  TransportCapabilities,
  TransportEvents,
  TransportName,
  TransportSurface,
} from "./transport.ts";

/** Ways whose code is loaded when they are used. */
export type FallbackName = Exclude<TransportName, "webrtc" | "webrtc-relay">;

export interface LazyTransportOptions {
  readonly name: FallbackName;
  readonly capabilities: TransportCapabilities;
  readonly events: Pick<TransportEvents, "failed">;
  /** Loads the code and makes the transport; rejects when it cannot be had. */
  readonly load: () => Promise<Transport>;
}

/** A transport whose code comes with `open`. What is asked of it meanwhile is done when it is there. */
export class LazyTransport implements Transport {
  readonly name: FallbackName;
  readonly capabilities: TransportCapabilities;
  readonly #options: LazyTransportOptions;
  #loading = false;
  #transport: Transport | undefined;
  #surface: TransportSurface | undefined;
  #preference: LayerPreference = {};
  #closed = false;

  constructor(options: LazyTransportOptions) {
    this.name = options.name;
    this.capabilities = options.capabilities;
    this.#options = options;
  }

  open(): void {
    this.#load();
  }

  join(surface: TransportSurface): void {
    this.#surface = surface;
    if (this.#transport !== undefined) this.#transport.join(surface);
    else this.#load();
  }

  leave(): void {
    this.#surface = undefined;
    this.#transport?.leave();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#surface = undefined;
    this.#transport?.close();
  }

  prefer(preference: LayerPreference): void {
    this.#preference = { ...this.#preference, ...preference };
    this.#transport?.prefer(preference);
  }

  frame(frame: ShownFrame): LatencySample | undefined {
    return this.#transport?.frame(frame);
  }

  async sample(): Promise<StatsSample | undefined> {
    return this.#transport?.sample();
  }

  /** What could not be loaded is asked for again by the next join. */
  #load(): void {
    if (this.#loading || this.#closed || this.#transport !== undefined) return;
    this.#loading = true;
    this.#options.load().then(
      (transport) => this.#loaded(transport),
      () => {
        this.#loading = false;
        if (this.#closed || this.#surface === undefined) return;
        this.#options.events.failed("LOAD_FAILED", "");
      },
    );
  }

  #loaded(transport: Transport): void {
    this.#loading = false;
    if (this.#closed) return;
    this.#transport = transport;
    transport.prefer(this.#preference);
    transport.open();
    if (this.#surface !== undefined) transport.join(this.#surface);
  }
}
