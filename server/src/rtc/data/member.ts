import { RefusedError } from "../../core/errors.ts";
import type { Timer } from "../../core/ports.ts";
import type { DataChannel } from "./channel.ts";
import type { ChannelParameters } from "./dcep.ts";
import type { DataHub, DataTransport } from "./hub.ts";
import type { DataLimits } from "./limits.ts";
import { DataSession } from "./session.ts";

/** How long a viewer's own channels may take to come before it is given those of the publisher. */
export const OWN_CHANNELS_FIRST_MS = 250;

/** Ends that are nobody's fault. */
const ORDINARY: ReadonlySet<string> = new Set([
  "PEER_CLOSED",
  "PUBLISHER_CLOSED",
  "REPLACED_BY_PEER",
  "SCTP_ABORTED",
  "SCTP_SHUTDOWN",
]);

/** One peer at a hub. Made by `DataHub.join`. */
export class DataMember {
  readonly publishes: boolean;
  readonly #hub: DataHub;
  readonly #transport: DataTransport;
  readonly #session: DataSession;
  /** The one channel of each label that is used; the peer's own comes before ours. */
  readonly #byLabel = new Map<string, DataChannel>();
  #readyTimer: Timer | undefined;
  #ready = false;
  #closed = false;

  constructor(hub: DataHub, transport: DataTransport, limits: DataLimits, publishes: boolean) {
    this.publishes = publishes;
    this.#hub = hub;
    this.#transport = transport;
    this.#session = new DataSession(
      {
        media: transport.media,
        limits,
        clock: hub.clock,
        send: (packet) => transport.send(packet),
      },
      {
        established: () => this.#onEstablished(),
        opened: (channel) => this.#onOpened(channel),
        message: (channel, bytes, text) => hub.message(this, channel.label, bytes, text),
        channelClosed: (channel, code) => this.#onChannelClosed(channel, code),
        refused: (label, code) => this.#tell(label, code),
        closed: () => this.close(),
      },
    );
  }

  /** Bytes that the peer has not acknowledged yet. */
  get bufferedBytes(): number {
    return this.#session.bufferedBytes;
  }

  /** Takes one SCTP packet of the peer (`PeerEvents.data`). Never throws for anything in it. */
  receive(packet: Uint8Array, nowUs: number): void {
    this.#session.receive(packet, nowUs);
  }

  /** The channel with that label that is used. */
  channel(label: string): DataChannel | undefined {
    return this.#byLabel.get(label);
  }

  /** Gives a viewer a channel of the publisher's unless it has one with that label. */
  offer(parameters: ChannelParameters): void {
    if (!this.#ready || this.#byLabel.has(parameters.label)) return;
    try {
      this.#byLabel.set(parameters.label, this.#session.open(parameters));
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      this.#tell(parameters.label, error.code);
    }
  }

  /** The publisher has no such channel any more: the one that we opened for it goes. */
  withdraw(label: string): void {
    const channel = this.#byLabel.get(label);
    if (channel?.openedByPeer === false) channel.close("PUBLISHER_CLOSED");
  }

  /** Leaves the hub. May be called twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#readyTimer?.cancel();
    this.#session.close();
    this.#byLabel.clear();
    this.#hub.left(this);
  }

  #onEstablished(): void {
    if (this.publishes) return;
    this.#readyTimer = this.#hub.clock.after(OWN_CHANNELS_FIRST_MS, () => {
      this.#ready = true;
      this.#hub.viewerReady(this);
    });
  }

  #onOpened(channel: DataChannel): void {
    if (channel.openedByPeer) {
      const used = this.#byLabel.get(channel.label);
      // The page that opens a channel listens on that one.
      if (used === undefined || !used.openedByPeer) {
        this.#byLabel.set(channel.label, channel);
        used?.close("REPLACED_BY_PEER");
      }
    }
    if (this.publishes) this.#hub.publisherOpened(this, channel);
  }

  #onChannelClosed(channel: DataChannel, code: string): void {
    const { label } = channel;
    if (this.#byLabel.get(label) === channel) {
      this.#byLabel.delete(label);
      const other = this.#openWith(label);
      if (other !== undefined) this.#byLabel.set(label, other);
    }
    if (!ORDINARY.has(code)) this.#tell(label, code);
    if (this.publishes && !this.#closed && !this.#byLabel.has(label)) {
      // When everything ends, the publisher may come back: its viewers keep their channels.
      if (this.#session.established) this.#hub.publisherClosed(this, label);
    }
  }

  #openWith(label: string): DataChannel | undefined {
    for (const channel of this.#session.channels) {
      if (channel.label === label && channel.state === "open") return channel;
    }
    return undefined;
  }

  #tell(label: string, code: string): void {
    this.#hub.counters.closed++;
    this.#transport.channelClosed?.(label, code);
  }
}
