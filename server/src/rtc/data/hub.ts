import type { Clock } from "../../core/ports.ts";
import type { DataMedia } from "../peer.ts";
import type { Sent } from "./channel.ts";
import { type ChannelParameters, isReliable, sameParameters } from "./dcep.ts";
import { type DataLimits, PUBLISHER_DATA_LIMITS, VIEWER_DATA_LIMITS } from "./limits.ts";
import { DataMember } from "./member.ts";

export interface DataHubOptions {
  readonly clock: Clock;
  /** Whether what a viewer sends reaches the publisher. Default true. */
  readonly viewersMaySend?: boolean;
  /** Whether what a viewer sends reaches all other viewers too. Default false. */
  readonly echoAmongViewers?: boolean;
  readonly publisherLimits?: Partial<DataLimits>;
  readonly viewerLimits?: Partial<DataLimits>;
}

/** The peer of one member. */
export interface DataTransport {
  readonly media: DataMedia;
  /** Sends one SCTP packet (`Peer.sendData`). */
  send(packet: Uint8Array): void;
  /** A channel was refused to the peer or closed for a reason of ours; for logs and for telling the peer. */
  channelClosed?(label: string, code: string): void;
}

/** What a hub has seen since it began. Every field only grows. */
export interface DataCounters {
  /** Messages of the publisher and of viewers. */
  fromPublisher: number;
  fromViewers: number;
  /** Copies handed to viewers' and the publisher's channels. */
  delivered: number;
  /** Copies not taken because too much waits for the peer, or because they are too long for it. */
  dropped: number;
  /** Messages of viewers that nobody takes. */
  unheard: number;
  /** Channels that we closed or refused because of a limit or a fault (`DATA_…`, `SCTP_…`). */
  closed: number;
}

/**
 * The data channels of one stream. What the publisher sends on a channel reaches every viewer on the channel of the
 * same label, text as text and binary as binary; what a viewer sends reaches the publisher's channel of that label.
 *
 * Viewers get a channel for each label of the publisher, of the same kind, unless they opened one with that label
 * themselves. The channels stay when the publisher vanishes and serve the next one.
 */
export class DataHub {
  readonly clock: Clock;
  readonly counters: DataCounters = {
    fromPublisher: 0,
    fromViewers: 0,
    delivered: 0,
    dropped: 0,
    unheard: 0,
    closed: 0,
  };
  readonly #options: DataHubOptions;
  readonly #publisherLimits: DataLimits;
  readonly #viewerLimits: DataLimits;
  readonly #members = new Set<DataMember>();
  readonly #viewers = new Set<DataMember>();
  /** What the publisher has, or the last one had. */
  readonly #labels = new Map<string, ChannelParameters>();
  #publisher: DataMember | undefined;
  #closed = false;

  constructor(options: DataHubOptions) {
    this.clock = options.clock;
    this.#options = options;
    this.#publisherLimits = { ...PUBLISHER_DATA_LIMITS, ...options.publisherLimits };
    this.#viewerLimits = { ...VIEWER_DATA_LIMITS, ...options.viewerLimits };
  }

  /** Members that have not left. */
  get size(): number {
    return this.#members.size;
  }

  /**
   * Adds a peer once its DTLS is connected. Give it the packets of `PeerEvents.data`, and close it with the peer.
   * A second publisher takes the place of the first, whose messages mean nothing from then on.
   */
  join(role: "publisher" | "viewer", transport: DataTransport): DataMember {
    const publishes = role === "publisher";
    const limits = publishes ? this.#publisherLimits : this.#viewerLimits;
    const member = new DataMember(this, transport, limits, publishes);
    if (this.#closed) {
      member.close();
      return member;
    }
    this.#members.add(member);
    if (publishes) this.#publisher = member;
    else this.#viewers.add(member);
    return member;
  }

  /** Closes every member. May be called twice. */
  close(): void {
    this.#closed = true;
    for (const member of [...this.#members]) member.close();
    this.#labels.clear();
  }

  /** Called by members: the association of a viewer stands, and its own channels have come. */
  viewerReady(viewer: DataMember): void {
    for (const parameters of this.#labels.values()) viewer.offer(parameters);
  }

  /** Called by members: the publisher has a channel. */
  publisherOpened(member: DataMember, parameters: ChannelParameters): void {
    if (member !== this.#publisher) return;
    const { label } = parameters;
    const known = this.#labels.get(label);
    if (known !== undefined && sameParameters(known, parameters)) return;
    if (known !== undefined) this.#withdraw(label);
    else this.#makeRoom();
    this.#labels.set(label, parameters);
    for (const viewer of this.#viewers) viewer.offer(parameters);
  }

  /** Called by members: the publisher has closed its last channel of that label, being there itself. */
  publisherClosed(member: DataMember, label: string): void {
    if (member === this.#publisher) this.#withdraw(label);
  }

  /** Called by members: a message came. */
  message(from: DataMember, label: string, bytes: Uint8Array, text: boolean): void {
    if (from.publishes) {
      if (from !== this.#publisher) return;
      this.counters.fromPublisher++;
      for (const viewer of this.#viewers) this.#deliver(viewer, label, bytes, text);
      return;
    }
    this.counters.fromViewers++;
    if (this.#options.echoAmongViewers === true) {
      for (const viewer of this.#viewers) {
        if (viewer !== from) this.#deliver(viewer, label, bytes, text);
      }
    }
    const channel =
      this.#options.viewersMaySend === false ? undefined : this.#publisher?.channel(label);
    if (channel === undefined) {
      this.counters.unheard++;
      return;
    }
    // Many viewers together may be too much; that must not cost the publisher its channel.
    this.#count(channel.send(bytes, text));
  }

  /** Called by members, once. */
  left(member: DataMember): void {
    this.#members.delete(member);
    this.#viewers.delete(member);
    if (this.#publisher === member) this.#publisher = undefined;
  }

  #deliver(viewer: DataMember, label: string, bytes: Uint8Array, text: boolean): void {
    const channel = viewer.channel(label);
    if (channel === undefined) return;
    const sent = channel.send(bytes, text);
    this.#count(sent);
    // A reliable channel with a hole would be a lie.
    if (sent === "full" && isReliable(channel)) channel.close("DATA_TOO_SLOW");
  }

  #count(sent: Sent): void {
    if (sent === "sent") this.counters.delivered++;
    else this.counters.dropped++;
  }

  /** The publisher's labels are limited by its channels; those of a publisher before it make room. */
  #makeRoom(): void {
    if (this.#labels.size < this.#publisherLimits.maxChannels) return;
    for (const label of this.#labels.keys()) {
      if (this.#publisher?.channel(label) !== undefined) continue;
      this.#withdraw(label);
      return;
    }
  }

  #withdraw(label: string): void {
    this.#labels.delete(label);
    for (const viewer of this.#viewers) viewer.withdraw(label);
  }
}
