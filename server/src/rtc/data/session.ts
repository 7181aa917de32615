import { isUtf8 } from "node:buffer";
import { ProtocolError } from "@millrace/media/error";
import { RefusedError } from "../../core/errors.ts";
import type { Clock } from "../../core/ports.ts";
import type { DataMedia } from "../peer.ts";
import { openSctp } from "../werift/sctp-association.ts";
import { Allowance } from "./allowance.ts";
import { type ChannelHost, DataChannel, type Sent } from "./channel.ts";
import { ChannelTable } from "./channel-table.ts";
import {
  type ChannelParameters,
  isAck,
  isReliable,
  Ppid,
  parseOpen,
  writeAck,
  writeOpen,
} from "./dcep.ts";
import type { DataLimits } from "./limits.ts";
import { DEFAULT_SCTP_LIMITS, type SctpAssociation } from "./sctp.ts";

/** What a session tells. Called from inside `receive` and from timers, nothing after `close`. */
export interface DataSessionEvents {
  /** The association stands: from now on channels can be opened without delay. */
  established(): void;
  /** A channel is ready, whoever opened it. */
  opened(channel: DataChannel): void;
  /** A message of the peer. `bytes` are the callee's, to be shared, never changed. */
  message(channel: DataChannel, bytes: Uint8Array, text: boolean): void;
  /** The channel takes nothing any more. `code`: `PEER_CLOSED`, `DATA_…`, or what our side said. Once. */
  channelClosed(channel: DataChannel, code: string): void;
  /** The peer wanted a channel and does not get it. */
  refused(label: string, code: string): void;
  /** The association is gone, and every channel with it. Once. */
  closed(code: string): void;
}

export interface DataSessionOptions {
  readonly media: DataMedia;
  readonly limits: DataLimits;
  readonly clock: Clock;
  /** Sends one SCTP packet to the peer (`Peer.sendData`). */
  readonly send: (packet: Uint8Array) => void;
}

/** Sent in place of an empty message. RFC 8831 section 6.6. */
const EMPTY = Uint8Array.of(0);

/** The data channels of one peer whose DTLS client side is the peer. RFC 8831, RFC 8832. */
export class DataSession {
  readonly #options: DataSessionOptions;
  readonly #events: DataSessionEvents;
  readonly #sctp: SctpAssociation;
  readonly #maxSendBytes: number;
  readonly #messages: Allowance;
  readonly #bytes: Allowance;
  readonly #channels = new ChannelTable(DEFAULT_SCTP_LIMITS.maxStreams);
  readonly #host: ChannelHost = {
    send: (channel, bytes, text) => this.#send(channel, bytes, text),
    close: (channel, code) => this.#closeChannel(channel, code),
  };
  #nowUs = 0;
  #unknown = 0;
  #closed = false;

  constructor(options: DataSessionOptions, events: DataSessionEvents) {
    const { clock, limits, media, send } = options;
    this.#options = options;
    this.#events = events;
    // Otherwise the longest message could never pass.
    const bytesPerSecond = Math.max(limits.maxBytesPerSecond, limits.maxMessageBytes);
    this.#messages = new Allowance(limits.maxMessagesPerSecond);
    this.#bytes = new Allowance(bytesPerSecond);
    this.#maxSendBytes = Math.min(limits.maxMessageBytes, media.maxMessageSize);
    this.#sctp = openSctp(
      {
        port: media.sctpPort,
        clock,
        limits: {
          maxMessageBytes: limits.maxMessageBytes,
          receiveWindowBytes: Math.max(
            DEFAULT_SCTP_LIMITS.receiveWindowBytes,
            2 * limits.maxMessageBytes,
          ),
        },
      },
      {
        send,
        established: () => events.established(),
        message: (id, ppid, bytes) => this.#onMessage(id, ppid, bytes),
        messageTooLong: (id) => this.#onTooLong(id),
        streamsReset: (ids) => this.#onPeerReset(ids),
        resetDone: (ids) => this.#onResetDone(ids),
        closed: (code) => this.#onClosed(code),
      },
    );
  }

  /** Every channel that is not closed, in the order of their making. */
  get channels(): Iterable<DataChannel> {
    return this.#channels.values();
  }

  get established(): boolean {
    return this.#sctp.established;
  }

  /** Bytes that the peer has not acknowledged yet. */
  get bufferedBytes(): number {
    return this.#sctp.bufferedBytes;
  }

  /** Messages on streams without a channel, and of a kind that we do not know. Only grows. */
  get unknownMessages(): number {
    return this.#unknown;
  }

  /** Takes one SCTP packet (`PeerEvents.data`); copies what it keeps. Never throws for anything in it. */
  receive(packet: Uint8Array, nowUs: number): void {
    this.#nowUs = nowUs;
    this.#sctp.receive(packet);
  }

  /**
   * Opens a channel; what is sent on it waits until the peer is there. `opened` follows.
   * @throws RefusedError `DATA_CHANNELS_FULL` 503, also after the end.
   */
  open(parameters: ChannelParameters): DataChannel {
    if (this.#closed || this.#channels.size >= this.#options.limits.maxChannels) {
      throw new RefusedError("DATA_CHANNELS_FULL", 503, "the peer has too many data channels");
    }
    const channel = this.#add(this.#channels.freeId(), parameters, false);
    this.#sendNow(channel, Ppid.dcep, writeOpen(parameters), true);
    return channel;
  }

  #send(channel: DataChannel, bytes: Uint8Array, text: boolean): Sent {
    if (channel.state === "closing" || channel.state === "closed") return "closed";
    if (bytes.length > this.#maxSendBytes) {
      channel.dropped++;
      return "too-long";
    }
    if (this.#sctp.bufferedBytes + bytes.length > this.#options.limits.maxBufferedBytes) {
      channel.dropped++;
      return "full";
    }
    // Until the peer has acknowledged the channel nothing may overtake its OPEN. RFC 8832 section 6.
    const ordered = channel.ordered || channel.state === "opening";
    if (bytes.length > 0) this.#sendNow(channel, text ? Ppid.text : Ppid.binary, bytes, ordered);
    else this.#sendNow(channel, text ? Ppid.emptyText : Ppid.emptyBinary, EMPTY, ordered);
    return "sent";
  }

  /** Ends the association and every channel; tells nobody. May be called twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#channels.clear();
    this.#sctp.close();
  }

  #onMessage(id: number, ppid: number, bytes: Uint8Array): void {
    if (ppid === Ppid.dcep) {
      this.#onDcep(id, bytes);
      return;
    }
    const channel = this.#channels.get(id);
    const text = ppid === Ppid.text || ppid === Ppid.emptyText;
    const empty = ppid === Ppid.emptyText || ppid === Ppid.emptyBinary;
    if (channel === undefined || !(text || empty || ppid === Ppid.binary)) {
      this.#unknown++;
      return;
    }
    // Who sends on it has it. RFC 8832 section 6.
    if (channel.state === "opening") this.#opened(channel);
    if (channel.state !== "open") return;
    const content = empty ? bytes.subarray(0, 0) : bytes;
    if (!this.#messages.take(1, this.#nowUs) || !this.#bytes.take(content.length, this.#nowUs)) {
      channel.dropped++;
      if (isReliable(channel)) this.#closeChannel(channel, "DATA_RATE_EXCEEDED");
      return;
    }
    if (text && !isUtf8(content)) {
      channel.dropped++;
      this.#closeChannel(channel, "DATA_TEXT_INVALID");
      return;
    }
    this.#events.message(channel, content, text);
  }

  #onDcep(id: number, bytes: Uint8Array): void {
    const known = this.#channels.get(id);
    if (isAck(bytes)) {
      if (known?.state === "opening") this.#opened(known);
      return;
    }
    if (known !== undefined) {
      // The stream has begun its next life at the peer, which only happens after ours has ended there.
      if (known.state === "closing" && this.#channels.awaitsOurEnd(id)) this.#sctp.confirmReset(id);
      if (this.#channels.get(id) !== undefined) return;
    }
    let parameters: ChannelParameters;
    try {
      parameters = parseOpen(bytes, this.#options.limits);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#refuse(id, "", error.code);
      return;
    }
    if (this.#channels.size >= this.#options.limits.maxChannels) {
      this.#refuse(id, parameters.label, "DATA_CHANNELS_FULL");
      return;
    }
    const channel = this.#add(id, parameters, true);
    this.#sendNow(channel, Ppid.dcep, writeAck(), true);
    this.#events.opened(channel);
  }

  #refuse(id: number, label: string, code: string): void {
    this.#sctp.reset(id);
    this.#events.refused(label, code);
  }

  #onTooLong(id: number): void {
    const channel = this.#channels.get(id);
    if (channel === undefined) return;
    channel.dropped++;
    this.#closeChannel(channel, "DATA_MESSAGE_TOO_LARGE");
  }

  /** RFC 8831 section 6.7. An empty list stands for all streams. */
  #onPeerReset(ids: readonly number[]): void {
    for (const id of ids.length > 0 ? ids : this.#channels.ids) {
      const channel = this.#channels.get(id);
      if (channel === undefined) continue;
      this.#closeChannel(channel, "PEER_CLOSED");
      this.#channels.theirEnd(id);
    }
  }

  #onResetDone(ids: readonly number[]): void {
    for (const id of ids) this.#channels.ourEnd(id);
  }

  #closeChannel(channel: DataChannel, code: string): void {
    if (this.#closed || channel.state === "closing" || channel.state === "closed") return;
    channel.state = "closing";
    this.#sctp.reset(channel.id);
    this.#events.channelClosed(channel, code);
  }

  #onClosed(code: string): void {
    if (this.#closed) return;
    this.#closed = true;
    const channels = [...this.#channels.values()].filter(({ state }) => state !== "closing");
    this.#channels.clear();
    for (const channel of channels) this.#events.channelClosed(channel, code);
    this.#events.closed(code);
  }

  #opened(channel: DataChannel): void {
    channel.state = "open";
    this.#events.opened(channel);
  }

  #add(id: number, parameters: ChannelParameters, openedByPeer: boolean): DataChannel {
    const channel = new DataChannel(this.#host, id, parameters, openedByPeer);
    this.#channels.add(channel);
    return channel;
  }

  #sendNow(channel: DataChannel, ppid: number, bytes: Uint8Array, ordered: boolean): void {
    const control = ppid === Ppid.dcep;
    const lifeMs = control ? undefined : channel.maxPacketLifeTimeMs;
    this.#sctp.send({
      streamId: channel.id,
      ppid,
      bytes,
      ordered,
      maxRetransmits: control ? undefined : channel.maxRetransmits,
      expiresUs: lifeMs === undefined ? undefined : this.#options.clock.nowUs() + lifeMs * 1000,
    });
  }
}
