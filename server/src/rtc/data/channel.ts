import type { ChannelParameters } from "./dcep.ts";

/** `opening`: the peer has not said yet that it has it. `closing`: one side has ended its direction. */
export type ChannelState = "opening" | "open" | "closing" | "closed";

/** What became of a message: taken, or not, because too much waits, it is too long, or the channel is no more. */
export type Sent = "sent" | "full" | "too-long" | "closed";

/** The session behind a channel. */
export interface ChannelHost {
  send(channel: DataChannel, bytes: Uint8Array, text: boolean): Sent;
  close(channel: DataChannel, code: string): void;
}

/** One data channel of one peer. */
export class DataChannel implements ChannelParameters {
  /** The SCTP stream of both directions. */
  readonly id: number;
  readonly label: string;
  readonly protocol: string;
  readonly ordered: boolean;
  readonly maxRetransmits: number | undefined;
  readonly maxPacketLifeTimeMs: number | undefined;
  readonly openedByPeer: boolean;
  /** Changed by the session alone. */
  state: ChannelState;
  /** Messages to the peer that were not taken, and of the peer that were dropped. Only grows. */
  dropped = 0;
  readonly #host: ChannelHost;

  constructor(host: ChannelHost, id: number, parameters: ChannelParameters, openedByPeer: boolean) {
    this.#host = host;
    this.id = id;
    this.label = parameters.label;
    this.protocol = parameters.protocol;
    this.ordered = parameters.ordered;
    this.maxRetransmits = parameters.maxRetransmits;
    this.maxPacketLifeTimeMs = parameters.maxPacketLifeTimeMs;
    this.openedByPeer = openedByPeer;
    this.state = openedByPeer ? "open" : "opening";
  }

  /** Sends a message, text (UTF-8) or binary; keeps `bytes`, which may be shared and never change. */
  send(bytes: Uint8Array, text: boolean): Sent {
    return this.#host.send(this, bytes, text);
  }

  /** Sends what was taken, then ends. `code` is told to the owner of the session. May be called twice. */
  close(code = "CLOSED"): void {
    this.#host.close(this, code);
  }
}
