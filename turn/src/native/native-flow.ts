import type { NativeHandle, NativeModule } from "./native-module.ts";

/** Columns of what a flow has passed on. As in native/table.h. */
const columns = 6;

export interface NativeFlowOptions {
  /** Places of the listener's socket and of the relayed address's. */
  readonly listener: number;
  readonly relay: number;
  readonly clientAddress: string;
  readonly clientPort: number;
  /** Of each direction. */
  readonly bytesPerSecond: number;
  readonly burstBytes: number;
}

/** What the native side has passed on for an allocation; payload bytes. */
export interface NativeTraffic {
  readonly bytesIn: number;
  readonly packetsIn: number;
  readonly bytesOut: number;
  readonly packetsOut: number;
  readonly droppedBandwidth: number;
  readonly droppedQueue: number;
}

/** Where channels of one allocation lead, for the native side to follow. Ended before its sockets are closed. */
export class NativeFlow {
  readonly #native: NativeModule;
  readonly #handle: NativeHandle;
  readonly #number: number;
  readonly #figures = new Float64Array(columns);
  #ended = false;

  private constructor(native: NativeModule, handle: NativeHandle, number: number) {
    this.#native = native;
    this.#handle = handle;
    this.#number = number;
  }

  static open(
    native: NativeModule,
    handle: NativeHandle,
    options: NativeFlowOptions,
  ): NativeFlow | undefined {
    const { listener, relay, clientAddress, clientPort, bytesPerSecond, burstBytes } = options;
    const number = native.open(
      ...([handle, listener, clientAddress, clientPort, relay] as const),
      ...([bytesPerSecond, burstBytes] as const),
    );
    return number < 0 ? undefined : new NativeFlow(native, handle, number);
  }

  /** From now on the channel leads there. False: only JavaScript can follow it. */
  bind(channel: number, address: string, port: number): boolean {
    if (this.#ended) return false;
    return this.#native.channel(this.#handle, this.#number, channel, address, port);
  }

  /** From now on the channel leads to the client of another flow, as long as that has a channel for this one. */
  bindFlow(channel: number, peer: NativeFlow): boolean {
    if (this.#ended || peer.#ended) return false;
    return this.#native.channelToFlow(this.#handle, this.#number, channel, peer.#number);
  }

  unbind(channel: number): void {
    if (!this.#ended) this.#native.unbind(this.#handle, this.#number, channel);
  }

  /** Whether so many bytes may pass now by another way: both share one limit. */
  take(toPeers: boolean, bytes: number): boolean {
    return !this.#ended && this.#native.take(this.#handle, this.#number, toPeers, bytes);
  }

  get traffic(): NativeTraffic {
    if (!this.#ended) this.#native.traffic(this.#handle, this.#number, this.#figures);
    const [bytesIn = 0, packetsIn = 0, bytesOut = 0, packetsOut = 0] = this.#figures;
    const [, , , , droppedBandwidth = 0, droppedQueue = 0] = this.#figures;
    return { bytesIn, packetsIn, bytesOut, packetsOut, droppedBandwidth, droppedQueue };
  }

  /** The figures stay. May be called twice. */
  end(): void {
    if (this.#ended) return;
    this.#native.traffic(this.#handle, this.#number, this.#figures);
    this.#ended = true;
    this.#native.end(this.#handle, this.#number);
  }
}
